"""Compositions against the same layers by hand."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.cases import Rotated

from fluvial.bijectors import (
    Affine,
    Bijector,
    Chain,
    Coupling,
    Invert,
    LULinear,
    Permutation,
    Repeat,
    Scale,
    Shift,
)
from fluvial.bijectors.compose import written_out
from fluvial.errors import ShapeError
from fluvial.testing import randomise

KEY = jax.random.key(0)


def test_the_last_listed_acts_first():
    chain = Chain([Shift(1.0), Scale(2.0)])
    assert float(chain.forward(3.0)) == 7.0
    assert float(chain.inverse(7.0)) == 3.0


def test_invert_exchanges_the_directions():
    affine = Affine(1.0, 4.0)
    x, log_det = Invert(affine).forward_and_log_det(3.0)
    assert (float(x), float(log_det)) == tuple(map(float, affine.inverse_and_log_det(3.0)))
    assert float(Invert(Invert(affine)).forward(3.0)) == float(affine.forward(3.0))


def coupling_layers(n, condition_shape=None):
    keys = jax.random.split(KEY, n)
    layers = [
        Chain(
            [
                Coupling(
                    key,
                    Affine(),
                    n_features=3,
                    hidden_sizes=(4,),
                    condition_shape=condition_shape,
                ),
                Permutation.random(key, 3),
            ]
        )
        for key in keys
    ]
    return [randomise(layer, key) for layer, key in zip(layers, keys, strict=True)]


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("condition_shape", [None, (2,)])
def test_repeat_is_the_chain_of_its_layers(n, condition_shape):
    layers = coupling_layers(n, condition_shape)
    repeat, chain = Repeat(layers), Chain(layers)
    assert repeat.condition_shape == chain.condition_shape == condition_shape
    condition = None if condition_shape is None else jax.random.normal(KEY, (4, 2))
    z = jax.random.normal(KEY, (4, 3))
    for method in ("forward_and_log_det", "inverse_and_log_det"):
        for got, wanted in zip(
            getattr(repeat, method)(z, condition), getattr(chain, method)(z, condition), strict=True
        ):
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)
    for layer, again in zip(layers, repeat.layers, strict=True):
        assert bool(eqx.tree_equal(layer, again))


def test_repeats_nest():
    inner = [Repeat([Shift(1.0), Scale(2.0 + i), Shift(3.0)][:1] * 2) for i in range(3)]
    assert float(Repeat(inner).forward(0.0)) == 6.0


def test_written_out_layers_compute_the_same_and_have_the_same_gradient():
    repeat = Repeat(coupling_layers(3))
    tree = {"outer": Invert(Repeat([repeat, repeat])), "other": jnp.ones(2)}
    z = jax.random.normal(KEY, (4, 3))

    def total(tree, at_most):
        x, log_det = written_out(tree, at_most)["outer"].forward_and_log_det(z)
        return jnp.sum(x**2) + jnp.sum(log_det)

    value, gradient = eqx.filter_value_and_grad(total)(tree, 0)
    for at_most in (2, 3):
        of_chain, gradient_of_chain = eqx.filter_value_and_grad(total)(tree, at_most)
        np.testing.assert_allclose(of_chain, value, rtol=1e-5)
        for leaf, wanted in zip(
            jax.tree.leaves(gradient_of_chain), jax.tree.leaves(gradient), strict=True
        ):
            np.testing.assert_allclose(leaf, wanted, rtol=1e-4, atol=1e-4)


def test_few_layers_alone_are_written_out():
    few, many = Repeat([Shift(1.0)] * 2), Repeat([Shift(1.0)] * 3)
    assert isinstance(written_out(few, 2), Chain)
    assert written_out(many, 2) is many


@pytest.mark.parametrize(
    "layers",
    [
        [Shift(1.0), Scale(1.0)],
        [Shift(1.0), Invert(Shift(1.0))],
        [Chain([Shift(1.0)]), Chain([Shift(1.0), Shift(1.0)])],
    ],
)
def test_repeat_refuses_layers_of_different_structures(layers):
    with pytest.raises(ValueError, match="one structure"):
        Repeat(layers)


@pytest.mark.parametrize("compose", [Chain, Repeat])
def test_compositions_refuse_nothing_and_different_shapes(compose):
    with pytest.raises(ValueError, match="at least one"):
        compose([])
    with pytest.raises(ShapeError, match=r"\(2,\).*\(3,\)"):
        compose([Shift(jnp.zeros(2)), Shift(jnp.zeros(3))])


def test_parts_with_different_conditions_are_refused():
    layer = Coupling(KEY, Affine(), n_features=2, hidden_sizes=(3,), condition_shape=(2,))
    with pytest.raises(ShapeError, match="conditions"):
        Chain([layer, Rotated()])


def test_the_condition_goes_to_the_parts_that_declare_one():
    chain = Chain([LULinear(2), Invert(Rotated()), Shift(jnp.ones(2))])
    assert chain.condition_shape == ()
    angle = jnp.array(np.pi / 2)
    np.testing.assert_allclose(chain.forward(jnp.array([0.0, 1.0]), angle), [2.0, -1.0], atol=1e-6)


class Centred(Bijector):
    """Shifts so that the first data that it sees have mean zero on the latent side."""

    mean: jax.Array
    event_shape = (2,)
    condition_shape = None

    def _forward_and_log_det(self, z, condition):
        return z + self.mean, jnp.zeros(len(z))

    def _inverse_and_log_det(self, x, condition):
        return x - self.mean, jnp.zeros(len(x))

    def initialise(self, x, condition=None):
        return Centred(jnp.mean(jnp.asarray(x), axis=0))


@pytest.mark.parametrize("compose", [Chain, Repeat])
def test_each_part_starts_from_the_data_that_reach_it(compose):
    rows = jnp.array([[1.0, 2.0], [3.0, 6.0]])
    start = compose([Centred(jnp.zeros(2)), Centred(jnp.zeros(2))])
    started = start.initialise(rows)
    first, second = started.parts if compose is Chain else started.layers
    np.testing.assert_allclose(first.mean, [2.0, 4.0])
    np.testing.assert_allclose(second.mean, 0.0)
    np.testing.assert_allclose(start.forward(rows), rows)
