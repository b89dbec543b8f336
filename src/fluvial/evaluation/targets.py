"""Distributions whose density is known exactly, to try densities on."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fluvial.errors import ShapeError
from fluvial.evaluation._mixtures import (
    Boxes,
    Copula,
    Density,
    Rings,
    checkerboard,
    diagonal_mixture,
    full_mixture,
    moons,
    round_mixture,
    spirals,
)

NINE = (
    (-10, -10),
    (-7.5, 7.5),
    (-5, -7.5),
    (-2.5, 2.5),
    (0, -2.5),
    (2.5, 5),
    (5, -5),
    (7.5, 0),
    (10, 10),
)
BOXES = (((-2, -1), (-3, -1)), ((-2, -1), (1, 3)), ((1, 2), (1, 3)), ((1, 2), (-3, -1)))
GAPS = {"small": 2.2, "medium": 4.0, "large": 10.0, "giant": 15.0}
"""How far the means of seven Gaussians reach, by the gap between them."""


@dataclass(frozen=True)
class Target:
    """A distribution with an exact density.

    Attributes:
        name: what it is called.
        n_columns: D.
        density: what draws rows and knows their log density.

    Examples:
        >>> moons = target("moons")
        >>> rows = moons.sample(100, random_state=0)
        >>> rows.shape, moons.log_prob(rows).shape
        ((100, 2), (100,))
    """

    name: str
    n_columns: int
    density: Density

    def sample(self, n: int, random_state: int | None = None) -> np.ndarray:
        """Draw rows (n, D), float64; the same seed gives the same rows.

        Raises:
            ValueError: where n is below 1.
        """
        if n < 1:
            raise ValueError(f"n must be at least 1, but is {n}")
        return self.density.sample(n, np.random.default_rng(random_state))

    def log_prob(self, x: ArrayLike) -> np.ndarray:
        """Return the log density (n,), in nats, of rows (n, D); minus infinity outside.

        Raises:
            ShapeError: where the rows have another number of columns.
        """
        rows = np.asarray(x, np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.n_columns:
            raise ShapeError(
                f"rows of {self.name} must have shape (n, {self.n_columns}), but have {rows.shape}"
            )
        return self.density.log_density(rows)


def _row(*places: tuple[float, float]) -> Callable[[], Density]:
    return lambda: round_mixture(list(places), 0.3)


PLANE: dict[str, Callable[[], Density]] = {
    "gaussian": lambda: round_mixture([(0.0, 0.0)], 1.0),
    "two_gaussians": lambda: round_mixture([(-2.5, -2.5), (2.5, 2.5)], 1.0),
    "four_gaussians_diagonal": _row((-7.5, 7.5), (-2.5, 2.5), (2.5, -2.5), (7.5, -7.5)),
    "four_gaussians_row": _row((-7.5, 0), (-2.5, 0), (2.5, 0), (7.5, 0)),
    "seven_gaussians": lambda: full_mixture(8.0, n_components=7, n_columns=2, seed=2),
    "nine_gaussians": _row(*NINE),
    "ten_gaussians": _row(*NINE, (0, 10)),
    "one_box": lambda: Boxes((((-1, 1), (-1, 1)),)),
    "three_boxes": lambda: Boxes(BOXES[:3]),
    "four_boxes": lambda: Boxes(BOXES),
    "rings": lambda: Rings((1.0, 2.0, 3.0), 0.08),
    "moons": moons,
    "spirals": spirals,
    "checkerboard": checkerboard,
}
"""Targets of two columns, by name."""


def target(name: str) -> Target:
    """Return a target by its name: those of `PLANE`, and "heavy_tailed" and "bounded".

    "heavy_tailed" is a Student t of two degrees of freedom with five correlated columns, "bounded"
    a correlated distribution on a cube of four columns.

    Raises:
        ValueError: for an unknown name; it lists those that there are.

    Examples:
        >>> target("one_box").log_prob([[0.0, 0.0]]).round(4).tolist()
        [-1.3863]
    """
    if name in PLANE:
        return Target(name, 2, PLANE[name]())
    if name == "heavy_tailed":
        return Target(name, 5, Copula(5, 0.6, "student"))
    if name == "bounded":
        return Target(name, 4, Copula(4, 0.5, "unit"))
    raise ValueError(f"unknown target {name!r}; there are {[*PLANE, 'heavy_tailed', 'bounded']}")


def seven_gaussians(gap: str = "medium", n_columns: int = 10) -> Target:
    """Return seven Gaussians with full covariances, whose means lie ever farther apart.

    Args:
        gap: "small", "medium", "large" or "giant".
        n_columns: D, at least 1.

    Raises:
        ValueError: for another gap, or no columns.

    Examples:
        >>> seven_gaussians("giant").n_columns
        10
    """
    if gap not in GAPS:
        raise ValueError(f"gap must be one of {[*GAPS]}, but is {gap!r}")
    _check_columns(n_columns)
    density = full_mixture(GAPS[gap], n_components=7, n_columns=n_columns, seed=7)
    return Target(f"seven_gaussians_{gap}", n_columns, density)


def coccaro(n_columns: int) -> Target:
    """Return Coccaro's mixture of three Gaussians with diagonal covariances.

    The means are drawn from U[0, 10], the standard deviations from U[0, 1], with one seed.

    Args:
        n_columns: D, at least 1.

    Raises:
        ValueError: for no columns.

    References:
        Coccaro, Letizia, Reyes-Gonzalez, Torre 2023, arXiv 2302.12024, section 4.

    Examples:
        >>> coccaro(16).sample(3, random_state=0).shape
        (3, 16)
    """
    _check_columns(n_columns)
    return Target(f"coccaro_{n_columns}", n_columns, diagonal_mixture(n_columns, seed=n_columns))


def _check_columns(n_columns: int) -> None:
    if n_columns < 1:
        raise ValueError(f"n_columns must be at least 1, but is {n_columns}")
