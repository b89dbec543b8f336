"""Mixtures of Gaussians: rows and true log densities."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal


@dataclass(frozen=True)
class Mixture:
    """A mixture of K Gaussians.

    Attributes:
        means: (K, D).
        covariances: (K, D, D).
        weights: (K,), adding up to one.
    """

    means: np.ndarray
    covariances: np.ndarray
    weights: np.ndarray

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw (n, D) rows."""
        which = rng.choice(len(self.weights), size=n, p=self.weights)
        factors = np.linalg.cholesky(self.covariances)[which]
        noise = rng.normal(size=(n, self.means.shape[1]))
        return self.means[which] + np.einsum("nij,nj->ni", factors, noise)

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """Return the log density, in nats, of rows (n, D): (n,)."""
        parts = zip(self.means, self.covariances, strict=True)
        logs = [multivariate_normal(mean, cov).logpdf(x) for mean, cov in parts]
        return np.asarray(logsumexp(np.stack(logs, axis=-1) + np.log(self.weights), axis=-1))


def round_mixture(means: list[tuple[float, ...]], variance: float) -> Mixture:
    """Return equally likely Gaussians of one variance in all directions."""
    centres = np.asarray(means, np.float64)
    k, d = centres.shape
    return Mixture(centres, np.tile(variance * np.eye(d), (k, 1, 1)), np.full(k, 1 / k))


def full_mixture(reach: float, *, n_components: int, n_columns: int, seed: int) -> Mixture:
    """Return Gaussians with full covariances.

    The weights are proportional to 3 + U[0, 1], the means U[-reach, reach], the eigenvalues of the
    covariances U[1, 2] in random directions.
    """
    rng = np.random.default_rng(seed)
    weights = 3 + rng.uniform(size=n_components)
    means = rng.uniform(-reach, reach, size=(n_components, n_columns))
    directions, _ = np.linalg.qr(rng.normal(size=(n_components, n_columns, n_columns)))
    eigenvalues = rng.uniform(1, 2, size=(n_components, 1, n_columns))
    covariances = (directions * eigenvalues) @ np.swapaxes(directions, 1, 2)
    return Mixture(means, covariances, weights / weights.sum())


def diagonal_mixture(n_columns: int, seed: int) -> Mixture:
    """Return three equally likely Gaussians: means U[0, 10], standard deviations U[0, 1]."""
    rng = np.random.default_rng(seed)
    means = rng.uniform(0, 10, size=(3, n_columns))
    scales = rng.uniform(0, 1, size=(3, n_columns))
    return Mixture(means, scales[:, :, None] ** 2 * np.eye(n_columns), np.full(3, 1 / 3))


def moons(n_steps: int = 64, noise: float = 0.1) -> Mixture:
    """Return two interlocked half circles of radius 1, as close rows of small Gaussians."""
    angle = np.pi * (np.arange(n_steps) + 0.5) / n_steps
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    means = np.concatenate([upper, np.array([1.0, 0.5]) - upper])
    return round_mixture([tuple(mean) for mean in means], noise**2)
