"""Densities of one column that are hard to learn, with their logarithms."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Target:
    """A distribution of one column.

    Attributes:
        name: in the table.
        draw: from a number and a generator to (n,) values.
        log_density: of values (n,); of whole numbers the logarithm of their probability.
    """

    name: str
    draw: Callable[[int, np.random.Generator], np.ndarray]
    log_density: Callable[[np.ndarray], np.ndarray]


def _of(name: str, distribution: Any) -> Target:
    """Return the target of one of scipy's distributions."""
    whole = hasattr(distribution, "pmf")
    log_density = distribution.logpmf if whole else distribution.logpdf

    def draw(n: int, rng: np.random.Generator) -> np.ndarray:
        return distribution.rvs(n, random_state=rng).astype(float)

    return Target(name, draw, log_density)


def _two_normals(name: str, share: float, first: Any, second: Any) -> Target:
    """Return a mixture of two normals, given the share of the first."""

    def draw(n: int, rng: np.random.Generator) -> np.ndarray:
        of_first = rng.random(n) < share
        return np.where(of_first, *(each.rvs(n, random_state=rng) for each in (first, second)))

    def log_density(x: np.ndarray) -> np.ndarray:
        shares = np.log([share, 1 - share])
        return np.logaddexp(shares[0] + first.logpdf(x), shares[1] + second.logpdf(x))

    return Target(name, draw, log_density)


normal: Any = stats.norm

TARGETS = (
    _two_normals("0.9 N(0, 1) + 0.1 N(1000, 1)", 0.9, normal(0, 1), normal(1000, 1)),
    _two_normals("0.98 N(0, 1) + 0.02 N(20, 1)", 0.98, normal(0, 1), normal(20, 1)),
    _two_normals("0.7 N(0, .001) + 0.3 N(1000, 1)", 0.7, normal(0, 0.001), normal(1000, 1)),
    _two_normals("0.5 N(0, 1) + 0.5 N(1e4, 1)", 0.5, normal(0, 1), normal(1e4, 1)),
    _of("lognormal, sigma 2", stats.lognorm(2)),
    _of("lognormal, sigma 3", stats.lognorm(3)),
    _of("Cauchy", stats.cauchy()),
    _of("Poisson(2)", stats.poisson(2)),
    _of("Poisson(5)", stats.poisson(5)),
    _of("geometric(.3)", stats.geom(0.3)),
    _of("binomial(20, .5)", stats.binom(20, 0.5)),
)
