"""Evaluation and sampling in blocks of one fixed size.

Every block has `BLOCK` rows, the last one padded, so one compilation serves any number of rows and
a row's score never depends on the rows beside it. The parts of a mixture are evaluated one by one,
so that equal ones share a compilation. Networks compute in the model's own precision; base terms
and log dets add up in float64, which is switched on here and nowhere else.
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.distributions import GaussianMixture, Mixture
from fluvial.distributions._draws import choose
from fluvial.distributions._joint import log_sum_exp
from fluvial.errors import TrainingError
from fluvial.parallel import refuse_in_fork, threads
from fluvial.programs import Compiled

BLOCK = 1024
"""Rows that are evaluated or drawn at once."""

LOWEST = -1e30
"""Below this, and where it is not finite, a log density is replaced; see `finite_log_prob`."""

SMALLEST_MIXTURE = 16
"""Components that a Gaussian mixture is filled up to at least; beyond, to a power of two, so that
few sizes are ever compiled."""

MAX_FRUITLESS = 16
"""Blocks without one finite row after which sampling gives up."""


def log_prob(
    distribution: Any, rows: np.ndarray, condition: np.ndarray | None = None
) -> np.ndarray:
    """Return the log density of scaled rows, always finite.

    Args:
        distribution: any object with `log_prob(x)`, or `(x, condition)`, a tree of JAX arrays.
        rows: `(n, D)` in the model's precision.
        condition: `(n, C)` likewise, of a conditional distribution.

    Returns:
        `(n,)` float64.
    """
    return finite_log_prob(_any_log_prob(distribution, rows, condition), rows)


def finite_log_prob(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Replace log densities that are not finite, or below -1e30, by what is below all others.

    Where a network overflows, all that is known of a row is how far out it is: it gets
    -1e30 (1 + m), m the mean magnitude of its scaled values.

    Args:
        values: `(n,)` float64.
        rows: `(n, D)`, the scaled rows.

    Examples:
        >>> finite_log_prob(np.array([-1.5, np.nan]), np.array([[0.5], [9.0]]))
        array([-1.5e+00, -1.0e+31])
    """
    good = np.isfinite(values) & (values >= LOWEST)
    if good.all():
        return values
    extent = np.abs(rows.astype(np.float64)).mean(axis=1)
    return np.where(good, values, LOWEST * (1 + extent))


def to_latent(bijector: Any, rows: np.ndarray, condition: np.ndarray | None = None) -> np.ndarray:
    """Map scaled rows `(n, D)` to latents `(n, D)`, both in the model's precision."""
    return by_blocks(_inverse, bijector, rows, condition)


def from_latent(
    bijector: Any, latents: np.ndarray, condition: np.ndarray | None = None
) -> np.ndarray:
    """Map latents `(n, D)` to scaled rows `(n, D)`, both in the model's precision."""
    return by_blocks(_forward, bijector, latents, condition)


def sample(distribution: Any, n: int, *, seed: int, dtype: np.dtype) -> np.ndarray:
    """Draw scaled rows `(n, D)` at once; see `sampled`."""
    return np.concatenate(list(sampled(distribution, n, seed=seed, dtype=dtype)))


def sampled(distribution: Any, n: int, *, seed: int, dtype: np.dtype) -> Iterator[np.ndarray]:
    """Draw scaled rows, some after the other; draws that are not finite are drawn again.

    Args:
        distribution: any object with `sample(key, shape)`, a tree of JAX arrays.
        n: how many, at least 1.
        seed: the same seed gives the same rows, and more of them where n is larger.
        dtype: the model's precision.

    Yields:
        Rows `(m, D)` in that precision, m at most `BLOCK`; n in all.

    Raises:
        TrainingError: where the distribution draws nothing finite.
    """
    refuse_in_fork()
    blocks, drawn = _sampled(distribution, jax.random.key(seed)), 0
    for number in count(1):
        # Switched anew for each block: what happens between them is the caller's.
        with jax.enable_x64(dtype == np.float64):
            block = next(blocks)
        finite = block[np.isfinite(block).all(axis=1)][: n - drawn]
        drawn += len(finite)
        yield finite
        if drawn >= n:
            return
        if number >= MAX_FRUITLESS and not drawn:
            raise TrainingError(
                "the fitted flow draws no finite rows; fit it again with a lower learning_rate"
            )


def _any_log_prob(distribution: Any, rows: np.ndarray, condition: np.ndarray | None) -> np.ndarray:
    if isinstance(distribution, GaussianMixture):
        n = max(len(distribution.means), SMALLEST_MIXTURE)
        distribution = distribution.padded(1 << (n - 1).bit_length())
    if not isinstance(distribution, Mixture):
        return by_blocks(_log_prob, distribution, rows, condition)
    with threads() as pool:
        of_parts = pool.map(
            lambda part: _any_log_prob(part, rows, condition), distribution.distributions
        )
        log_probs = np.stack(list(of_parts), axis=1)
    return by_blocks(_joint, distribution.weights, log_probs)


def _sampled(distribution: Any, key: Array) -> Iterator[np.ndarray]:
    """Draw one block (BLOCK, D) after the other, for ever."""
    if not isinstance(distribution, Mixture):
        for number in count():
            yield np.asarray(_sample(distribution, key, jnp.int32(number)))
    key, *keys = jax.random.split(key, 1 + len(distribution.distributions))
    of_parts = [
        (row for block in _sampled(part, of_part) for row in block)
        for part, of_part in zip(distribution.distributions, keys, strict=True)
    ]
    for number in count():
        chosen = choices(distribution.weights, key, jnp.int32(number))
        yield np.stack([next(of_parts[k]) for k in np.asarray(chosen)])


def filled_up(rows: np.ndarray) -> np.ndarray:
    """Return at most `BLOCK` rows as `BLOCK` of them, the last ones zero."""
    out = np.zeros((BLOCK, *rows.shape[1:]), rows.dtype)
    out[: len(rows)] = rows
    return out


def by_blocks(
    function: Callable[..., Array],
    model: Any,
    rows: np.ndarray,
    condition: np.ndarray | None = None,
) -> np.ndarray:
    """Return what a compiled function makes of a model and rows (n, ...), by padded blocks."""
    out = []
    with jax.enable_x64(True):
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            given = [] if condition is None else [filled_up(condition[start : start + BLOCK])]
            out.append(np.asarray(function(model, filled_up(block), *given))[: len(block)])
    return np.concatenate(out)


@Compiled
def _log_prob(distribution: Any, rows: Array, *condition: Array) -> Array:
    return distribution.log_prob(rows, *condition).astype(np.float64)


@Compiled
def _inverse(bijector: Any, rows: Array, *condition: Array) -> Array:
    return bijector.inverse(rows, *condition)


@Compiled
def _forward(bijector: Any, latents: Array, *condition: Array) -> Array:
    return bijector.forward(latents, *condition)


@Compiled
def _sample(distribution: Any, key: Array, number: Array) -> Array:
    return distribution.sample(jax.random.fold_in(key, number), (BLOCK,))


@Compiled
def choices(weights: Array, key: Array, number: Array) -> Array:
    """Return the numbers `(BLOCK,)` of the parts of a mixture that rows are drawn from."""
    return choose(jax.random.fold_in(key, number), weights, BLOCK)


@Compiled
def _joint(weights: Array, log_probs: Array) -> Array:
    return log_sum_exp(log_probs + jnp.log(weights.astype(np.float64)))
