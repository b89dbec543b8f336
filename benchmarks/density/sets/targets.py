"""Targets whose true density is known."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from benchmarks.density.sets.base import DataSet, Rows
from benchmarks.density.sets.mixtures import (
    diagonal_mixture,
    full_mixture,
    moons,
    round_mixture,
)

PLANE_ROWS = (30_720, 3_072)
"""Training and validation rows of the two-dimensional targets."""

SEVEN_ROWS = (27_000, 3_000)
"""Those of the seven Gaussians in ten dimensions."""

COCCARO_ROWS = (50_000, 5_000)
"""Those of Coccaro's mixtures, which are studied with 100,000 training rows."""

TEST_ROWS = 10_000

NINE = [
    (-10, -10),
    (-7.5, 7.5),
    (-5, -7.5),
    (-2.5, 2.5),
    (0, -2.5),
    (2.5, 5),
    (5, -5),
    (7.5, 0),
    (10, 10),
]
BOXES = (((-2, -1), (-3, -1)), ((-2, -1), (1, 3)), ((1, 2), (1, 3)), ((1, 2), (-3, -1)))


class Density(Protocol):
    """A density that can be drawn from."""

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw (n, D) rows."""
        ...

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """Return the log density, in nats, of rows (n, D): (n,)."""
        ...


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
        """Return the log density, in nats, of rows (n, D) inside the boxes: (n,)."""
        size = np.prod([high - low for low, high in self.boxes[0]])
        return np.full(len(x), -np.log(len(self.boxes) * size))


def _target(
    name: str,
    make: Callable[[], Density],
    n_rows: tuple[int, int],
    *,
    samples: bool = False,
) -> DataSet:
    def rows(_) -> Rows:
        rng, density = np.random.default_rng(1), make()
        train, validation, test = (density.sample(n, rng) for n in (*n_rows, TEST_ROWS))
        again = density.sample(TEST_ROWS, rng) if samples else None
        return Rows(train, validation, test, density.log_density(test), again)

    return DataSet(name, "targets", rows)


def _seven(name: str, reach: float) -> DataSet:
    make = lambda: full_mixture(reach, n_components=7, n_columns=10, seed=7)  # noqa: E731
    return _target(name, make, SEVEN_ROWS)


TARGETS = (
    _target("gauss_2", lambda: round_mixture([(-2.5, -2.5), (2.5, 2.5)], 1.0), PLANE_ROWS),
    _target(
        "gauss_4_diagonal",
        lambda: round_mixture([(-7.5, 7.5), (-2.5, 2.5), (2.5, -2.5), (7.5, -7.5)], 0.3),
        PLANE_ROWS,
    ),
    _target(
        "gauss_4_row",
        lambda: round_mixture([(-7.5, 0), (-2.5, 0), (2.5, 0), (7.5, 0)], 0.3),
        PLANE_ROWS,
    ),
    _target(
        "gauss_7",
        lambda: full_mixture(8.0, n_components=7, n_columns=2, seed=2),
        PLANE_ROWS,
    ),
    _target("gauss_9", lambda: round_mixture(NINE, 0.3), PLANE_ROWS),
    _target("uniform_1", lambda: Boxes((((-1, 1), (-1, 1)),)), PLANE_ROWS),
    _target("uniform_3", lambda: Boxes(BOXES[:3]), PLANE_ROWS),
    _target("uniform_4", lambda: Boxes(BOXES), PLANE_ROWS),
    _target("moons", moons, PLANE_ROWS),
    _seven("seven_giant", 15.0),
    _seven("seven_large", 10.0),
    _seven("seven_medium", 4.0),
    _seven("seven_small", 2.2),
    _target("coccaro_16", lambda: diagonal_mixture(16, seed=16), COCCARO_ROWS, samples=True),
    _target("coccaro_64", lambda: diagonal_mixture(64, seed=64), COCCARO_ROWS, samples=True),
)
