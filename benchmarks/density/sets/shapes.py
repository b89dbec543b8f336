"""Shapes that tables have and Gaussians have not: tails, bounds, holes, few rows, many columns."""

from collections.abc import Callable

import numpy as np
from benchmarks.density.sets.base import DataSet, Rows
from scipy.special import ndtr
from scipy.stats import beta

TEST_ROWS = 5_000

Draw = Callable[[int, np.random.Generator], np.ndarray]


def heavy_tails(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a 5-D Student t of two degrees of freedom, its columns correlated."""
    gaussian = _correlated(n, 5, 0.6, rng)
    return gaussian / np.sqrt(rng.chisquare(2, size=(n, 1)) / 2)


def bounded(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw from a 4-D cube: a Gaussian copula with a U-shaped, a skewed and two flat columns."""
    u = ndtr(_correlated(n, 4, 0.5, rng))
    return np.column_stack([beta(0.5, 0.5).ppf(u[:, 0]), beta(2, 5).ppf(u[:, 1]), u[:, 2:]])


def rings(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw three rings around one centre, blurred."""
    radius = rng.choice([1.0, 2.0, 3.0], size=n, p=[1 / 6, 2 / 6, 3 / 6])
    radius = radius + rng.normal(0, 0.08, size=n)
    angle = rng.uniform(0, 2 * np.pi, size=n)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def near_collinear(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw 8 columns that are three skewed factors, but for a hundredth of noise."""
    loadings = np.random.default_rng(8).normal(size=(3, 8))
    return rng.exponential(size=(n, 3)) @ loadings + rng.normal(0, 0.01, size=(n, 8))


def log_normal(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw 6 skewed, correlated columns."""
    return np.exp(_correlated(n, 6, 0.5, rng))


def banana(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw 4 columns, one bent around another."""
    x = _correlated(n, 4, 0.4, rng)
    x[:, 1] += 0.8 * (x[:, 0] ** 2 - 1)
    return x


def clusters(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw 10 correlated columns in three clusters."""
    centres = np.random.default_rng(10).normal(0, 2, size=(3, 10))
    return centres[rng.integers(3, size=n)] + _correlated(n, 10, 0.5, rng)


def bimodal(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one column with a narrow and a broad mode."""
    narrow = rng.uniform(size=(n, 1)) < 0.4
    return np.where(narrow, rng.normal(-2, 0.3, size=(n, 1)), rng.normal(1.5, 1.0, size=(n, 1)))


def wide(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw 150 columns: ten factors, half of them skewed, and noise of a third."""
    loadings = np.random.default_rng(150).normal(size=(10, 150)) / np.sqrt(10)
    factors = np.column_stack([rng.normal(size=(n, 5)), rng.exponential(size=(n, 5))])
    return factors @ loadings + rng.normal(0, 0.3, size=(n, 150))


def _correlated(n: int, d: int, correlation: float, rng: np.random.Generator) -> np.ndarray:
    """Draw standard Gaussians whose every pair is correlated."""
    common, own = rng.normal(size=(n, 1)), rng.normal(size=(n, d))
    return np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own


def _shape(name: str, draw: Draw, n_train: int, n_validation: int) -> DataSet:
    def rows(_) -> Rows:
        rng = np.random.default_rng(3)
        return Rows(*(draw(n, rng) for n in (n_train, n_validation, TEST_ROWS)))

    return DataSet(name, "shapes", rows)


SHAPES = (
    _shape("heavy_tails", heavy_tails, 9_000, 1_000),
    _shape("bounded", bounded, 9_000, 1_000),
    _shape("rings", rings, 9_000, 1_000),
    _shape("near_collinear", near_collinear, 9_000, 1_000),
    _shape("log_normal", log_normal, 9_000, 1_000),
    _shape("rows_200", banana, 160, 40),
    _shape("rows_300", clusters, 240, 60),
    _shape("bimodal", bimodal, 4_500, 500),
    _shape("wide", wide, 1_800, 200),
)
