"""Mixtures of any distributions, and distributions of other libraries."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.cases import Rotated

from fluvial.bijectors import Affine, Shift
from fluvial.distributions import (
    DiagonalNormal,
    Distribution,
    Mixture,
    StandardNormal,
    TransformedDistribution,
    Uniform,
    as_distribution,
)
from fluvial.errors import ShapeError
from fluvial.training import trainable

KEY = jax.random.key(2)


class OfAnotherLibrary:
    """As NumPyro's `Normal(mean, 1).to_event(1)`: the three names that are needed, no more."""

    def __init__(self, mean, event_shape=None):
        self.mean = jnp.asarray(mean)
        self.event_shape = self.mean.shape if event_shape is None else event_shape

    def log_prob(self, x):
        terms = jax.scipy.stats.norm.logpdf(x, self.mean)
        return terms.sum(axis=-1) if self.event_shape else terms

    def sample(self, key, shape=()):
        return self.mean + jax.random.normal(key, shape + self.mean.shape)


def test_a_distribution_of_another_library_serves_as_a_base():
    flow = TransformedDistribution(OfAnotherLibrary([1.0, 2.0]), Affine(0.0, jnp.array([2.0, 3.0])))
    own = TransformedDistribution(DiagonalNormal(jnp.array([1.0, 2.0]), 1.0), flow.bijector)
    x, log_prob = flow.sample_and_log_prob(KEY, (4,))
    np.testing.assert_allclose(log_prob, own.log_prob(x), rtol=1e-5)
    np.testing.assert_allclose(flow.log_prob(x), own.log_prob(x), rtol=1e-5)
    assert not any(jax.tree.leaves(trainable(flow.base)))


def test_distributions_pass_the_adapter_unchanged():
    base = StandardNormal(2)
    assert as_distribution(base) is base
    assert isinstance(as_distribution(OfAnotherLibrary([0.0])), Distribution)


def test_what_lacks_a_method_is_refused_by_name():
    with pytest.raises(TypeError, match="object lacks log_prob, sample, event_shape"):
        as_distribution(object())


def test_batch_axes_of_a_foreign_distribution_are_refused():
    batched = as_distribution(OfAnotherLibrary([0.0, 1.0], event_shape=()))
    with pytest.raises(ShapeError, match=r"sample.*\(3, 2\).*\(3,\).*to_event"):
        batched.sample(KEY, (3,))
    with pytest.raises(ShapeError, match=r"log_prob.*\(1, 2\)|log_prob.*\(2, 2\)"):
        as_distribution(OfAnotherLibrary(np.zeros((2, 2)), event_shape=(2,))).log_prob(
            jnp.zeros((1, 2))
        )


def test_a_mixture_of_flows_and_foreign_distributions():
    flow = TransformedDistribution(StandardNormal(2), Shift(jnp.array([5.0, 5.0])))
    mixture = Mixture([flow, OfAnotherLibrary([-5.0, -5.0])], [0.25, 0.75])
    x = mixture.sample(KEY, (1000,))
    assert abs(np.mean(x[:, 0] > 0) - 0.25) < 0.05
    near = np.array([[5.0, 5.0], [-5.0, -5.0]])
    expected = np.log([0.25, 0.75]) - np.log(2 * np.pi)
    np.testing.assert_allclose(mixture.log_prob(near), expected, rtol=1e-5)
    # What is trained of the parts stays so, the weights do not become so.
    trained = sum(leaf.size for leaf in jax.tree.leaves(trained_of(mixture)))
    assert trained == 2


def trained_of(model):
    marks = trainable(model)
    return [leaf for leaf, mark in zip(*map(jax.tree.leaves, (model, marks)), strict=True) if mark]


def test_the_condition_goes_to_the_parts_that_declare_one():
    turned = TransformedDistribution(DiagonalNormal(jnp.array([9.0, 0.0]), 0.01), Rotated())
    mixture = Mixture([turned, StandardNormal(2)], [1.0, 0.0])
    assert mixture.condition_shape == ()
    x = mixture.sample(KEY, (3,), jnp.array([0.0, np.pi / 2]))
    np.testing.assert_allclose(x[:, 0], np.tile([9.0, 0.0], (3, 1)), atol=0.1)
    np.testing.assert_allclose(x[:, 1], np.tile([0.0, 9.0], (3, 1)), atol=0.1)
    assert mixture.log_prob(x[0], jnp.array([0.0, np.pi / 2])).shape == (2,)


def test_a_part_of_density_zero_leaves_the_others():
    mixture = Mixture([StandardNormal(1), StandardNormal(1)], [1.0, 0.0])
    x = jnp.array([[0.5], [1e3]])
    np.testing.assert_allclose(mixture.log_prob(x), StandardNormal(1).log_prob(x), rtol=1e-6)
    gradient = jax.grad(lambda x: mixture.log_prob(x).sum())(x)
    np.testing.assert_allclose(gradient, -x, rtol=1e-5)


def test_parts_with_different_conditions_are_refused():
    turned = TransformedDistribution(StandardNormal(2), Rotated())

    class Other(Distribution):
        event_shape = (2,)
        condition_shape = (3,)

        def _log_prob(self, x, condition):
            return x.sum(-1)

        def _sample(self, key, n, condition):
            return jnp.zeros((n, 2))

    with pytest.raises(ShapeError, match="conditions"):
        Mixture([turned, Other()], [0.5, 0.5])


def many_parts(n_parts):
    return [DiagonalNormal(jnp.full(2, 10.0 * k), 1.0) for k in range(n_parts)]


def test_samples_have_the_shares_of_their_parts_and_the_moments_of_each():
    weights = np.arange(6.0)
    mixture = Mixture(many_parts(6), weights)
    x = np.asarray(mixture.sample(KEY, 30_000))
    part = np.rint(x[:, 0] / 10).astype(int)
    shares = np.bincount(part, minlength=6) / len(x)
    np.testing.assert_allclose(shares, weights / 15, atol=0.01)
    assert shares[0] == 0
    for k in range(1, 6):
        noise = x[part == k] - 10 * k
        np.testing.assert_allclose(noise.mean(axis=0), 0, atol=0.1)
        np.testing.assert_allclose(np.cov(noise.T), np.eye(2), atol=0.1)
    # The order tells nothing: neighbours are from parts drawn independently.
    assert abs(np.corrcoef(part[1:], part[:-1])[0, 1]) < 0.03
    assert len(np.unique(x[:, 0])) > 29_000
    np.testing.assert_array_equal(mixture.sample(KEY, 30_000), x)


@pytest.mark.parametrize("n", [0, 1, 2, 255, 257])
def test_any_number_of_rows_is_drawn(n):
    x = Mixture(many_parts(3), [1.0, 2.0, 3.0]).sample(KEY, n)
    assert x.shape == (n, 2)
    assert np.all(np.abs(x[:, 0] - 10 * np.rint(x[:, 0] / 10)) < 5)


def test_each_row_has_its_own_condition():
    turned = TransformedDistribution(DiagonalNormal(jnp.array([9.0, 0.0]), 0.01), Rotated())
    mixture = Mixture([turned, turned, StandardNormal(2)], [0.3, 0.7, 0.0])
    angles = jnp.linspace(0.0, 6.0, 700)
    x = mixture.sample(KEY, (2,), angles)
    expected = 9 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    np.testing.assert_allclose(x, np.stack([expected, expected]), atol=0.1)


def test_memory_of_a_sample_does_not_grow_with_the_parts():
    def temporary(n_parts):
        mixture = Mixture(many_parts(n_parts), np.ones(n_parts))
        lowered = jax.jit(lambda key: mixture.sample(key, 20_000)).lower(KEY)
        memory = lowered.compile().memory_analysis()
        assert memory is not None
        return memory.temp_size_in_bytes

    assert temporary(100) < 2.5 * temporary(4)


def test_outside_the_support_of_all_parts_it_is_minus_infinity_without_gradient():
    mixture = Mixture([Uniform(0.0, 1.0), Uniform(2.0, 3.0)], [0.5, 0.5])
    x = jnp.array([0.5, 1.5, 2.5, jnp.nan, jnp.inf, -jnp.inf])
    value, gradient = jax.vmap(jax.value_and_grad(mixture.log_prob))(x)
    half = np.log(0.5)
    np.testing.assert_allclose(value, [half, -np.inf, half, np.nan, -np.inf, -np.inf], rtol=1e-6)
    np.testing.assert_array_equal(np.asarray(gradient)[[0, 1, 2, 4, 5]], 0)


def test_gradients_of_weights_are_finite_where_parts_have_no_density():
    mixture = Mixture([Uniform(0.0, 1.0), StandardNormal(())], [0.5, 0.5], trainable=True)
    params, rest = eqx.partition(mixture, eqx.is_inexact_array)

    @jax.grad
    def gradients(params):
        return eqx.combine(params, rest).log_prob(jnp.array([0.5, 7.0])).sum()

    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(gradients(params)))
