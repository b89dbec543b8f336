"""Kernel densities against SciPy, scikit-learn and closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp
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


def by_pairs(rows, bandwidth, queries):
    """Sum the kernels pair by pair in float64, of the numbers that float32 holds."""
    rows, queries = rows.astype(float), queries.astype(float)
    bandwidth = np.broadcast_to(np.asarray(bandwidth, np.float32).astype(float), rows.shape[1:])
    squares = np.sum(((queries[:, None] - rows) / bandwidth) ** 2, axis=-1)
    constant = np.sum(np.log(bandwidth)) + rows.shape[1] * np.log(2 * np.pi) / 2
    return logsumexp(-squares / 2, axis=1) - np.log(len(rows)) - constant


@pytest.mark.parametrize("bandwidth", [1.0, 1e-2, 1e-3, 1e-4, 1e-5, 1e-12])
@pytest.mark.parametrize("n_features", [1, 2, 5])
def test_float32_resolves_any_bandwidth(bandwidth, n_features):
    rows = (RNG.normal(size=(1500, n_features)) + 3.0).astype(np.float32)
    near = rows[::7] + bandwidth * RNG.normal(size=rows[::7].shape)
    queries = near.astype(np.float32)
    found = KernelDensity(rows, bandwidth).log_prob(queries)
    expected = by_pairs(rows, bandwidth, queries)
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-3)


def test_float32_resolves_clusters_that_are_far_apart():
    rows = (0.05 * RNG.normal(size=(1200, 20))).astype(np.float32)
    rows[::2] += np.float32(20.0)
    queries = rows[:100] + np.float32(0.01)
    found = KernelDensity(rows, 0.05).log_prob(queries)
    np.testing.assert_allclose(found, by_pairs(rows, 0.05, queries), rtol=1e-6, atol=1e-3)


def test_float32_resolves_few_rows_far_from_many():
    rows = RNG.normal(size=(1700, 45)).astype(np.float32)
    far = RNG.permutation(len(rows))[:30]
    rows[far] = rows[far] * 1e4
    weights = RNG.uniform(size=len(rows))
    queries = np.concatenate([rows[far], rows[:50]]) + np.float32(0.25)
    found = KernelDensity(rows, 0.5, weights).log_prob(queries)
    with jax.enable_x64(True):
        exact = KernelDensity(rows.astype(float), 0.5, weights).log_prob(queries.astype(float))
    np.testing.assert_allclose(found, exact, rtol=1e-6, atol=1e-3)


def test_float32_gradients_are_right_where_rows_are_far():
    rows = (1e4 * RNG.normal(size=(700, 3))).astype(np.float32)
    queries = rows[:20] + np.float32(0.5)
    density = KernelDensity(rows, 0.5)
    found = jax.grad(lambda x: density.log_prob(x).sum())(queries)
    # Other rows are thousands of bandwidths away.
    np.testing.assert_allclose(found, (rows[:20] - queries) / 0.25, rtol=1e-5)


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
