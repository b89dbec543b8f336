"""The invariants of every bijector in `tests/cases.py`."""

import inspect

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.cases import BIJECTORS, random_condition

from fluvial import bijectors
from fluvial.artifacts import fill_tree, tree_to_arrays
from fluvial.bijectors import Bijector, Elementwise
from fluvial.errors import ModelFileError, ShapeError
from fluvial.parameters import trainable
from fluvial.testing import check_bijector
from fluvial.testing.contract import FAST_COMPILATION
from fluvial.testing.latents import random_latents

KEY = jax.random.key(3)

FEW_OPERATIONS = 70
"""Lines of a program that is not worth its compilation."""

names = pytest.mark.parametrize("name", BIJECTORS)


@names
def test_keeps_its_contract(name):
    """Round trips, log dets against the Jacobian, gradients, no identity: all in float64."""
    check_bijector(BIJECTORS[name](KEY), jax.random.key(1), n=5)


def both_ways(bijector, z, condition):
    """Return both directions; of a few operations without a program of their own."""
    if isinstance(bijector, Elementwise):
        program = str(jax.make_jaxpr(_both_ways)(bijector, z, condition))
        if program.count("\n") < FEW_OPERATIONS:
            return _both_ways(bijector, z, condition)
    arrays, static = eqx.partition(bijector, eqx.is_array)

    def run(arrays, z, condition):
        return _both_ways(eqx.combine(arrays, static), z, condition)

    return jax.jit(run, compiler_options=FAST_COMPILATION)(arrays, z, condition)


def _both_ways(bijector, z, condition):
    x, log_det = bijector.forward_and_log_det(z, condition)
    return x, log_det, *bijector.inverse_and_log_det(x, condition)


LAYERS = [name for name in BIJECTORS if name.startswith(("autoregressive", "coupling"))]
IN_FLOAT32 = [name for name in BIJECTORS if name not in LAYERS[2:]]
"""Layers over networks differ in their maps alone, which are here by themselves."""


@pytest.mark.parametrize("name", IN_FLOAT32)
def test_float32_is_close_to_float64_with_any_batch_axes(name):
    bijector = BIJECTORS[name](KEY)
    z = random_latents(bijector, jax.random.key(1), (3, 1))
    condition = random_condition(jax.random.key(2), bijector, (2,))
    x, log_det, back, log_det_back = both_ways(bijector, z, condition)
    batch = (3, 1) if condition is None else (3, 2)
    assert x.dtype == z.dtype == back.dtype == log_det.dtype == jnp.float32
    assert x.shape == batch + bijector.event_shape
    assert log_det.shape == log_det_back.shape == batch
    np.testing.assert_allclose(back, np.broadcast_to(z, back.shape), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(log_det_back, -log_det, rtol=1e-3, atol=2e-3)
    with jax.enable_x64(True):
        wide = jax.tree.map(in_float64, (bijector, z, condition))
        exact, exact_log_det, *_ = both_ways(*wide)
        assert exact.dtype == exact_log_det.dtype == jnp.float64
    np.testing.assert_allclose(x, exact, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(log_det, exact_log_det, rtol=1e-3, atol=2e-3)


def in_float64(leaf):
    return leaf.astype(jnp.float64) if eqx.is_inexact_array(leaf) else leaf


WITH_LOOPS = [
    name
    for name in BIJECTORS
    if name.startswith(
        ("autoregressive-affine", "block", "contractive", "deep", "planar", "repeat")
    )
]


@names
def test_vmap_takes_its_methods(name):
    """As a batch does; the numbers where there are loops, which `vmap` rewrites."""
    bijector = BIJECTORS[name](KEY)
    z = random_latents(bijector, jax.random.key(1), (3,))
    condition = random_condition(jax.random.key(2), bijector, (3,))

    def run(transformed):
        given = () if condition is None else (condition,)
        x, log_det = transformed(bijector.forward_and_log_det)(z, *given)
        return x, log_det, *transformed(bijector.inverse_and_log_det)(x, *given)

    def both(_):
        return run(jax.vmap), run(lambda method: method)

    if name not in WITH_LOOPS:
        one_by_one, together = jax.eval_shape(both, 0)
        assert jax.tree.map(lambda a: a.shape, one_by_one) == jax.tree.map(
            lambda a: a.shape, together
        )
        return
    found, expected = jax.jit(both, compiler_options=FAST_COMPILATION)(0)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


@names
def test_errors_show_both_shapes(name):
    bijector = BIJECTORS[name](KEY)
    condition = random_condition(KEY, bijector, ())
    for method, shape in (
        (bijector.forward, bijector.latent_shape),
        (bijector.inverse, bijector.event_shape),
    ):
        if shape:
            wrong = (*shape[:-1], shape[-1] + 1)
            with pytest.raises(ShapeError) as error:
                method(jnp.zeros(wrong), condition)
            assert str(wrong) in str(error.value)
            assert str(shape) in str(error.value)
    if bijector.condition_shape is not None:
        with pytest.raises(ShapeError, match="None"):
            bijector.forward(jnp.zeros(bijector.latent_shape))


def test_every_public_bijector_has_a_case():
    offered = [value for value in vars(bijectors).values() if isinstance(value, type)]
    concrete = {b for b in offered if issubclass(b, Bijector) and not _is_abstract(b)}
    found: set[type] = set()
    for build in BIJECTORS.values():
        found |= set(_kinds(build(KEY)))
    missing = sorted(b.__name__ for b in concrete - found)
    assert not missing, f"add a case to tests/cases.py for {missing}"


def _is_abstract(kind):
    return inspect.isabstract(kind) or kind is Bijector


def _kinds(node):
    """Yield the types of a module and of all modules inside it."""
    if isinstance(node, eqx.Module):
        yield type(node)
        for value in vars(node).values():
            for leaf in jax.tree.leaves(value, is_leaf=lambda v: isinstance(v, eqx.Module)):
                yield from _kinds(leaf)


@names
def test_the_same_key_gives_the_same_bijector(name):
    first, second = BIJECTORS[name](KEY), BIJECTORS[name](KEY)
    assert bool(eqx.tree_equal(first, second))
    other = BIJECTORS[name](jax.random.key(4))
    if any(jax.tree.leaves(trainable(first))):
        assert not eqx.tree_equal(first, other)


@names
def test_its_arrays_fill_another_of_its_kind(name):
    bijector = BIJECTORS[name](KEY)
    if name.startswith("inline"):
        with pytest.raises(ModelFileError, match="cannot be saved"):
            tree_to_arrays(bijector)
        return
    skeleton = BIJECTORS[name](jax.random.key(4))
    assert eqx.tree_equal(fill_tree(skeleton, tree_to_arrays(bijector)), bijector)
