"""Targets: their densities integrate to one, and are those of their samples."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import ks_2samp, multivariate_t

from fluvial.errors import ShapeError
from fluvial.evaluation import PLANE, coccaro, seven_gaussians, target

OTHERS = [target("heavy_tailed"), target("bounded"), seven_gaussians("small"), coccaro(4)]


@pytest.mark.parametrize("name", PLANE)
def test_densities_of_the_plane_integrate_to_one(name):
    known = target(name)
    rows = known.sample(4000, random_state=0)
    low, high = rows.min(axis=0) - 1.5, rows.max(axis=0) + 1.5
    # Edges need a finer grid than Gaussians, whose narrowest is 0.1 wide.
    n = 500 if "box" in name or name == "checkerboard" else 160
    # Points between the lines of a grid whose lines may be edges of the density.
    axes = [np.linspace(a, b, n, endpoint=False) + (b - a) / n / 2 for a, b in zip(low, high)]  # noqa: B905
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    mass = np.exp(known.log_prob(grid)).sum() * np.prod((high - low) / n)
    assert mass == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("known", [*map(target, PLANE), *OTHERS], ids=lambda known: known.name)
def test_samples_are_of_the_density(known):
    """Two draws have log densities of one distribution, and these are finite."""
    log_p = known.log_prob(known.sample(4000, random_state=1))
    assert np.isfinite(log_p).all()
    again = known.log_prob(known.sample(4000, random_state=2))
    test: Any = ks_2samp(log_p, again)
    assert test.pvalue > 1e-4
    np.testing.assert_array_equal(
        known.sample(50, random_state=3), known.sample(50, random_state=3)
    )


def test_heavy_tails_are_those_of_scipy_and_bounds_hold():
    known = target("heavy_tailed")
    rows = known.sample(50, random_state=0)
    shape: Any = np.full((5, 5), 0.6) + 0.4 * np.eye(5)
    np.testing.assert_allclose(known.log_prob(rows), multivariate_t(shape=shape, df=2).logpdf(rows))
    outside = np.full((1, 4), 1.5)
    assert target("bounded").log_prob(outside) == -np.inf
    assert target("one_box").log_prob([[0.0, 1.5]]) == -np.inf


def test_the_bounded_density_has_mass_one():
    rng = np.random.default_rng(0)
    density = np.exp(target("bounded").log_prob(rng.uniform(size=(100_000, 4))))
    assert density.mean() == pytest.approx(1, abs=5 * density.std() / 300)


def test_rings_fill_the_plane_evenly():
    rows = target("rings").sample(6000, random_state=0)
    radius = np.round(np.linalg.norm(rows, axis=1))
    np.testing.assert_allclose(
        np.bincount(radius.astype(int))[1:] / 6000, [1 / 6, 1 / 3, 1 / 2], atol=0.03
    )


def test_bad_arguments():
    with pytest.raises(ValueError, match="unknown target 'moon'"):
        target("moon")
    with pytest.raises(ValueError, match="gap must be one of"):
        seven_gaussians("tiny")
    with pytest.raises(ValueError, match="n_columns"):
        coccaro(0)
    with pytest.raises(ValueError, match="n_columns"):
        seven_gaussians("small", 0)
    with pytest.raises(ShapeError, match=r"\(n, 2\)"):
        target("moons").log_prob(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="n must be"):
        target("moons").sample(0)
