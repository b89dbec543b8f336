"""How like the truth drawn rows are, as in Coccaro et al., arXiv 2302.12024."""

import numpy as np
from scipy.stats import ks_2samp


def sliced_wasserstein(a: np.ndarray, b: np.ndarray, *, seed: int = 0) -> float:
    """Return the mean 1-Wasserstein distance of (n, D) rows along 2 D random directions."""
    directions = np.random.default_rng(seed).normal(size=(a.shape[1], 2 * a.shape[1]))
    directions /= np.linalg.norm(directions, axis=0)
    return float(np.abs(np.sort(a @ directions, axis=0) - np.sort(b @ directions, axis=0)).mean())


def mean_ks_p_value(a: np.ndarray, b: np.ndarray) -> float:
    """Return the mean over columns of the p-value of the two-sample Kolmogorov-Smirnov test."""
    pairs = zip(a.T, b.T, strict=True)
    return float(np.array([ks_2samp(x, y, method="asymp") for x, y in pairs])[:, 1].mean())
