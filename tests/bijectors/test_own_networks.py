"""A user's own network in coupling and autoregressive layers."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.bijectors import (
    Affine,
    Coupling,
    Invert,
    MaskedAutoregressive,
    RationalQuadraticSpline,
    n_parameters,
)
from fluvial.errors import ShapeError
from fluvial.networks import MLP, MaskedMLP
from fluvial.testing import check_bijector, randomise

KEY = jax.random.key(13)


class Bilinear(eqx.Module):
    """From (n, m) and (n, C) to (n, D, P): linear in the columns, times a gate of the condition."""

    weight: jax.Array
    gate: jax.Array | None

    def __init__(self, m, n_columns, n_parameters, n_condition=0):
        self.weight = jnp.zeros((n_columns, n_parameters, m))
        self.gate = jnp.zeros((n_columns, n_parameters, n_condition)) if n_condition else None

    def __call__(self, x, condition=None):
        raw = jnp.einsum("dpm,nm->ndp", self.weight, jnp.sin(x))
        if condition is None:
            return raw
        return raw + jnp.einsum("dpc,nc->ndp", self.gate, condition)


class Triangular(eqx.Module):
    """An autoregressive network: column i sees `x[:, :i]` through the strict lower triangle."""

    weight: jax.Array
    bias: jax.Array
    reach: int = eqx.field(static=True)

    def __init__(self, n_columns, n_parameters, reach=-1):
        self.weight = jnp.ones((n_parameters, n_columns, n_columns))
        self.bias = jnp.zeros((n_columns, n_parameters))
        self.reach = reach

    def __call__(self, x, condition=None):
        raw = jnp.einsum("pij,nj->nip", jnp.tril(self.weight, self.reach), jnp.tanh(x)) + self.bias
        return raw if condition is None else raw + jnp.sum(condition, axis=1)[:, None, None]


TRANSFORMERS = {"affine": Affine(), "spline": Invert(RationalQuadraticSpline(3, 2.0))}
transformers = pytest.mark.parametrize("name", TRANSFORMERS)


@transformers
@pytest.mark.parametrize("condition_shape", [None, (2, 1)])
def test_a_coupling_with_an_own_network_keeps_the_contract(name, condition_shape):
    transformer = TRANSFORMERS[name]
    network = Bilinear(2, 1, n_parameters(transformer), 0 if condition_shape is None else 2)
    layer = Coupling(
        None,
        transformer,
        n_features=3,
        n_identity=2,
        conditioner=network,
        condition_shape=condition_shape,
    )
    check_bijector(randomise(layer, KEY), KEY)


@transformers
@pytest.mark.parametrize("condition_shape", [None, (2,)])
def test_an_autoregressive_layer_with_an_own_network_keeps_the_contract(name, condition_shape):
    """It is inverted by passes, with the derivatives of the layers that are inverted fast."""
    transformer = TRANSFORMERS[name]
    layer = MaskedAutoregressive(
        None,
        transformer,
        n_features=3,
        network=Triangular(3, n_parameters(transformer)),
        condition_shape=condition_shape,
    )
    check_bijector(randomise(layer, KEY, 0.2), KEY, n=4)


def test_an_own_network_of_zeros_gives_the_transformer_itself():
    z = jax.random.normal(KEY, (5, 4))
    transformer = Affine(1.0, -3.0)
    layer = Coupling(None, transformer, n_features=4, conditioner=Bilinear(2, 2, 2))
    np.testing.assert_array_equal(layer.forward(z)[:, 2:], transformer.forward(z[:, 2:]))


def test_parameters_come_in_the_order_that_is_documented():
    """Of an affine map the shift, then the raw log scale."""

    def network(x):
        return jnp.stack([2 + 0 * x, 0.5 + 0 * x], axis=2)

    layer = Coupling(None, Affine(), n_features=2, conditioner=network)
    scale = np.exp(0.5 / (1 + 0.5 / 7))
    np.testing.assert_allclose(layer.forward(jnp.ones(2)), [1, 2 + scale], rtol=1e-6)


def test_a_network_of_fluvial_fits_too_and_keeps_the_fast_inversion():
    masked = MaskedMLP(KEY, n_features=3, n_parameters=2, hidden_sizes=(8,))
    layer = MaskedAutoregressive(None, Affine(), n_features=3, network=masked)
    built = MaskedAutoregressive(KEY, Affine(), n_features=3, hidden_sizes=(8,))
    assert bool(eqx.tree_equal(layer, built))
    mlp = MLP(KEY, 1, 4, hidden_sizes=(8,))
    layer = Coupling(None, Affine(), n_features=3, conditioner=mlp)
    assert bool(eqx.tree_equal(layer, Coupling(KEY, Affine(), n_features=3, hidden_sizes=(8,))))


def test_a_network_of_another_shape_is_refused_when_the_layer_is_built():
    with pytest.raises(ShapeError, match=r"\(2, 2, 3\).*\(2, 2, 2\)"):
        Coupling(None, Affine(), n_features=4, conditioner=Bilinear(2, 2, 3))
    with pytest.raises(ShapeError, match=r"\(2, 4, 2\).*\(2, 3, 2\)"):
        MaskedAutoregressive(
            None, Affine(), n_features=3, network=lambda x: jnp.zeros((len(x), 4, 2))
        )
    with pytest.raises(TypeError, match="function of rows"):
        Coupling(None, Affine(), n_features=4, conditioner=3)  # pyright: ignore[reportArgumentType]


def test_a_network_that_sees_too_much_is_refused_when_the_layer_is_built():
    with pytest.raises(ValueError, match="parameters of column 0 depend on column 0"):
        MaskedAutoregressive(None, Affine(), n_features=3, network=Triangular(3, 2, reach=0))


@pytest.mark.parametrize("hidden_sizes", [None, (4,)])
def test_a_layer_has_one_network(hidden_sizes):
    own = None if hidden_sizes is None else Bilinear(1, 1, 2)
    with pytest.raises(ValueError, match="either hidden_sizes"):
        Coupling(KEY, Affine(), n_features=2, hidden_sizes=hidden_sizes, conditioner=own)
    with pytest.raises(ValueError, match="either hidden_sizes"):
        MaskedAutoregressive(KEY, Affine(), n_features=2, hidden_sizes=hidden_sizes, network=own)
