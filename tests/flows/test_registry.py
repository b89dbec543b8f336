"""The invariants of every flow in `tests/cases.py`."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.cases import FLOW_STARTS, FLOWS, random_condition

from fluvial.testing import check_bijector
from fluvial.training import trainable

KEY = jax.random.key(6)

names = pytest.mark.parametrize("name", FLOWS)


@names
def test_the_bijector_keeps_its_contract(name):
    check_bijector(FLOWS[name](KEY).bijector, jax.random.key(1), n=4)


@names
def test_samples_come_with_their_log_prob(name):
    flow = FLOWS[name](KEY)
    condition = random_condition(KEY, flow, (3,))
    batch = () if condition is None else (3,)
    x, log_prob = flow.sample_and_log_prob(KEY, (50,), condition)
    assert x.shape == (50, *batch, *flow.event_shape)
    assert log_prob.shape == (50, *batch)
    np.testing.assert_allclose(flow.log_prob(x, condition), log_prob, rtol=1e-3, atol=2e-3)
    again = flow.sample(KEY, (50,), condition)
    np.testing.assert_allclose(again, x, rtol=1e-5, atol=1e-5)
    assert np.asarray(again).tobytes() == np.asarray(flow.sample(KEY, (50,), condition)).tobytes()


@names
@pytest.mark.parametrize("state", ["start", "random"])
def test_the_density_integrates_to_one(name, state):
    """Over a grid that holds the latents up to 5.5 standard deviations, denser near zero."""
    flow = (FLOW_STARTS if state == "start" else FLOWS)[name](KEY)
    condition = random_condition(KEY, flow, ())
    far = jax.random.normal(KEY, (20_000, *flow.event_shape))
    far = 5.5 * far / jnp.linalg.norm(far, axis=1, keepdims=True)
    reach = np.asarray(flow.bijector.forward(far, condition), np.float64)
    ends = np.arcsinh([reach.min(axis=0) - 0.1, reach.max(axis=0) + 0.1]).T
    axes = [np.sinh(np.linspace(low, high, 4001 if len(ends) == 1 else 701)) for low, high in ends]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).astype(np.float32)
    total = np.exp(np.asarray(flow.log_prob(grid, condition), np.float64))
    for axis in axes:
        total = np.gradient(axis) @ total
    np.testing.assert_allclose(total, 1, atol=5e-3)


@names
def test_every_parameter_gets_a_finite_gradient_and_most_a_real_one(name):
    """From rows inside, on the edge of and beyond the interval of the splines."""
    flow = FLOWS[name](KEY)
    x = jnp.array([0.3, -1.2, 5.0, -5.0, 7.0, -1e4])[:, None] * jnp.ones(flow.event_shape)
    x = jnp.concatenate([x, jax.random.normal(KEY, (20, *flow.event_shape))])
    condition = random_condition(KEY, flow, (len(x),))
    params, rest = eqx.partition(flow, trainable(flow))

    @eqx.filter_jit
    @eqx.filter_grad
    def gradients(params):
        return jnp.mean(eqx.combine(params, rest).log_prob(x, condition))

    for path, leaf in jax.tree_util.tree_leaves_with_path(gradients(params)):
        assert np.all(np.isfinite(leaf)), jax.tree_util.keystr(path)
        # A network of no inputs has a weight that meets nothing.
        assert np.any(leaf != 0) or flow.event_shape == (1,), jax.tree_util.keystr(path)


@pytest.mark.parametrize("name", [name for name in FLOWS if "conditional" in name])
def test_the_density_of_every_column_moves_with_the_condition(name):
    flow = FLOWS[name](KEY)
    z = jnp.zeros(flow.event_shape)
    moved = jax.jacfwd(lambda c: flow.bijector.forward(z, c))(random_condition(KEY, flow, ()))
    assert np.all(np.any(moved.reshape(*flow.event_shape, -1) != 0, axis=-1))


@pytest.mark.parametrize("name", ["maf", "spline-coupling-flow"])
def test_seeds_reproduce_bit_by_bit(name):
    first, second = FLOW_STARTS[name](KEY), FLOW_STARTS[name](KEY)
    assert bool(eqx.tree_equal(first, second))
    assert not eqx.tree_equal(first, FLOW_STARTS[name](jax.random.key(7)))
