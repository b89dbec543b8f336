"""Calibration where normal has moved: old rows count by how likely their scores are now."""

import numpy as np
from scipy.stats import norm, rankdata

from fluvial.anomaly.calibration import Calibration
from fluvial.densities import evaluation
from fluvial.densities.classical import fit_kernel_density
from fluvial.distributions import KernelDensity
from fluvial.errors import DataError

MIN_RECENT = 20
"""Recent rows that tell how scores have moved."""


def reweighted(old: np.ndarray, recent: np.ndarray) -> Calibration:
    """Return a calibration by old and recent normal rows together, as if all were recent.

    Each row counts w(s) = p_recent(s) / p_all(s), where p_all is the density of old and recent
    scores together, so that no row counts more than all rows are to the recent ones. A p-value asks
    for scores alone, and given the score the ratio of densities of whole rows averages to that of
    scores; so one column has to be estimated, whatever the number of columns. The densities are of
    kernels on the normal scores of the ranks, with bandwidths by held-out rows.

    Args:
        old: `(n,)` scores of the rows of before.
        recent: `(m,)` scores of recent rows, m at least 20.

    Raises:
        DataError: for fewer recent rows.

    References:
        Tibshirani et al. 2019, Conformal prediction under covariate shift, equation 7.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> moved = reweighted(rng.normal(size=2000), rng.normal(size=200) - 1)
        >>> bool(0.03 < moved.p_values(np.array([-2.645]))[0] < 0.07)
        True
    """
    if len(recent) < MIN_RECENT:
        raise DataError(
            f"{len(recent)} recent rows are too few to tell how scores have moved, which needs "
            f"{MIN_RECENT} at least"
        )
    scores = np.concatenate([old, recent])
    places = norm.ppf(rankdata(scores) / (len(scores) + 1))[:, None]
    of_old, of_recent = (
        np.exp(_log_density(part, places)) for part in (places[: len(old)], places[len(old) :])
    )
    share = len(recent) / len(scores)
    weights = of_recent / (share * of_recent + (1 - share) * of_old)
    source = f"{len(recent)} rows given to calibrate, and earlier ones by their density ratio"
    # What is never met now says nothing, but must not divide by zero.
    return Calibration.of(scores, np.maximum(weights, 1e-12), source=source)


def _log_density(rows: np.ndarray, queries: np.ndarray) -> np.ndarray:
    width = fit_kernel_density(rows[::2], rows[1::2], random_state=0).bandwidth
    dtype = np.asarray(width).dtype
    return evaluation.log_prob(KernelDensity(rows.astype(dtype), width), queries.astype(dtype))
