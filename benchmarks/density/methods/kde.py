"""scikit-learn's Gaussian kernel density with a held-out bandwidth."""

import numpy as np
from benchmarks.density.methods.base import Fit, Job, Standardised
from sklearn.neighbors import KernelDensity

MOST_KERNELS = 10_000
MOST_VALIDATION_ROWS = 2_000

COARSE = 2.0 ** np.arange(-5, 2)
"""Bandwidths that are tried first, as multiples of Scott's."""

FINE = 2.0 ** np.array([-0.75, -0.5, -0.25, 0.25, 0.5, 0.75])
"""Multiples of the best of these that are tried then."""


def fit(job: Job) -> Fit:
    """Choose the bandwidth on the validation rows, and score."""
    rows = Standardised(job)
    n, d = rows.train.shape
    rng = np.random.default_rng(job.seed)
    kernels = rows.train[rng.permutation(n)[:MOST_KERNELS]]
    held_out = rows.validation[:MOST_VALIDATION_ROWS]
    tried: dict[float, float] = {}

    def best_of(bandwidths: np.ndarray) -> float:
        for bandwidth in bandwidths.tolist():
            density = KernelDensity(bandwidth=bandwidth).fit(kernels)
            tried[bandwidth] = density.score_samples(held_out).mean()
        return max(tried, key=tried.__getitem__)

    bandwidth = best_of(FINE * best_of(COARSE * len(kernels) ** (-1 / (d + 4))))
    density = KernelDensity(bandwidth=bandwidth).fit(kernels)
    validation, test = (
        density.score_samples(x) - rows.log_scale for x in (rows.validation, rows.test)
    )
    return Fit(validation, test, {"bandwidth": bandwidth, "kernels": len(kernels)})
