"""Shifts and scales in closed form."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.bijectors import Affine, Scale, Shift
from fluvial.bijectors.affine import LOG_SCALE_BOUND


def test_forward_goes_from_z_to_x():
    z = jnp.array([1.0, 2.0])
    np.testing.assert_allclose(Shift(jnp.array([3.0, 4.0])).forward(z), [4.0, 6.0])
    np.testing.assert_allclose(Scale(jnp.array([3.0, -4.0])).forward(z), [3.0, -8.0])
    np.testing.assert_allclose(Affine(1.0, jnp.array([3.0, -4.0])).forward(z), [4.0, -7.0])


def test_log_det_is_that_of_the_absolute_scales():
    affine = Affine(jnp.ones(2), jnp.array([3.0, -4.0]))
    np.testing.assert_allclose(affine.forward_and_log_det(jnp.zeros(2))[1], np.log(12), rtol=1e-6)
    np.testing.assert_allclose(affine.inverse_and_log_det(jnp.zeros(2))[1], -np.log(12), rtol=1e-6)


def test_shift_and_scale_broadcast_to_the_event_shape():
    affine = Affine(jnp.ones((2, 1)), jnp.full(3, 2.0))
    assert affine.event_shape == affine.shift.shape == affine.scale.shape == (2, 3)


def test_the_start_is_kept_to_the_last_bit():
    scale = jnp.array([0.1, -1e-20, 1e20, 3.3])
    np.testing.assert_array_equal(Affine(0.0, scale).scale, scale)


@pytest.mark.parametrize("raw", [-1e30, -20.0, 20.0, 1e30])
@pytest.mark.parametrize("bound", [LOG_SCALE_BOUND, 1.5])
def test_a_trained_scale_keeps_its_sign_and_its_bounds(raw, bound):
    start = Affine(0.0, -2.0, log_scale_bound=bound).scaling
    scale = eqx.tree_at(lambda s: s.raw_log_scale, start, jnp.float32(raw))
    factor = float(scale.scale) / -2.0
    assert np.exp(-bound) * 0.999 < factor < np.exp(bound) * 1.001
    assert abs(np.log(factor)) > 0.7 * bound
    gradient = jax.grad(lambda s: s.forward_and_log_det(1.0)[1])(scale)
    assert np.isfinite(gradient.raw_log_scale)


@pytest.mark.parametrize("bound", [0.0, -1.0, np.nan])
def test_a_bound_that_bounds_nothing_is_refused(bound):
    with pytest.raises(ValueError, match="log_scale_bound must be greater than 0"):
        Scale(2.0, bound)


@pytest.mark.parametrize("scale", [0.0, np.nan, np.inf, [1.0, 0.0]])
@pytest.mark.parametrize("make", [Scale, lambda scale: Affine(0.0, scale)])
def test_a_scale_that_cannot_be_inverted_is_refused(make, scale):
    with pytest.raises(ValueError, match="finite and not zero"):
        make(np.asarray(scale))
