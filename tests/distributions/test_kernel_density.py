"""Kernel densities against SciPy, scikit-learn and closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import gaussian_kde, norm
from sklearn.neighbors import KernelDensity as Oracle

from fluvial.distributions import KernelDensity
from fluvial.errors import ShapeError
from fluvial.training import trainable

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(1300, 3)) * [1.0, 5.0, 0.2] + [0.0, 1e3, 7.0]
QUERIES = RNG.normal(size=(2100, 3)) * [2.0, 9.0, 0.3] + [0.0, 1e3, 7.0]


@pytest.mark.usefixtures("x64")
def test_it_is_scikit_learns():
    oracle = Oracle(bandwidth=0.7, atol=0, rtol=0).fit(ROWS)
    density = KernelDensity(ROWS, 0.7)
    np.testing.assert_allclose(
        density.log_prob(QUERIES), oracle.score_samples(QUERIES), rtol=1e-9, atol=1e-7
    )


@pytest.mark.usefixtures("x64")
def test_weights_and_a_bandwidth_a_column_are_the_sum_of_normals():
    rows, weights = ROWS[:40], RNG.uniform(size=40) * 3
    bandwidth = np.array([0.5, 3.0, 0.1])
    terms = [
        w * norm.pdf(QUERIES, row, bandwidth).prod(axis=1)
        for row, w in zip(rows, weights / weights.sum(), strict=True)
    ]
    expected = np.log(np.sum(terms, axis=0))
    found = KernelDensity(rows, bandwidth, weights).log_prob(QUERIES)
    near = expected > -700
    assert near.sum() > 1000
    np.testing.assert_allclose(np.asarray(found)[near], expected[near], rtol=1e-9, atol=1e-9)


@pytest.mark.usefixtures("x64")
def test_one_column_is_scipys_and_integrates_to_one():
    values = RNG.gamma(2.0, size=(700, 1))
    oracle = gaussian_kde(values[:, 0], bw_method=0.2)
    density = KernelDensity(values, np.sqrt(oracle.covariance[0, 0]))
    grid = np.linspace(-5, 20, 4001)
    found = np.exp(density.log_prob(grid[:, None]))
    np.testing.assert_allclose(found, oracle(grid), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(np.trapezoid(found, grid), 1, atol=1e-9)


def test_float32_agrees_with_float64():
    bandwidth = np.array([0.3, 1.0, 0.1], np.float32)
    density = KernelDensity(ROWS.astype(np.float32), bandwidth)
    single = density.log_prob(QUERIES.astype(np.float32))
    assert single.dtype == jnp.float32
    with jax.enable_x64(True):
        rows = ROWS.astype(np.float32).astype(float)
        double = KernelDensity(rows, bandwidth.astype(float))
        expected = double.log_prob(QUERIES.astype(np.float32).astype(float))
        mixed = density.log_prob(QUERIES.astype(np.float32))
    assert mixed.dtype == np.float64
    np.testing.assert_allclose(single, expected, rtol=1e-5, atol=1e-2)
    np.testing.assert_allclose(mixed, expected, rtol=1e-5, atol=1e-2)


def test_far_away_it_is_finite_and_falls():
    density = KernelDensity(RNG.normal(size=(600, 2)).astype(np.float32), 0.05)
    distances = np.array([1e1, 1e2, 1e4, 1e8, 1e12, 1e15, 1e30, 3e38], np.float32)
    values = np.asarray(density.log_prob(jnp.stack([distances, -distances], axis=1)))
    assert np.isfinite(values).all()
    assert (np.diff(values[:6]) < 0).all()
    assert (np.diff(values) <= 0).all()
    assert np.isnan(density.log_prob(jnp.array([np.nan, 0.0])))


def test_a_score_does_not_depend_on_its_company():
    density = KernelDensity(ROWS.astype(np.float32), 0.5)
    queries = QUERIES[:1100].astype(np.float32)
    alone = density.log_prob(queries[1024:])
    np.testing.assert_allclose(density.log_prob(queries)[1024:], alone, rtol=1e-5, atol=1e-5)
    assert density.log_prob(queries[0]).shape == ()
    assert density.log_prob(queries[:0]).shape == (0,)


def test_samples_have_the_moments_of_the_mixture():
    rows, weights = np.array([[0.0, 0.0], [10.0, -4.0]]), np.array([0.2, 0.8])
    x = np.asarray(
        KernelDensity(rows, np.array([0.5, 2.0]), weights).sample(jax.random.key(0), (20_000,))
    )
    second = x[:, 0] > 5
    assert abs(second.mean() - 0.8) < 0.01
    np.testing.assert_allclose(x[second].mean(axis=0), rows[1], atol=0.05)
    np.testing.assert_allclose(x[second].std(axis=0), [0.5, 2.0], rtol=0.03)


@pytest.mark.usefixtures("x64")
def test_the_gradient_is_that_of_central_differences():
    density, at, step = KernelDensity(ROWS, np.array([0.5, 3.0, 0.1])), QUERIES[:5], 1e-5
    found = jax.grad(lambda x: density.log_prob(x).sum())(jnp.asarray(at))
    moves = np.eye(3) * step
    slopes = [(density.log_prob(at + m) - density.log_prob(at - m)) / (2 * step) for m in moves]
    np.testing.assert_allclose(found, np.stack(slopes, axis=1), rtol=1e-5, atol=1e-4)


def test_nothing_is_trained():
    assert not any(jax.tree.leaves(trainable(KernelDensity(ROWS, 1.0))))


def test_bad_arguments_are_refused():
    with pytest.raises(ShapeError, match=r"rows must have shape \(N, D\)"):
        KernelDensity(np.zeros(3), 1.0)
    with pytest.raises(ShapeError, match=r"bandwidth has shape \(2,\)"):
        KernelDensity(ROWS, np.ones(2))
    with pytest.raises(ShapeError, match="need weights of shape"):
        KernelDensity(ROWS, 1.0, np.ones(3))
    with pytest.raises(ValueError, match="bandwidth must be positive"):
        KernelDensity(ROWS, 0.0)
    with pytest.raises(ValueError, match="rows must be finite"):
        KernelDensity(np.array([[np.inf, 0.0]]), 1.0)
    with pytest.raises(ValueError, match="weights must be finite"):
        KernelDensity(ROWS[:2], 1.0, np.array([1.0, -1.0]))
