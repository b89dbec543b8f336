"""Densities that can be drawn from: mixtures of Gaussians, boxes, rings."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import logsumexp, ndtr, ndtri
from scipy.stats import multivariate_t


class Density(Protocol):
    """A density that can be drawn from."""

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw (n, D) rows."""
        ...

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """Return the log density, in nats, of rows (n, D): (n,)."""
        ...


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
        factors = np.linalg.cholesky(self.covariances)
        logs = np.empty((len(x), len(factors)))
        for k, (mean, factor) in enumerate(zip(self.means, factors, strict=True)):
            whitened = solve_triangular(factor, (x - mean).T, lower=True)
            constant = x.shape[1] * np.log(2 * np.pi) / 2 + np.log(np.diag(factor)).sum()
            logs[:, k] = -constant - (whitened**2).sum(axis=0) / 2
        return np.asarray(logsumexp(logs + np.log(self.weights), axis=-1))


@dataclass(frozen=True)
class Boxes:
    """Equally likely boxes of equal size, uniform inside.

    Attributes:
        boxes: for each box, for each dimension, the interval.
    """

    boxes: tuple[tuple[tuple[float, float], ...], ...]

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw (n, D) rows."""
        low, high = np.moveaxis(np.asarray(self.boxes, np.float64), -1, 0)
        which = rng.integers(len(self.boxes), size=n)
        return rng.uniform(low[which], high[which])

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """Return the log density, in nats, of rows (n, D): (n,); minus infinity outside."""
        low, high = np.moveaxis(np.asarray(self.boxes, np.float64), -1, 0)
        inside = ((x[:, None] >= low) & (x[:, None] <= high)).all(axis=2).any(axis=1)
        size = np.prod(high[0] - low[0])
        return np.where(inside, -np.log(len(low) * size), -np.inf)


@dataclass(frozen=True)
class Rings:
    """Rings around the origin of the plane, of normal thickness.

    Attributes:
        radii: of the rings, many times the thickness.
        thickness: standard deviation of the radius.
    """

    radii: tuple[float, ...]
    thickness: float

    @property
    def _shares(self) -> np.ndarray:
        radii = np.asarray(self.radii)
        return radii / radii.sum()

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw (n, 2) rows."""
        which = rng.choice(len(self.radii), size=n, p=self._shares)
        radius = np.abs(np.asarray(self.radii)[which] + rng.normal(0, self.thickness, size=n))
        angle = rng.uniform(0, 2 * np.pi, size=n)
        return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """Return the log density, in nats, of rows (n, 2): (n,)."""
        radius = np.linalg.norm(x, axis=1)[:, None]
        # A radius below zero counts as its magnitude.
        both = [(sign * radius - np.asarray(self.radii)) / self.thickness for sign in (1, -1)]
        constant = np.log(self.thickness) + np.log(2 * np.pi) / 2
        logs = np.concatenate(
            [-(each**2) / 2 - constant + np.log(self._shares) for each in both], 1
        )
        with np.errstate(divide="ignore"):
            around = np.log(2 * np.pi * radius[:, 0])
        return np.asarray(logsumexp(logs, axis=1)) - around


@dataclass(frozen=True)
class Copula:
    """A Gaussian copula: equally correlated normals whose columns are mapped one by one.

    Attributes:
        n_columns: D.
        correlation: of any two of the normals.
        kind: "unit", by the normal distribution function to (0, 1); or "student", all columns
            divided by the root of one chi-square of two degrees of freedom over two.
    """

    n_columns: int
    correlation: float
    kind: str

    @property
    def _covariance(self) -> np.ndarray:
        ones = np.full((self.n_columns, self.n_columns), self.correlation)
        return ones + (1 - self.correlation) * np.eye(self.n_columns)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw (n, D) rows."""
        normal = rng.normal(size=(n, self.n_columns)) @ np.linalg.cholesky(self._covariance).T
        if self.kind == "unit":
            return ndtr(normal)
        return normal / np.sqrt(rng.chisquare(2, size=(n, 1)) / 2)

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """Return the log density, in nats, of rows (n, D): (n,)."""
        if self.kind == "student":
            student: Any = multivariate_t(shape=self._covariance, df=2)  # pyright: ignore[reportArgumentType]
            return np.atleast_1d(student.logpdf(x))
        inside = np.all((x > 0) & (x < 1), axis=1)
        normal = np.asarray(ndtri(np.where(inside[:, None], x, 0.5)))
        alone = -(normal**2 + np.log(2 * np.pi)).sum(axis=1) / 2
        # Of which the copula's density is the share that correlation adds.
        centred = Mixture(np.zeros((1, self.n_columns)), self._covariance[None], np.ones(1))
        return np.where(inside, centred.log_density(normal) - alone, -np.inf)


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


def spirals(n_steps: int = 200, noise: float = 0.1, turns: float = 1.5) -> Mixture:
    """Return two arms that wind around each other, as close rows of small Gaussians."""
    # Evenly along the arm, whose length grows with the square of the angle.
    angle = 2 * np.pi * turns * np.sqrt((np.arange(n_steps) + 0.5) / n_steps)
    radius = 3 * angle / angle[-1]
    arm = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return round_mixture([tuple(mean) for mean in np.concatenate([arm, -arm])], noise**2)


def checkerboard(squares: int = 4) -> Boxes:
    """Return every other square of a board on [-2, 2] by [-2, 2]."""
    edges = np.linspace(-2, 2, squares + 1)
    fields = [(i, j) for i in range(squares) for j in range(squares) if (i + j) % 2 == 0]
    return Boxes(tuple(((edges[i], edges[i + 1]), (edges[j], edges[j + 1])) for i, j in fields))
