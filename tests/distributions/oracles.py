"""The distributions of `tests/cases.py` as scipy.stats has them, at the same parameters."""

from typing import Any

import numpy as np
from scipy import special, stats

from fluvial.distributions import KernelDensity


class MixtureOfScipy:
    """A mixture of frozen distributions of one value, by its definition."""

    def __init__(self, weights: Any, parts: list[Any]):
        self.weights, self.parts = np.asarray(weights, np.float64), parts

    def logpdf(self, x):
        return special.logsumexp(self._of_parts("logpdf", x), b=self.weights[:, None], axis=0)

    def cdf(self, x):
        return self.weights @ self._of_parts("cdf", x)

    def sf(self, x):
        return self.weights @ self._of_parts("sf", x)

    def logcdf(self, x):
        return special.logsumexp(self._of_parts("logcdf", x), b=self.weights[:, None], axis=0)

    def logsf(self, x):
        return special.logsumexp(self._of_parts("logsf", x), b=self.weights[:, None], axis=0)

    def mean(self):
        return self.weights @ [part.mean() for part in self.parts]

    def var(self):
        return self.weights @ [p.var() + p.mean() ** 2 for p in self.parts] - self.mean() ** 2

    def _of_parts(self, name, x):
        x = np.asarray(x).ravel()
        return np.array([getattr(part, name)(x) for part in self.parts])


# From a name to the frozen distribution of each value; those are independent.
COLUMNS: dict[str, Any] = {
    "standard-normal": lambda d: stats.norm([0.0, 0.0]),
    "normal": lambda d: stats.norm(d.loc, d.scale),
    "multivariate-normal-diag": lambda d: stats.norm(d.loc, d.scale),
    "multivariate-normal-of-one": lambda d: stats.norm(d.loc, d.scale_tril[0]),
    "laplace": lambda d: stats.laplace(d.loc, d.scale),
    "logistic": lambda d: stats.logistic(d.loc, d.scale),
    "student-t": lambda d: stats.t(np.asarray(d.df), d.loc, d.scale),
    "uniform": lambda d: stats.uniform(d.low, d.high - d.low),
    "exponential": lambda d: stats.expon(scale=1 / np.asarray(d.rate)),
    "log-normal": lambda d: stats.lognorm(np.asarray(d.scale), scale=np.exp(d.loc)),
    "beta": lambda d: stats.beta(np.asarray(d.concentration1), np.asarray(d.concentration0)),
}


MIXTURES = ("gaussian-mixture-of-one", "mixture-scalar")
"""Names of mixtures of one value."""


def mixture_of_one(d: Any) -> MixtureOfScipy:
    """Return what the mixtures of one value are."""
    if hasattr(d, "means"):
        pairs = zip(d.means[:, 0], d.scale_trils[:, 0, 0], strict=True)
        return MixtureOfScipy(d.weights, [stats.norm(m, s) for m, s in pairs])
    normal, exponential = d.distributions
    parts = [stats.norm(normal.loc, normal.scale), stats.expon(scale=1 / exponential.rate)]
    return MixtureOfScipy(d.weights, parts)


def moments(d: Any) -> tuple[Any, Any]:
    """Return mean and variance of those distributions of vectors that are no `COLUMNS`."""
    if isinstance(d, KernelDensity):
        rows = np.asarray(d.rows)
        return rows.mean(axis=0), rows.var(axis=0) + np.asarray(d.bandwidth) ** 2
    if hasattr(d, "covariance"):
        return d.loc, np.diag(d.covariance)
    weights = np.asarray(d.weights)
    if hasattr(d, "means"):
        covariances = d.scale_trils @ np.swapaxes(d.scale_trils, 1, 2)
        means, variances = np.asarray(d.means), np.diagonal(covariances, axis1=1, axis2=2)
    else:
        means = np.array([part.loc for part in d.distributions])
        factors = np.array([[1.0], [2.0]])  # of the squared scales of a normal and a Laplace
        variances = factors * np.array([part.scale for part in d.distributions]) ** 2
    mean = weights @ means
    return mean, weights @ (variances + means**2) - mean**2
