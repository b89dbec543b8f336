"""Draws from the parts of a mixture: each row from its own part alone, in blocks of one size."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from fluvial.shapes import common_type

Draw = Callable[[Array, int, Array | None], Array]

SMALLEST_BLOCK, LARGEST_BLOCK = 256, 2048
"""Rows of one part that are drawn together; the last block of a part is drawn in full."""


def choose(key: Array, weights: Array, n: int) -> Array:
    """Draw numbers of parts, (n,), with probabilities `weights` (K,), without an (n, K) array."""
    return jax.random.choice(key, len(weights), (n,), p=weights)


def draw_chosen(draws: Sequence[Draw], key: Array, chosen: Array, condition: Array | None) -> Array:
    """Draw one event a row, each from the part that was chosen for it.

    Rows of one part are gathered into blocks, and a block is drawn from one part: about n rows are
    drawn in all, where drawing from every part takes K n.

    Args:
        draws: K functions of a key, a number of rows and their conditions or None, that give as
            many events of one shape.
        key: a random key.
        chosen: (n,) numbers of parts.
        condition: (n, ...) or None.

    Returns:
        (n, ...), in the common type of the parts.
    """
    n, n_parts = len(chosen), len(draws)
    size = max(1, min(n, max(SMALLEST_BLOCK, min(LARGEST_BLOCK, n // (4 * n_parts)))))
    n_blocks = max(1, n // size + min(n, n_parts))
    counts = jnp.bincount(chosen, length=n_parts)
    blocks = -(-counts // size)
    last_blocks = jnp.cumsum(blocks)
    # Of each row in the order of the parts: its part, its number within the part, its place.
    order = jnp.argsort(chosen)
    part = chosen[order]
    number = jnp.arange(n) - (jnp.cumsum(counts) - counts)[part]
    place = (last_blocks - blocks)[part] * size + number
    # Blocks that remain belong to no part: the number K.
    part_of_block = jnp.searchsorted(last_blocks, jnp.arange(n_blocks), side="right")
    row_at = jnp.zeros(n_blocks * size, order.dtype).at[place].set(order).reshape(n_blocks, size)
    branches = _of_one_type(draws, key, size, condition)

    def draw_block(block: tuple[Array, Array, Array]) -> Array:
        number, key, rows = block
        return lax.switch(number, branches, key, None if condition is None else condition[rows])

    events = lax.map(draw_block, (part_of_block, jax.random.split(key, n_blocks), row_at))
    place_of_row = jnp.zeros(n, place.dtype).at[order].set(place)
    return events.reshape(-1, *events.shape[2:])[place_of_row]


def _of_one_type(
    draws: Sequence[Draw], key: Array, size: int, condition: Array | None
) -> list[Callable[[Array, Array | None], Array]]:
    """Return functions of a key and conditions for `size` events, and last one that draws none."""
    some = None if condition is None else jnp.zeros((size, *condition.shape[1:]), condition.dtype)
    results = [jax.eval_shape(lambda k, c, d=draw: d(k, size, c), key, some) for draw in draws]
    dtype = common_type(*results)
    branches: list[Callable[[Array, Array | None], Array]] = [
        lambda key, condition, draw=draw: draw(key, size, condition).astype(dtype) for draw in draws
    ]
    return [*branches, lambda key, condition: jnp.zeros(results[0].shape, dtype)]
