"""Values outside the domain of a map: errors, NaN under jit, and densities of zero."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.bijectors import (
    Affine,
    Chain,
    Coupling,
    Exp,
    Interval,
    Invert,
    Log,
    LULinear,
    Power,
    Reciprocal,
    Repeat,
    Scale,
    Sigmoid,
    Square,
)
from fluvial.distributions import StandardNormal, TransformedDistribution
from fluvial.errors import DomainError
from fluvial.testing import randomise

KEY = jax.random.key(1)
PAIR = jnp.array([[1.0, 5.0]])


def coupling():
    return randomise(Coupling(KEY, Affine(), n_features=2, hidden_sizes=(3,)), KEY)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Exp().inverse(-2.5), r"inverse: -2.5 lies outside \(0, inf\), all that Exp"),
        (lambda: Log()([1.0, -3.0]), r"forward, row 1: -3 .* \(0, inf\), where Log"),
        (
            lambda: Sigmoid(0.0, 4.0).inverse(jnp.array([[1.0, 5.0]])),
            r"row \(0, 1\): 5 .* \(0, 4\)",
        ),
        (lambda: Exp()(Sigmoid()).inverse(3.0), r"3 leads to 1.0986.* \(0, 1\), all that Sigmoid"),
        (lambda: Invert(Exp()).forward(-1.0), r"forward: -1 lies outside \(0, inf\)"),
        (lambda: Repeat([Exp(), Exp()]).inverse(0.5), r"leads to -0.69.*all that Exp"),
        (lambda: Square().forward(-1.0), r"-1 lies outside \[0, inf\), where Square"),
        (lambda: Power(-1.0).forward(0.0), r"0 lies outside \(0, inf\)"),
        (lambda: Reciprocal().forward(0.0), r"outside \(-inf, 0\) or \(0, inf\)"),
        (
            lambda: Chain([Exp(), coupling()]).inverse(jnp.array([[1.0, 1.0], [1.0, -1.0]])),
            r"inverse, row 1: a value of the event leads to -1, which lies outside",
        ),
        (
            lambda: Coupling(KEY, Exp(), n_features=2, hidden_sizes=(3,)).inverse(
                jnp.array([0.0, -1.0])
            ),
            "the event lies outside the domain of Coupling",
        ),
    ],
)
def test_values_outside_are_named(call, message):
    with pytest.raises(DomainError, match=message):
        call()


def test_ends_that_belong_to_a_domain_are_taken():
    assert float(Square().forward(0.0)) == 0.0
    assert float(Power(2.0).inverse(0.0)) == 0.0
    assert np.isnan(Exp().inverse(jnp.nan))
    assert Exp().inverse(jnp.zeros((0,))).shape == (0,)


@pytest.mark.parametrize("compose", [lambda: Exp(), lambda: Repeat([Exp(), Scale(2.0)][:1] * 2)])
def test_under_jit_they_are_nan(compose):
    found = jax.jit(compose().inverse)(jnp.array([-1.0, 0.0, 3.0, jnp.nan]))
    np.testing.assert_array_equal(jnp.isnan(found), [True, True, False, True])


CHAINS = {
    "scalar": lambda: Exp(),
    "data side": lambda: Chain([Exp(), coupling()]),
    "latent side": lambda: Chain([Affine(jnp.zeros(2), 1.0), Exp(), coupling()]),
    "repeated": lambda: Repeat([Chain([Exp(), LULinear(2)])] * 6),
    "in a layer": lambda: Coupling(KEY, Chain([Exp(), Affine()]), n_features=2, hidden_sizes=(3,)),
}


@pytest.mark.parametrize("name", CHAINS)
def test_the_density_outside_is_zero_and_moves_with_nothing(name):
    """The gradient is that of the row inside alone, and nothing of the row outside is NaN."""
    flow = TransformedDistribution(StandardNormal(2), CHAINS[name]())
    inside, outside = jnp.array([5.0, 8e3]), jnp.array([5.0, -0.5])

    @eqx.filter_jit
    def value_and_gradients(flow, x):
        params, rest = eqx.partition(flow, eqx.is_inexact_array)

        def total(given):
            params, x = given
            log_prob = eqx.combine(params, rest).log_prob(x)
            return jnp.sum(jnp.where(jnp.isfinite(log_prob), log_prob, 0)), log_prob

        (_, log_prob), gradients = jax.value_and_grad(total, has_aux=True)((params, x))
        return log_prob, gradients

    log_prob, gradients = value_and_gradients(flow, jnp.stack([inside, outside]))
    assert np.isneginf(log_prob[1])
    of_one, alone = value_and_gradients(flow, inside[None])
    np.testing.assert_allclose(log_prob[0], of_one[0], rtol=1e-6)
    np.testing.assert_array_equal(gradients[1][1], 0.0)
    for both, one in zip(
        jax.tree.leaves((gradients[0], gradients[1][:1])), jax.tree.leaves(alone), strict=True
    ):
        np.testing.assert_allclose(both, one, rtol=1e-5, atol=1e-7)
    assert np.isnan(flow.log_prob(jnp.array([jnp.nan, 1.0])))


def test_samples_from_outside_a_domain_are_nan():
    x = TransformedDistribution(StandardNormal(()), Log()).sample(KEY, (50,))
    assert 0 < np.isnan(x).sum() < 50


def test_intervals():
    values = jnp.array([-1.0, 0.0, 0.5, 1.0, jnp.nan])
    half_open = Interval(0.0, 1.0, closed_high=True)
    np.testing.assert_array_equal(half_open.leaves_out(values), [True, True, False, False, False])
    assert (str(half_open), str(Interval())) == ("(0, 1]", "(-inf, inf)")
    for domain in (half_open, Interval(2.0), Interval(high=-2.0), Interval()):
        low, high = (domain.inner(jnp.zeros(()), share) for share in (0.25, 0.75))
        assert low < high
        assert not domain.leaves_out(low) | domain.leaves_out(high)


@pytest.mark.parametrize(
    ("bijector", "x", "z", "falls"),
    [
        (Exp(), [-1.0, 1.0, jnp.inf], [-jnp.inf, 0.0, jnp.inf], False),
        (Chain([Sigmoid(), Scale(-1.0)]), [-1.0, 0.5, 2.0], [jnp.inf, 0.0, -jnp.inf], True),
        (Invert(Log()), [-1.0, 1.0], [-jnp.inf, 0.0], False),
        (Power(-1.0), [-1.0, 2.0], [jnp.inf, 0.5], True),
        (Chain([Exp(), Affine(jnp.zeros(1), -2.0)]), [[-1.0], [1.0]], [[jnp.inf], [0.0]], True),
    ],
)
def test_monotone_maps_tell_the_ends_and_where_they_fall(bijector, x, z, falls):
    found, turned = bijector._to_ends("inverse", jnp.array(x), None)
    np.testing.assert_array_equal(found, jnp.array(z))
    np.testing.assert_array_equal(turned, np.full(np.shape(x), falls))


def test_what_is_not_monotone_says_so():
    for bijector in (Reciprocal(), LULinear(2)):
        with pytest.raises(NotImplementedError, match=r"is (not|no) monotone"):
            bijector._to_ends("inverse", jnp.ones((1, 2)), None)
