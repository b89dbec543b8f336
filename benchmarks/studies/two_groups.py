"""Two Gaussians in the plane of which the second is rare, and what knows both."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import multivariate_normal


def _normal(mean: Any, covariance: Any) -> Any:
    # SciPy's annotations take a covariance for a number.
    return multivariate_normal(mean, covariance)


COMMON = _normal([1.5, -1.5], [[1.0, 0.1], [0.1, 0.5]])
RARE = _normal([-1.0, 1.0], [[0.7, -0.2], [-0.2, 1.2]])
SHARE = 1e-3
"""Of the rare group."""


def draw(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return n rows and which of them are rare: exactly `SHARE`, the last ones."""
    rng = np.random.default_rng(seed)
    n_rare = round(SHARE * n)
    common = COMMON.rvs(n - n_rare, random_state=rng)
    rare = RARE.rvs(n_rare, random_state=rng)
    return np.concatenate([common, rare]), np.arange(n) >= n - n_rare


@dataclass(frozen=True)
class Exact:
    """The density of both groups together."""

    def log_prob(self, rows: np.ndarray) -> np.ndarray:
        """Return the log density (n,) of rows (n, 2)."""
        common = np.log1p(-SHARE) + COMMON.logpdf(rows)
        return np.logaddexp(common, np.log(SHARE) + RARE.logpdf(rows))


@dataclass(frozen=True)
class LikelihoodRatio:
    """The log of the common group's density over the rare one's: the best score there is."""

    def log_prob(self, rows: np.ndarray) -> np.ndarray:
        """Return the log ratio (n,), no density, of rows (n, 2)."""
        return COMMON.logpdf(rows) - RARE.logpdf(rows)


@dataclass(frozen=True)
class OneGaussian:
    """A Gaussian of the rows' own mean and covariance."""

    rows: np.ndarray

    def log_prob(self, rows: np.ndarray) -> np.ndarray:
        """Return the log density (n,) of rows (n, 2)."""
        own = _normal(self.rows.mean(axis=0), np.cov(self.rows.T))
        return own.logpdf(rows)
