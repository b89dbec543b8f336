"""Gaussian mixtures at the edges of float32: correlations, scales, distances, many components."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp

from fluvial.distributions import GaussianMixture

KEY = jax.random.key(3)


def of_two_columns(x, deviations, correlation):
    """The log density of a centred Gaussian of two columns, in float64."""
    a, b = np.asarray(x, float).T / np.asarray(deviations)[:, None]
    left = (1 - correlation) * (1 + correlation)
    square = (a - b) ** 2 + 2 * (1 - correlation) * a * b
    return -square / left / 2 - np.log(2 * np.pi) - np.log(left) / 2 - np.log(deviations).sum()


@pytest.mark.parametrize("gap", [1e-3, 1e-5, 1e-7, 1e-9])
def test_strong_correlations_are_right_in_float32(gap):
    correlation = 1 - gap
    covariance = np.array([[[1.0, correlation], [correlation, 1.0]]])
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 200))
    second = correlation * first + np.sqrt(1 - correlation**2) * second
    x = np.stack([first, second], axis=1).astype(np.float32)
    # Where float32 holds the rows' own differences; the factors are rounded once.
    x = x[np.abs(x[:, 0]) < 1]
    found = GaussianMixture([1.0], np.zeros((1, 2)), covariance).log_prob(x)
    expected = of_two_columns(x, [1.0, 1.0], correlation)
    np.testing.assert_allclose(found, expected, atol=2e-6 / np.sqrt(gap) + 1e-5)


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e20, 1e30])
def test_any_scale_that_float32_holds_is_right(scale):
    covariance = np.array([[[1.0, 0.6], [0.6, 1.0]]]) * scale**2
    x = (np.array([[0.0, 0.0], [1.0, -1.0], [3.0, 2.0]]) * scale).astype(np.float32)
    found = GaussianMixture([1.0], np.zeros((1, 2)), covariance).log_prob(x)
    np.testing.assert_allclose(found, of_two_columns(x, [scale, scale], 0.6), rtol=1e-5)


def test_scales_of_columns_may_differ_by_forty_orders():
    deviations = np.array([1e-20, 1e20])
    covariance = np.outer(deviations, deviations) * [[1.0, -0.9], [-0.9, 1.0]]
    for order in ([0, 1], [1, 0]):
        x = (np.array([[1.0, 0.5], [-2.0, 3.0]]) * deviations)[:, order].astype(np.float32)
        mixture = GaussianMixture([1.0], np.zeros((1, 2)), covariance[None][:, order][:, :, order])
        expected = of_two_columns(x, deviations[order], -0.9)
        np.testing.assert_allclose(mixture.log_prob(x), expected, rtol=1e-5)


def test_each_matrix_is_judged_on_its_own_scale():
    small, large = 1e-12 * np.eye(2), 1e12 * np.eye(2)
    asymmetric = small + np.array([[0.0, 5e-13], [0.0, 0.0]])
    with pytest.raises(ValueError, match=r"components \[1\] are not symmetric"):
        GaussianMixture([0.5, 0.5], np.zeros((2, 2)), np.stack([large, asymmetric]))
    scales = np.diag([1e10, 1e-10])
    with pytest.raises(ValueError, match=r"components \[0\] are not symmetric"):
        GaussianMixture([1.0], np.zeros((1, 2)), scales @ [[[1.0, 0.5], [0.4, 1.0]]] @ scales)
    singular = 1e-12 * np.ones((2, 2))
    with pytest.raises(ValueError, match=r"components \[1\] are not positive definite"):
        GaussianMixture([0.5, 0.5], np.zeros((2, 2)), np.stack([large, singular]))
    rows = np.random.default_rng(0).normal(size=(3, 5))
    of_rank_three = (rows.T @ rows)[None] * 1e8
    with pytest.raises(ValueError, match="not positive definite"):
        GaussianMixture([1.0], np.zeros((1, 5)), of_rank_three)
    mixture = GaussianMixture([0.5, 0.5], np.zeros((2, 2)), np.stack([large, small]))
    assert np.isfinite(mixture.log_prob(jnp.zeros(2)))
    with pytest.raises(ValueError, match="not positive definite"):
        GaussianMixture([1.0], np.zeros((1, 2)), np.full((1, 2, 2), np.nan))


def test_what_float32_does_not_hold_is_refused():
    for scale in (1e-45, 1e45):
        with pytest.raises(ValueError, match=r"range of float32"):
            GaussianMixture([1.0], np.zeros((1, 1)), np.full((1, 1, 1), scale**2))
    with jax.enable_x64(True):
        mixture = GaussianMixture([1.0], np.zeros((1, 1)), np.full((1, 1, 1), 1e90))
        np.testing.assert_allclose(mixture.scale_trils, 1e45)


def test_far_away_the_density_is_finite_and_so_is_its_gradient():
    covariances = np.stack([np.eye(2), np.array([[1.0, 0.999], [0.999, 1.0]])])
    mixture = GaussianMixture([0.5, 0.5], np.zeros((2, 2)), covariances)
    x = jnp.array([[1e3, 0.0], [1e10, 1e10], [1e20, -1e20], [3e38, 3e38], [-3e38, 3e38]])
    assert np.all(np.isfinite(mixture.log_prob(x)))
    assert np.all(np.isfinite(jax.grad(lambda x: mixture.log_prob(x).sum())(x)))


def test_the_density_of_many_components_is_the_sum():
    rng = np.random.default_rng(1)
    weights = rng.uniform(size=40)
    weights[::5] = 0
    means, widths = rng.normal(size=(40, 3)), rng.uniform(0.1, 2, size=40)
    mixture = GaussianMixture(weights, means, widths[:, None, None] ** 2 * np.eye(3))
    x = rng.normal(size=(30, 3)).astype(np.float32)
    squares = (((x[:, None].astype(float) - means) / widths[:, None]) ** 2).sum(-1)
    with np.errstate(divide="ignore"):
        terms = np.log(weights / weights.sum()) - squares / 2 - 3 * np.log(widths)
    expected = logsumexp(terms, axis=1) - 1.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(mixture.log_prob(x), expected, rtol=1e-5)


def test_samples_of_many_components_have_their_shares_and_take_no_array_of_all():
    weights = np.arange(500.0)
    means = np.arange(500.0)[:, None]
    mixture = GaussianMixture(weights, means, np.full((500, 1, 1), 1e-6))
    n = 100_000
    drawn = jax.jit(lambda key: mixture.sample(key, n))
    found = np.bincount(np.rint(np.asarray(drawn(KEY))[:, 0]).astype(int), minlength=500)
    expected = n * weights / weights.sum()
    assert found[0] == 0
    statistic = np.sum((found[1:] - expected[1:]) ** 2 / expected[1:])
    assert abs(statistic - 499) < 5 * np.sqrt(2 * 499)
    memory = drawn.lower(KEY).compile().memory_analysis()
    assert memory is not None
    assert memory.temp_size_in_bytes < 10e6


def test_components_of_no_weight_change_nothing(x64):
    rng = np.random.default_rng(0)
    factors = np.tril(rng.normal(size=(3, 2, 2)))
    factors[:, [0, 1], [0, 1]] = np.exp(rng.normal(size=(3, 2)))
    mixture = GaussianMixture(rng.uniform(size=3), rng.normal(size=(3, 2)), scale_trils=factors)
    x = rng.normal(size=(50, 2))
    padded = mixture.padded(8)
    assert padded.means.shape == (8, 2)
    np.testing.assert_allclose(padded.log_prob(x), mixture.log_prob(x), rtol=1e-12)
    trained = GaussianMixture(
        mixture.weights, mixture.means, scale_trils=mixture.scale_trils, trainable=True
    )
    np.testing.assert_allclose(trained.padded(4).log_prob(x), mixture.log_prob(x), rtol=1e-12)
