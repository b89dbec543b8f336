"""What a call means, scalar maps in larger events, and the four views."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.cases import Rotated

from fluvial.bijectors import (
    Affine,
    Bijector,
    Chain,
    Exp,
    Invert,
    LULinear,
    MaskedAutoregressive,
    Scale,
    Shift,
    Sigmoid,
)
from fluvial.distributions import DiagonalNormal, StandardNormal, TransformedDistribution
from fluvial.errors import ShapeError
from fluvial.flows import Flow
from fluvial.testing import randomise

KEY = jax.random.key(0)


def linear(n_features=3):
    return randomise(LULinear(n_features), KEY, 0.3)


def test_a_call_with_values_is_forward():
    scale = Scale(jnp.array([2.0, 3.0]))
    for values in ([1, 2], np.array([1.0, 2.0]), jnp.array([1.0, 2.0]), (1.0, 2.0)):
        np.testing.assert_array_equal(scale(values), [2.0, 6.0])
    assert Scale(2.0)(3) == 6.0
    x = Rotated()(jnp.array([1.0, 0.0]), np.pi / 2)
    np.testing.assert_allclose(x, [0.0, 1.0], atol=1e-6)


def test_a_call_with_a_bijector_is_a_chain():
    made = Shift(1.0)(Scale(2.0))
    assert isinstance(made, Chain)
    np.testing.assert_array_equal(made(jnp.array([1.0, 2.0, 3.0])), [3.0, 5.0, 7.0])
    np.testing.assert_array_equal(made.inverse(jnp.array([2.0, 5.0, 8.0])), [0.5, 2.0, 3.5])


class Coin:
    """A distribution of another library."""

    event_shape = ()

    def log_prob(self, x):
        return jnp.zeros(x.shape)

    def sample(self, key, shape):
        return jnp.ones(shape)


@pytest.mark.parametrize("base", [StandardNormal(()), StandardNormal(2), Coin()])
def test_a_call_with_a_distribution_transforms_it(base):
    made = Exp()(base)
    assert isinstance(made, TransformedDistribution)
    x = jnp.full(base.event_shape, 2.0)
    wanted = base.log_prob(jnp.log(x)) - x.size * np.log(2.0)
    np.testing.assert_allclose(made.log_prob(x), wanted, rtol=1e-6)


@pytest.mark.parametrize("argument", ["1.0", None, object(), {1.0}, [Scale(1.0)], jnp.sin])
def test_any_other_call_names_the_three(argument):
    with pytest.raises(TypeError, match=r"values.*Chain.*TransformedDistribution"):
        Exp()(argument)


def test_a_scalar_map_acts_on_each_value_of_a_chain():
    inner, angle = Rotated(), jnp.array([0.3, -1.0])
    z = jax.random.normal(KEY, (2, 2))
    y, zero = inner.forward_and_log_det(z, angle)
    of_sigmoid = jax.nn.log_sigmoid(y) + jax.nn.log_sigmoid(-y)
    for chain, x, slopes in (
        (Chain([Sigmoid(), inner]), jax.nn.sigmoid(y), of_sigmoid),
        (Chain([Invert(Scale(2.0)), Shift(1.0), inner]), (y + 1) / 2, y * 0 - np.log(2)),
    ):
        found, log_det = chain.forward_and_log_det(z, angle)
        np.testing.assert_allclose(found, x, rtol=1e-6)
        np.testing.assert_allclose(log_det, zero + slopes.sum(axis=1), rtol=1e-5)
        np.testing.assert_allclose(chain.inverse(found, angle), z, atol=1e-5)
    # On the latent side too, and a chain of scalars stays one.
    np.testing.assert_allclose(Chain([inner, Exp()])(z, angle), inner(jnp.exp(z), angle))
    assert Chain([Exp(), Chain([Exp(), Shift(1.0)])]).event_shape == ()


class Moved(Bijector):
    """Each value moved by the condition."""

    event_shape = ()
    condition_shape = ()

    def _forward(self, z, condition):
        return z + condition

    def _inverse(self, x, condition):
        return x - condition


def test_a_condition_serves_every_value():
    chain = Chain([Moved(), Exp(), LULinear(2)])
    x = chain(jnp.zeros((2, 2)), jnp.array([1.0, 5.0]))
    np.testing.assert_allclose(x, [[2.0, 2.0], [6.0, 6.0]])
    np.testing.assert_allclose(chain.inverse(x, jnp.array([1.0, 5.0])), 0.0, atol=1e-6)


def test_one_element_is_not_stretched():
    for wrong in (
        lambda: Chain([Shift(jnp.zeros(1)), linear()]),
        lambda: Shift(jnp.zeros(1))(LULinear(2)),
    ):
        with pytest.raises(ShapeError, match=r"\(1,\).*no other is stretched"):
            wrong()
    with pytest.raises(ShapeError, match=r"\(3,\).*\(1,\)"):
        TransformedDistribution(StandardNormal(3), Shift(jnp.zeros(1)))


@pytest.mark.parametrize("kind", [TransformedDistribution, Flow])
def test_a_scalar_base_is_drawn_for_each_value(kind):
    layer = linear()
    if kind is Flow:
        layer = MaskedAutoregressive(KEY, Affine(), n_features=3, hidden_sizes=(4,))
    flow = kind(DiagonalNormal(0.5, 2.0), layer, event_shape=(3,))
    assert flow.sample(KEY, (4,)).shape == (4, 3)
    x = jnp.array([0.1, 0.2, 0.3])
    same = kind(DiagonalNormal(jnp.full(3, 0.5), 2.0), layer)
    np.testing.assert_allclose(flow.log_prob(x), same.log_prob(x), rtol=1e-6)
    both = kind(distribution=DiagonalNormal(0.0, 1.0), bijector=Exp(), event_shape=[2])
    assert both.log_prob(jnp.ones((5, 2))).shape == (5,)


def test_what_cannot_be_stretched_says_what_to_do():
    with pytest.raises(ShapeError, match=r"give event_shape=\(3,\)"):
        TransformedDistribution(DiagonalNormal(0.0, 1.0), linear())
    with pytest.raises(ShapeError, match=r"for a base of event shape \(\)"):
        TransformedDistribution(StandardNormal(2), linear(), event_shape=(3,))
    with pytest.raises(TypeError, match=r"sample\(key, shape\).*event_shape="):
        TransformedDistribution(DiagonalNormal(0.0, 1.0), Exp(), batch_shape=(3,))
    with pytest.raises(TypeError, match="one base and one bijector"):
        TransformedDistribution(DiagonalNormal(0.0, 1.0))


def test_log_dets_are_summed_over_the_axes_of_an_event():
    z = jax.random.normal(KEY, (2, 5, 3))
    exp = Exp()
    np.testing.assert_array_equal(exp.forward_log_det_jacobian(z), z)
    np.testing.assert_array_equal(exp.forward_log_det_jacobian(z, event_ndims=0), z)
    np.testing.assert_allclose(exp.forward_log_det_jacobian(z, 2), z.sum((1, 2)), rtol=1e-5)
    found = exp.inverse_log_det_jacobian(jnp.exp(z), event_ndims=1)
    np.testing.assert_allclose(found, -z.sum(axis=2), rtol=1e-5)
    assert (exp.forward_min_event_ndims, linear().forward_min_event_ndims) == (0, 1)
    assert linear().forward_log_det_jacobian(z, event_ndims=2).shape == (2,)
    for wrong, bijector in ((0, linear()), (4, exp), (-1, exp)):
        with pytest.raises(ShapeError, match=f"is {wrong}"):
            bijector.forward_log_det_jacobian(z, event_ndims=wrong)


def test_a_diagonal_map_has_the_log_det_of_its_product():
    affine = Affine(jnp.array([1.0, 1.0]), jnp.array([1.5, 3.0]))
    assert float(affine.forward_log_det_jacobian(jnp.ones(2))) == pytest.approx(np.log(4.5))
