"""The invariants of every flow in `tests/cases.py`."""

import inspect
import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.cases import FLOW_STARTS, FLOWS, random_condition

from fluvial import flows
from fluvial.artifacts import fill_tree, tree_to_arrays
from fluvial.testing import check_bijector
from fluvial.training import trainable

KEY = jax.random.key(6)
BLOCK = 20_000

names = pytest.mark.parametrize("name", FLOWS)


@names
def test_the_bijector_keeps_its_contract(name):
    check_bijector(FLOWS[name](KEY).bijector, jax.random.key(1), n=4)


# As they start all are close to the base, so that a few of them do.
STARTS = ("maf", "spline-coupling-flow", "planar-flow")


@pytest.mark.parametrize(
    ("name", "state"),
    [*((name, "random") for name in FLOWS), *((name, "start") for name in STARTS)],
)
def test_samples_come_with_a_log_prob_that_integrates_to_one(name, state):
    """Over a grid that holds the samples, denser near zero, in blocks of one size."""
    flow = (FLOW_STARTS if state == "start" else FLOWS)[name](KEY)
    condition = random_condition(KEY, flow, ())
    x, log_prob = flow.sample_and_log_prob(KEY, (BLOCK,), condition)
    assert x.shape == (BLOCK, *flow.event_shape)
    np.testing.assert_allclose(flow.log_prob(x, condition), log_prob, rtol=1e-3, atol=5e-3)
    again, _ = flow.sample_and_log_prob(KEY, (BLOCK,), condition)
    assert np.asarray(again).tobytes() == np.asarray(x).tobytes()

    ends = np.arcsinh(np.array([x.min(axis=0) - 1, x.max(axis=0) + 1], np.float64)).T
    axes = [np.sinh(np.linspace(low, high, 4001 if len(ends) == 1 else 601)) for low, high in ends]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).astype(np.float32)
    total = np.exp(in_blocks(flow, grid.reshape(-1, len(ends)), condition))
    total = total.reshape(grid.shape[:-1])
    for axis in axes:
        total = np.gradient(axis) @ total
    np.testing.assert_allclose(total, 1, atol=5e-3)


def in_blocks(flow, rows, condition):
    padded = np.pad(rows, ((0, -len(rows) % BLOCK), (0, 0)))
    blocks = padded.reshape(-1, BLOCK, rows.shape[1])
    found = [np.asarray(flow.log_prob(block, condition), np.float64) for block in blocks]
    return np.concatenate(found)[: len(rows)]


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
    x = jnp.zeros(flow.event_shape)
    z_of = jax.jacfwd(lambda c: flow.bijector.inverse(x, c))
    moved = jax.jit(z_of)(random_condition(KEY, flow, ()))
    assert np.all(np.any(moved.reshape(*flow.event_shape, -1) != 0, axis=-1))


@pytest.mark.parametrize("name", ["maf", "spline-coupling-flow"])
def test_seeds_reproduce_bit_by_bit(name):
    first, second = FLOW_STARTS[name](KEY), FLOW_STARTS[name](KEY)
    assert bool(eqx.tree_equal(first, second))
    assert not eqx.tree_equal(first, FLOW_STARTS[name](jax.random.key(7)))


@names
def test_its_arrays_fill_another_of_its_kind(name):
    flow, skeleton = FLOWS[name](KEY), FLOWS[name](jax.random.key(7))
    assert not eqx.tree_equal(skeleton, flow)
    assert eqx.tree_equal(fill_tree(skeleton, tree_to_arrays(flow)), flow)


ELSEWHERE = {
    "ffjord": "test_families.py: solving takes long",
    "circular_spline_flow": "test_families.py: of angles, no grid of numbers",
    "glow": "test_images.py: of images",
}
"""Recipes whose densities are tested by themselves."""

RECIPES = {
    name: inspect.signature(recipe).parameters
    for name, recipe in vars(flows).items()
    if inspect.isfunction(recipe) and next(iter(inspect.signature(recipe).parameters)) == "key"
}


@pytest.mark.parametrize("recipe", [name for name in RECIPES if name not in ELSEWHERE])
def test_every_recipe_has_cases_of_one_and_two_columns_and_with_a_condition(recipe):
    start = recipe.removeprefix("neural_").replace("_", "-")
    built = [FLOW_STARTS[name](KEY) for name in FLOWS if re.match(rf"{start}(-|$)", name)]
    assert {flow.event_shape for flow in built} >= {(1,), (2,)}
    if "condition_shape" in RECIPES[recipe]:
        assert any(flow.condition_shape is not None for flow in built)


def test_samples_have_the_batch_of_the_condition():
    flow = FLOWS["maf-conditional"](KEY)
    condition = jnp.array([[0.0], [1.0], [2.0]])
    x, log_prob = flow.sample_and_log_prob(KEY, (5,), condition)
    assert x.shape == (5, 3, 1, 2)
    assert flow.sample(KEY, (5,), condition).shape == (5, 3, 1, 2)
    np.testing.assert_allclose(flow.log_prob(x, condition), log_prob, rtol=1e-4, atol=1e-4)
