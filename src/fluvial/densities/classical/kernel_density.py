"""Kernel densities with a held-out bandwidth."""

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from fluvial.densities.classical.merging import Rows
from fluvial.distributions import KernelDensity
from fluvial.programs import Compiled
from fluvial.weights import mean

MAX_ROWS = 20_000
"""Rows that are stored at most."""

MAX_QUERIES = 2_048
"""Held-out rows that choose the bandwidth at most."""

FEWEST_QUERIES = 128
"""Held-out rows are filled up to at least as many; beyond, to a power of two, so that few sizes are
ever compiled."""

BANDWIDTHS = np.geomspace(0.01, 3.0, 9)
"""Candidates, in scaled units; between those beside the best as many again are then tried."""

SMALLEST_BANDWIDTH = 1e-6
"""Down to this, smaller ones are tried while the smallest so far is the best."""


def fit_kernel_density(
    X_train: np.ndarray,
    X_held_out: np.ndarray | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    held_out_weight: ArrayLike | None = None,
    random_state: int | np.random.RandomState | None = None,
    max_rows: int = MAX_ROWS,
) -> KernelDensity:
    """Fit a Gaussian kernel density whose bandwidth is chosen by the likelihood of held-out rows.

    One bandwidth serves all columns, so scale the rows first. It is sought between 0.01 (or less,
    while less is better) and 3 in logarithmic steps, then in smaller ones around the best, and last
    at the peak of the parabola through the best and its neighbours. Of more than `max_rows`
    training rows a random sample is stored; at most 2,048 held-out rows choose. Equal rows count as
    one of their weight.

    Args:
        X_train: (n, D) scaled rows, n at least 1.
        X_held_out: (m, D) rows that choose. None: Silverman's rule for unit variances.
        sample_weight: (n,) weights of the rows, not negative: 2 is the row twice, 0 leaves it out.
        held_out_weight: (m,) those of the held-out rows.
        random_state: seeds the draws.
        max_rows: no more than these are stored.

    Returns:
        The density, in the default float type.

    Raises:
        ShapeError: where there is not one weight a row.
        DataError: where a weight is no number or negative, or all are zero.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(400, 2))
        >>> fit_kernel_density(rows[:300], rows[300:]).rows.shape
        (300, 2)

    References:
        Silverman 1986, Density Estimation for Statistics and Data Analysis, equation 4.14.
    """
    rng = check_random_state(random_state)
    dtype = jnp.result_type(float)
    stored = Rows.checked(X_train, sample_weight, dtype)
    stored = stored.take(np.sort(rng.permutation(len(stored.x))[:max_rows]))
    rows, weights = stored
    n, n_features = rows.shape
    if weights is not None:
        n = weights.sum() ** 2 / (weights**2).sum()
        weights = weights.astype(dtype)
    if X_held_out is None or not len(X_held_out):
        factor = (4 / (n_features + 2) / n) ** (1 / (n_features + 4))
        return KernelDensity(rows, np.asarray(factor, dtype), weights)
    queries = Rows.checked(X_held_out, held_out_weight, dtype)
    queries = queries.take(rng.permutation(len(queries.x))[:MAX_QUERIES])
    n_queries = len(queries.x)
    padded = np.zeros((max(1 << (n_queries - 1).bit_length(), FEWEST_QUERIES), n_features), dtype)
    padded[:n_queries] = queries.x

    def scores(steps: np.ndarray) -> np.ndarray:
        bandwidths = np.exp(steps).astype(dtype)
        log_probs = np.asarray(_log_probs(rows, bandwidths, weights, padded), float)
        return mean(log_probs[:, :n_queries].T, queries.weights)

    steps = np.log(BANDWIDTHS)
    found = scores(steps)
    while np.argmax(found) == 0 and steps[0] > np.log(SMALLEST_BANDWIDTH):
        steps = steps - (len(steps) - 1) * (steps[1] - steps[0])
        found = scores(steps)
    best = int(np.argmax(found))
    around = steps[max(best - 1, 0)], steps[min(best + 1, len(steps) - 1)]
    finer = np.linspace(*around, len(steps))
    bandwidth = np.exp(_peak(finer, scores(finer)))
    return KernelDensity(rows, np.asarray(bandwidth, dtype), weights)


def _peak(places: np.ndarray, values: np.ndarray) -> float:
    """Return where the parabola through the highest of evenly placed values has its peak."""
    best = int(np.argmax(values))
    if not 0 < best < len(values) - 1:
        return places[best]
    before, at, after = values[best - 1 : best + 2]
    bend = before - 2 * at + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return places[best] + shift * (places[1] - places[0])


@Compiled
def _log_probs(
    rows: np.ndarray, bandwidths: np.ndarray, weights: np.ndarray | None, queries: np.ndarray
):
    """Return the log density (B, m) of queries with each of some bandwidths."""
    return jax.lax.map(
        lambda width: KernelDensity(rows, width, weights).log_prob(queries), bandwidths
    )
