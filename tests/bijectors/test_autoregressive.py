"""The autoregressive layer: its triangle, and its inversion against the loop of D passes."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.cases import Skewed, autoregressive, random_condition, spline

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
    given = None if condition is None else condition.reshape(len(z), -1)

    def one_pass(x, column):
        raw = layer.network.parameters(x, given, layer.transformer.sizes)
        values, _ = layer.transformer.apply_to_columns("_forward_and_log_det", raw, z)
        return jnp.where(jnp.arange(z.shape[1]) == column, values, x), None

    return jax.lax.scan(one_pass, jnp.zeros_like(z), jnp.arange(z.shape[1]))[0]


@shapes
def test_jacobians_are_triangular_exactly(n_features, hidden_sizes, residual, condition):
    layer = layer_of(n_features, hidden_sizes, residual, condition, scale=1.0)
    x = 0.1 * jax.random.normal(KEY, (n_features,))
    given = random_condition(KEY, layer, ())
    by_inverse, by_forward, by_condition = map(np.asarray, jacobians(layer, x, given))
    for found in (by_inverse, by_forward):
        assert np.all(np.triu(found, 1) == 0)
        assert np.all(np.diagonal(found) != 0)
    # Narrow layers see fewer of the columns before; the last still sees the first, all the
    # condition.
    assert n_features == 1 or by_inverse[-1, 0] != 0
    if min(hidden_sizes) >= n_features - 1:
        assert np.all(by_inverse[np.tril_indices(n_features, -1)] != 0)
    assert np.all(np.any(by_condition.reshape(n_features, -1) != 0, axis=1)) or given is None


@eqx.filter_jit
def jacobians(layer, x, given):
    of_condition = jnp.zeros((len(x), 1))
    if given is not None:
        of_condition = jax.jacfwd(layer.inverse, argnums=1)(x, given)
    return jax.jacfwd(layer.inverse)(x, given), jax.jacfwd(layer.forward)(x, given), of_condition


@shapes
def test_inverts_as_the_loop_of_full_passes(x64, n_features, hidden_sizes, residual, condition):
    layer = in_float64(layer_of(n_features, hidden_sizes, residual, condition))
    z = jax.random.normal(KEY, (4, n_features))
    given = random_condition(KEY, layer, (4,))
    (x, log_det), expected, (back, log_det_back) = both_inversions(layer, z, given)
    np.testing.assert_allclose(x, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(back, z, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(log_det_back, -log_det, rtol=1e-9, atol=1e-9)


@eqx.filter_jit
def both_inversions(layer, z, given):
    x, log_det = layer.forward_and_log_det(z, given)
    return (x, log_det), by_passes(layer, z, given), layer.inverse_and_log_det(x, given)


def in_float64(tree):
    return jax.tree.map(lambda a: a.astype(float) if eqx.is_inexact_array(a) else a, tree)


GRADIENTS = [
    (4, (6,), False, None, Affine()),
    (4, (6, 6), True, (2,), Affine()),
    (3, (2,), False, (2,), spline(2)),
    (3, (5,), False, None, Skewed()),
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

    expected = jax.tree.leaves(jax.jit(jax.jacrev(naive))(arrays))
    for got, wanted in zip(
        jax.tree.leaves(jax.jit(jax.jacfwd(quick))(arrays)), expected, strict=True
    ):
        np.testing.assert_allclose(got, wanted, rtol=1e-8, atol=1e-8)
    weights = jnp.arange(1.0, 2 * n_features + 3)
    gradient = jax.jit(jax.grad(lambda arrays: weights @ quick(arrays)))(arrays)
    for got, wanted in zip(jax.tree.leaves(gradient), expected, strict=True):
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
