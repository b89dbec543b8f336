"""Sampling given conditions, in blocks of one fixed size.

Row i of what is drawn depends on the seed, on its condition and on i, and on no other row.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.densities.evaluation import BLOCK, MAX_FRUITLESS, choices, filled_up
from fluvial.distributions import Mixture
from fluvial.errors import TrainingError
from fluvial.parallel import refuse_in_fork
from fluvial.programs import Compiled


def sampled_given(
    distribution: Any, conditions: Iterable[np.ndarray], *, seed: int, dtype: np.dtype
) -> Iterator[np.ndarray]:
    """Draw a scaled row for each condition; draws that are not finite are drawn again.

    Args:
        distribution: any conditional one, or a mixture of such, a tree of JAX arrays.
        conditions: rows `(m, C)` in the model's precision, in pieces of any number of rows.
        seed: the same seed and conditions give the same rows, however they are cut.
        dtype: the model's precision.

    Yields:
        Rows `(m, D)` in that precision, m at most `BLOCK`.

    Raises:
        TrainingError: where the distribution draws nothing finite for a condition.
    """
    refuse_in_fork()
    key = jax.random.key(seed)
    for number, block in enumerate(_blocks(conditions)):
        # Switched anew for each block: what happens between them is the caller's.
        with jax.enable_x64(dtype == np.float64):
            drawn = _drawn(distribution, key, number, block)
        yield drawn


def _blocks(pieces: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Cut and join pieces into blocks of `BLOCK` rows; the last one may have fewer."""
    waiting: list[np.ndarray] = []
    n_waiting = 0
    for piece in pieces:
        start = 0
        while len(piece) - start >= BLOCK - n_waiting:
            stop = start + BLOCK - n_waiting
            yield np.concatenate([*waiting, piece[start:stop]])
            waiting, n_waiting, start = [], 0, stop
        if start < len(piece):
            waiting.append(piece[start:])
            n_waiting += len(piece) - start
    if waiting:
        yield np.concatenate(waiting)


def _drawn(distribution: Any, key: Array, number: int, condition: np.ndarray) -> np.ndarray:
    """Draw a finite row for each condition of one block."""
    n, padded = len(condition), filled_up(condition)
    # Numbers of their own for all attempts of all blocks.
    attempts = range(number * MAX_FRUITLESS, (number + 1) * MAX_FRUITLESS)
    found = _block(distribution, key, attempts[0], padded, n)[:n]
    missing = _not_finite(found)
    for attempt in attempts[1:]:
        if not missing.any():
            break
        again = _block(distribution, key, attempt, padded, n)[:n]
        found = np.where(missing[:, None], again, found)
        missing = _not_finite(found)
    if not missing.any():
        return found
    raise TrainingError(
        f"the fitted flow draws no finite row for condition {number * BLOCK + np.argmax(missing)}; "
        "keep conditions near those given to fit, or fit it again with a lower learning_rate"
    )


def _not_finite(rows: np.ndarray) -> np.ndarray:
    """Tell which rows `(n, D)` hold what is not finite, `(n,)`."""
    return np.logical_not(np.isfinite(rows).all(axis=1))


def _block(distribution: Any, key: Array, number: int, condition: np.ndarray, n: int) -> np.ndarray:
    """Draw a block `(BLOCK, D)`, of which the first n rows count."""
    if not isinstance(distribution, Mixture):
        return np.asarray(_sample(distribution, key, jnp.int32(number), condition))
    parts = distribution.distributions
    key, *keys = jax.random.split(key, 1 + len(parts))
    chosen = np.asarray(choices(distribution.weights, key, jnp.int32(number)))
    needed = np.unique(chosen[:n])
    of_parts = [_block(parts[k], keys[k], number, condition, n) for k in needed]
    rows = of_parts[0]
    for k, of_part in zip(needed[1:], of_parts[1:], strict=True):
        rows = np.where(chosen[:, None] == k, of_part, rows)
    return rows


@Compiled
def _sample(distribution: Any, key: Array, number: Array, condition: Array) -> Array:
    return distribution.sample(jax.random.fold_in(key, number), (), condition)
