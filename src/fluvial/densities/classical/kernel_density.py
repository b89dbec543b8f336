"""Kernel densities with a held-out bandwidth."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from sklearn.utils import check_random_state

from fluvial.densities.classical.merging import Rows
from fluvial.distributions import KernelDensity
from fluvial.programs import Compiled

MAX_ROWS = 20_000
"""Rows that are stored at most."""

MAX_QUERIES = 2_048
"""Held-out rows that choose the bandwidth at most."""

BANDWIDTHS = np.geomspace(0.01, 3.0, 9)
"""Candidates, in scaled units, between which the bandwidth is then sought."""

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
    while less is better) and 3 in logarithmic steps, then by Brent's method around the best. Of
    more than `max_rows` training rows a random sample is stored; at most 2,048 held-out rows
    choose. Equal rows count as one of their weight.

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
    padded = np.zeros((MAX_QUERIES, n_features), dtype)
    padded[:n_queries] = queries.x

    def loss(log_bandwidth: float) -> float:
        bandwidth = np.asarray(np.exp(log_bandwidth), dtype)
        log_prob = np.asarray(_log_prob(rows, bandwidth, weights, padded), float)
        return -queries.mean(log_prob[:n_queries])

    steps = np.log(BANDWIDTHS)
    losses = [loss(step) for step in steps]
    while np.argmin(losses) == 0 and steps[0] > np.log(SMALLEST_BANDWIDTH):
        steps = np.concatenate([[2 * steps[0] - steps[1]], steps])
        losses.insert(0, loss(steps[0]))
    best = int(np.argmin(losses))
    around = steps[max(best - 1, 0)], steps[min(best + 1, len(steps) - 1)]
    found: Any = minimize_scalar(loss, bounds=around, method="bounded", options={"xatol": 0.02})
    return KernelDensity(rows, np.asarray(np.exp(found.x), dtype), weights)


@Compiled
def _log_prob(
    rows: np.ndarray, bandwidth: np.ndarray, weights: np.ndarray | None, queries: np.ndarray
):
    return KernelDensity(rows, bandwidth, weights).log_prob(queries)
