"""Mixtures of any distributions, and distributions of other libraries."""

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
