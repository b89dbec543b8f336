"""The autoregressive layer: its triangle, and its inversion against the loop of D passes."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.cases import SinhArcsinh, autoregressive, random_condition, spline

from fluvial.bijectors import Affine, Invert, MaskedAutoregressive
from fluvial.testing import randomise

KEY = jax.random.key(11)

# n_features, hidden_sizes, residual, condition_shape
SHAPES = [
    (1, (4,), False, None),
    (1, (4,), False, (2,)),
    (2, (3,), False, ()),
    (5, (2,), False, None),
    (5, (3, 7), False, (2,)),
    (6, (16, 16), True, None),
    (6, (3, 3), True, (1,)),
    (63, (40, 20), False, None),
    (63, (128,), False, (3,)),
]
shapes = pytest.mark.parametrize(("n_features", "hidden_sizes", "residual", "condition"), SHAPES)


def layer_of(n_features, hidden_sizes, residual, condition, *, transformer=None, scale=0.3):
    layer = autoregressive(
        KEY,
        Affine() if transformer is None else transformer,
        n_features,
        hidden_sizes,
        residual=residual,
        condition_shape=condition,
        activation="tanh",
    )
    return randomise(layer, KEY, scale)


def by_passes(layer, z, condition):
    """Invert column by column with a full pass of the network for each: D passes."""
    x = jnp.zeros_like(z)
    for column in range(z.shape[1]):
        raw = layer.network(x, None if condition is None else condition.reshape(len(z), -1))
        value, _ = layer.transformer.apply("_forward_and_log_det", raw, z)
        x = x.at[:, column].set(value[:, column])
    return x


@shapes
def test_the_jacobian_is_triangular_exactly(n_features, hidden_sizes, residual, condition):
    layer = layer_of(n_features, hidden_sizes, residual, condition)
    x = jax.random.normal(KEY, (n_features,))
    given = random_condition(KEY, layer, ())
    for method in (layer.inverse, layer.forward):
        found = np.asarray(jax.jit(jax.jacfwd(method))(x, given))
        assert np.all(np.triu(found, 1) == 0)
        assert np.all(np.diagonal(found) != 0)
    if min(hidden_sizes) >= n_features - 1:
        found = np.asarray(jax.jacfwd(layer.inverse)(x, given))
        assert np.all(found[np.tril_indices(n_features, -1)] != 0)


@shapes
def test_each_column_but_the_first_sees_those_before(n_features, hidden_sizes, residual, condition):
    """Narrow layers see fewer; the last column still sees the first, and all see a condition."""
    layer = layer_of(n_features, hidden_sizes, residual, condition, scale=1.0)
    x = 0.1 * jax.random.normal(KEY, (n_features,))
    given = random_condition(KEY, layer, ())
    if n_features > 1:
        found = np.asarray(jax.jacfwd(layer.inverse)(x, given))
        assert found[-1, 0] != 0
    if given is not None:
        moved = np.asarray(jax.jacfwd(layer.inverse, argnums=1)(x, given))
        assert np.all(np.any(moved.reshape(n_features, -1) != 0, axis=1))


@shapes
def test_inverts_as_the_loop_of_full_passes(x64, n_features, hidden_sizes, residual, condition):
    layer = in_float64(layer_of(n_features, hidden_sizes, residual, condition))
    z = jax.random.normal(KEY, (4, n_features))
    given = random_condition(KEY, layer, (4,))
    x, log_det = eqx.filter_jit(layer.forward_and_log_det)(z, given)
    np.testing.assert_allclose(x, eqx.filter_jit(by_passes)(layer, z, given), rtol=1e-9, atol=1e-9)
    back, log_det_back = layer.inverse_and_log_det(x, given)
    np.testing.assert_allclose(back, z, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(log_det_back, -log_det, rtol=1e-9, atol=1e-9)


def in_float64(tree):
    return jax.tree.map(lambda a: a.astype(float) if eqx.is_inexact_array(a) else a, tree)


GRADIENTS = [
    (4, (6,), False, None, Affine()),
    (4, (6, 6), True, (2,), Affine()),
    (3, (2,), False, (2,), spline()),
    (3, (5,), False, None, SinhArcsinh()),
]


@pytest.mark.parametrize(
    ("n_features", "hidden_sizes", "residual", "condition", "transformer"), GRADIENTS
)
def test_gradients_are_those_of_the_loop_of_full_passes(
    x64, n_features, hidden_sizes, residual, condition, transformer
):
    """In forward and in reverse mode, for latents, condition and every parameter."""
    layer = layer_of(n_features, hidden_sizes, residual, condition, transformer=transformer)
    layer = in_float64(layer)
    z = jax.random.normal(KEY, (2, n_features))
    given = random_condition(KEY, layer, (2,))
    arrays, static = eqx.partition((layer, z, given), eqx.is_inexact_array)

    def quick(arrays):
        layer, z, given = eqx.combine(arrays, static)
        x, log_det = layer.forward_and_log_det(z, given)
        return jnp.concatenate([x.ravel(), log_det])

    def naive(arrays):
        layer, z, given = eqx.combine(arrays, static)
        x = by_passes(layer, z, given)
        return jnp.concatenate([x.ravel(), -layer.inverse_and_log_det(x, given)[1]])

    expected = jax.jit(jax.jacrev(naive))(arrays)
    for mode in (jax.jacfwd, jax.jacrev):
        found = jax.jit(mode(quick))(arrays)
        for got, wanted in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-8, atol=1e-8)
    weights = jnp.arange(1.0, len(quick(arrays)) + 1)
    gradient = jax.jit(jax.grad(lambda arrays: weights @ quick(arrays)))(arrays)
    for got, wanted in zip(jax.tree.leaves(gradient), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(got, jnp.tensordot(weights, wanted, 1), rtol=1e-8, atol=1e-7)


def test_the_first_column_moves_with_the_condition():
    layer = layer_of(3, (8,), False, (2,), scale=1.0)
    x = jnp.zeros((2, 3))
    given = jnp.array([[0.0, 0.0], [1.0, -1.0]])
    assert abs(np.diff(layer.inverse(x, given)[:, 0])) > 1e-3


def test_inverted_it_is_fast_the_other_way():
    layer = layer_of(3, (8,), False, None)
    z = jax.random.normal(KEY, (4, 3))
    np.testing.assert_array_equal(Invert(layer).forward(z), layer.inverse(z))


@pytest.mark.parametrize(
    ("hidden_sizes", "residual", "message"),
    [((), False, "hidden_sizes"), ((4, 5), True, "equal hidden_sizes")],
)
def test_networks_that_cannot_be_built_are_refused(hidden_sizes, residual, message):
    with pytest.raises(ValueError, match=message):
        MaskedAutoregressive(
            KEY, Affine(), n_features=3, hidden_sizes=hidden_sizes, residual=residual
        )
