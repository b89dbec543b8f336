"""Shapes of batches, events and conditions."""

import jax.numpy as jnp
import numpy as np
import pytest

from fluvial import shapes
from fluvial.bijectors import Affine, Shift
from fluvial.errors import ShapeError


def test_integers_become_floats_and_floats_keep_their_type():
    assert shapes.as_floats(np.array([1, 2])).dtype == jnp.float32
    assert shapes.as_floats(np.float16(1)).dtype == jnp.float16


def test_batch_axes_stand_in_front_of_the_event():
    assert shapes.leading_axes(jnp.zeros((5, 4, 3)), (3,), "x", "") == (5, 4)
    with pytest.raises(ShapeError, match=r"Map: x has shape \(4,\).*\(3,\)"):
        shapes.leading_axes(jnp.zeros(4), (3,), "x", "Map")


def test_a_batch_is_broadcast_and_flattened_in_order():
    value = jnp.arange(6.0).reshape(2, 1, 3)
    flat = shapes.flatten_batch(value, (2, 4), (3,))
    np.testing.assert_array_equal(flat, np.repeat(np.arange(6.0).reshape(2, 3), 4, axis=0))
    conditions = jnp.arange(12.0).reshape(2, 3, 2)
    np.testing.assert_array_equal(shapes.flat_conditions(conditions), np.arange(12.0).reshape(2, 6))
    assert shapes.condition_size((3, 2)) == 6
    assert shapes.condition_size(None) == 0


def test_a_sum_over_events_is_float64_where_it_is_on(x64):
    total = shapes.sum_event(jnp.ones((2, 3, 4), jnp.float32))
    assert total.dtype == jnp.float64
    np.testing.assert_array_equal(total, [12.0, 12.0])


def test_a_part_without_condition_gets_none():
    assert shapes.part_condition(Shift(0.0), jnp.ones(2)) is None
    assert shapes.merged_condition_shape([Shift(0.0), Affine()]) is None
