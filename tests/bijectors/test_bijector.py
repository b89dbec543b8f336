"""The contract that all bijectors share: batch axes, conditions, types."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import mutually_broadcastable_shapes
from tests.cases import Rotated

from fluvial.bijectors import Affine, Shift
from fluvial.errors import ShapeError


@settings(max_examples=15, deadline=None, derandomize=True)
@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3))
def test_batch_axes_of_input_and_condition_broadcast(shapes):
    batch, of_condition = shapes.input_shapes
    rng = np.random.default_rng(0)
    z = rng.normal(size=(*batch, 2)).astype(np.float32)
    angle = rng.normal(size=of_condition).astype(np.float32)
    x, log_det = Rotated().forward_and_log_det(z, angle)
    cos, sin = np.cos(angle), np.sin(angle)
    expected = np.stack([cos * z[..., 0] - sin * z[..., 1], sin * z[..., 0] + cos * z[..., 1]], -1)
    assert x.shape == expected.shape == (*shapes.result_shape, 2)
    assert log_det.shape == shapes.result_shape
    np.testing.assert_allclose(x, expected, atol=1e-5)


def test_shapes_that_do_not_broadcast_are_both_shown():
    with pytest.raises(ShapeError, match=r"\(3,\).*\(4,\)"):
        Rotated().forward(jnp.zeros((3, 2)), jnp.zeros(4))


def test_a_condition_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match=r"\(5, 2\).*\(1,\)"):
        affine_given_one().forward(jnp.zeros(2), jnp.zeros((5, 2)))


def affine_given_one():
    from fluvial.bijectors import Coupling

    return Coupling(
        jax.random.key(0), Affine(), n_features=2, hidden_sizes=(3,), condition_shape=(1,)
    )


def test_a_condition_that_is_not_declared_is_ignored():
    assert float(Shift(1.0).forward(2.0, jnp.zeros(7))) == 3.0


def test_integers_become_floats_and_empty_batches_pass():
    x = Affine(jnp.zeros(2), 2.0).forward(np.array([[1, 2]]))
    assert x.dtype == jnp.float32
    np.testing.assert_array_equal(x, [[2.0, 4.0]])
    assert Affine(jnp.zeros(2), 2.0).forward(np.zeros((0, 2))).shape == (0, 2)


def test_log_dets_are_float64_for_float32_maps_where_float64_is_on():
    affine = Affine(jnp.zeros(2), jnp.full(2, 3.0))
    with jax.enable_x64(True):
        x, log_det = affine.forward_and_log_det(jnp.ones((4, 2), jnp.float32))
        assert x.dtype == jnp.float32
        assert log_det.dtype == jnp.float64
