"""Coupling layers: what passes, what moves, and for whom."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.cases import Skewed, coupling, spline

from fluvial.bijectors import Affine, Coupling, Shift
from fluvial.errors import ShapeError
from fluvial.testing import randomise

KEY = jax.random.key(7)


def jacobian(layer, z, condition=None):
    return np.asarray(jax.jit(jax.jacfwd(lambda z: layer.forward(z, condition)))(z))


@pytest.mark.parametrize(
    ("transformer", "n_identity"),
    [(Affine(), 0), (Affine(), 3), (spline(2), 2), (Skewed(), 1)],
)
def test_the_first_columns_pass_and_each_other_moves_by_itself(transformer, n_identity):
    layer = randomise(coupling(KEY, transformer, 4, n_identity=n_identity), KEY, 1.0)
    z = jax.random.normal(KEY, (4,))
    found = jacobian(layer, z) != 0
    declared = np.eye(4, dtype=bool)
    declared[n_identity:, :n_identity] = True
    np.testing.assert_array_equal(found, declared)
    x = layer.forward(z)
    np.testing.assert_array_equal(x[:n_identity], z[:n_identity])
    assert np.all(x[n_identity:] != z[n_identity:])


def test_an_affine_coupling_is_the_formula():
    layer = randomise(coupling(KEY, Affine(), 3), KEY, 0.5)
    z = jax.random.normal(KEY, (5, 3))
    shift, raw = jnp.split(layer.conditioner(z[:, :1]), 2, axis=1)
    log_scale = raw / (1 + jnp.abs(raw) / 7)
    x, log_det = layer.forward_and_log_det(z)
    np.testing.assert_allclose(x[:, 1:], shift + z[:, 1:] * jnp.exp(log_scale), rtol=1e-5)
    np.testing.assert_allclose(log_det, log_scale.sum(axis=1), rtol=1e-5, atol=1e-6)


def test_starts_close_to_the_transformer_as_it_is_given():
    layer = coupling(KEY, Affine(2.0, 3.0), 2)
    z = jax.random.normal(KEY, (20, 2))
    np.testing.assert_allclose(layer.forward(z)[:, 1], 2 + 3 * z[:, 1], atol=0.5)


def test_every_moved_column_moves_with_the_condition():
    layer = randomise(coupling(KEY, Affine(), 3, condition_shape=(2, 2)), KEY, 1.0)
    z = jnp.ones(3)
    found = jax.jacfwd(lambda c: layer.forward(z, c))(jnp.ones((2, 2)))
    assert np.all(found[0] == 0)
    assert np.all(np.any(np.asarray(found[1:]) != 0, axis=(1, 2)))


@pytest.mark.parametrize("n_identity", [-1, 3, 4])
def test_a_coupling_that_moves_nothing_is_refused(n_identity):
    with pytest.raises(ValueError, match="n_identity"):
        coupling(KEY, Affine(), 3, n_identity=n_identity)


def test_a_transformer_has_to_be_scalar():
    with pytest.raises(ShapeError, match="scalar"):
        coupling(KEY, Shift(jnp.zeros(2)), 4)


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="tanhh"):
        Coupling(KEY, Affine(), n_features=2, hidden_sizes=(3,), activation="tanhh")
