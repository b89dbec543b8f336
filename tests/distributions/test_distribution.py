"""The contract that all distributions share: batch axes, conditions, types."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import mutually_broadcastable_shapes
from tests.cases import Rotated

from fluvial.distributions import Distribution, StandardNormal, TransformedDistribution
from fluvial.errors import ShapeError

KEY = jax.random.key(0)


class Around(Distribution):
    """A normal of two columns around the condition, to test conditions with."""

    event_shape = (2,)
    condition_shape = (2,)

    def _log_prob(self, x, condition: Any):
        return StandardNormal(2)._log_prob(x - condition, None)

    def _sample(self, key, n, condition: Any):
        return condition + 0.01 * jax.random.normal(key, (n, 2))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3))
def test_batch_axes_of_events_and_condition_broadcast(shapes):
    batch, of_condition = shapes.input_shapes
    rng = np.random.default_rng(0)
    x = rng.normal(size=(*batch, 2)).astype(np.float32)
    c = rng.normal(size=(*of_condition, 2)).astype(np.float32)
    log_prob = Around().log_prob(x, c)
    assert log_prob.shape == shapes.result_shape
    expected = -(((x - c) ** 2).sum(-1)) / 2 - np.log(2 * np.pi)
    np.testing.assert_allclose(log_prob, expected, rtol=1e-5)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
@pytest.mark.parametrize("batch", [(), (4,), (4, 1)])
def test_samples_have_the_shape_then_the_batch_of_the_condition(shape, batch):
    c = 10.0 * jax.random.normal(KEY, (*batch, 2))
    x, log_prob = Around().sample_and_log_prob(KEY, shape, c)
    assert x.shape == (*shape, *batch, 2)
    assert log_prob.shape == (*shape, *batch)
    np.testing.assert_allclose(x, np.broadcast_to(c, x.shape), atol=0.1)
    np.testing.assert_array_equal(Around().sample(KEY, shape, c), x)
    np.testing.assert_allclose(Around().log_prob(x, c), log_prob, rtol=1e-5)


def test_a_number_of_draws_will_do_for_a_shape():
    assert StandardNormal(2).sample(KEY, 3).shape == (3, 2)
    assert StandardNormal(2).sample(KEY).shape == (2,)
    assert StandardNormal(()).sample(KEY, (0,)).shape == (0,)


def test_a_condition_that_is_not_declared_is_refused():
    for method in (
        lambda: StandardNormal(2).log_prob(jnp.zeros(2), jnp.zeros(3)),
        lambda: StandardNormal(2).sample(KEY, (), jnp.zeros(3)),
        lambda: StandardNormal(2).sample_and_log_prob(KEY, (4,), jnp.zeros(3)),
    ):
        with pytest.raises(ShapeError, match=r"StandardNormal takes no condition.*\(3,\)"):
            method()


def test_a_declared_condition_has_to_be_given_in_its_shape():
    with pytest.raises(ShapeError, match=r"Around needs a condition.*None"):
        Around().log_prob(jnp.zeros(2))
    with pytest.raises(ShapeError, match=r"Around.*\(5,\).*\(2,\)"):
        Around().sample(KEY, (), jnp.zeros(5))
    with pytest.raises(ShapeError, match=r"\(3,\).*\(4,\)"):
        Around().log_prob(jnp.zeros((3, 2)), jnp.zeros((4, 2)))


def test_errors_show_both_shapes_of_an_event():
    with pytest.raises(ShapeError, match=r"StandardNormal: x has shape \(4, 3\).*\(2,\)"):
        StandardNormal(2).log_prob(jnp.zeros((4, 3)))


def test_the_same_key_gives_the_same_bits():
    first, second = (np.asarray(StandardNormal(3).sample(KEY, (5,))) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    assert not np.array_equal(first, StandardNormal(3).sample(jax.random.key(1), (5,)))


def test_a_condition_reaches_base_and_bijector():
    flow = TransformedDistribution(StandardNormal(2), Rotated())
    assert flow.condition_shape == ()
    x = jnp.array([[1.0, 2.0]])
    angles = jnp.array([0.0, 0.5, 1.0])
    log_prob = flow.log_prob(x, angles)
    np.testing.assert_allclose(log_prob, StandardNormal(2).log_prob(jnp.tile(x, (3, 1))), rtol=1e-6)
    assert flow.sample(KEY, (4,), angles).shape == (4, 3, 2)
