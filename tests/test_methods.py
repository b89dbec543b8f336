"""Bound methods of distributions and bijectors under JAX's own transformations."""

import gc
import inspect
import weakref

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial import flows
from fluvial.bijectors import Affine
from fluvial.distributions import GaussianMixture, KernelDensity, Mixture, StandardNormal
from fluvial.testing import randomise

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (6, 2))


def flow(seed=0):
    key = jax.random.key(seed)
    return randomise(flows.maf(key, n_features=2, n_layers=1, hidden_sizes=(8,)), key, 0.3)


DENSITIES = {
    "flow": flow,
    "gaussian-mixture": lambda: GaussianMixture([1.0], np.zeros((1, 2)), np.eye(2)[None]),
    "kernel-density": lambda: KernelDensity(X, 0.5),
    "mixture": lambda: Mixture([flow(), StandardNormal(2)], [0.5, 0.5]),
}


@pytest.mark.parametrize("name", DENSITIES)
def test_transformations_take_the_methods_of_densities(name):
    density = DENSITIES[name]()
    expected = density.log_prob(X)
    for transformed in (jax.jit, jax.vmap, eqx.filter_jit, lambda f: jax.jit(jax.vmap(f))):
        np.testing.assert_allclose(transformed(density.log_prob)(X), expected, rtol=1e-4)
    by_name = jax.jit(density.sample, static_argnames="shape")(KEY, shape=(4,))
    by_place = jax.jit(density.sample, static_argnums=1)(KEY, 4)
    np.testing.assert_array_equal(by_name, by_place)
    assert jax.jit(density.sample_and_log_prob)(KEY)[0].shape == (2,)
    gradient = jax.grad(lambda x: density.log_prob(x).sum())(X)
    np.testing.assert_allclose(jax.vmap(jax.grad(density.log_prob))(X), gradient, rtol=1e-3)


def test_transformations_take_the_methods_of_bijectors():
    bijector = Affine(jnp.array([1.0, 2.0]), jnp.array([3.0, 4.0]))
    np.testing.assert_allclose(jax.jit(bijector.forward)(X), bijector.forward(X), rtol=1e-6)
    np.testing.assert_allclose(jax.jit(bijector.inverse)(X), bijector.inverse(X), rtol=1e-6)
    for name in ("forward_and_log_det", "inverse_and_log_det"):
        method = getattr(bijector, name)
        jax.tree.map(np.testing.assert_allclose, jax.jit(method)(X), method(X))


def test_another_flow_of_the_same_architecture_has_its_own_program(count_compilations):
    first, second = flow(1), flow(2)
    found = [jax.jit(each.log_prob)(X) for each in (first, second, first)]
    np.testing.assert_allclose(found[0], first.log_prob(X), rtol=1e-5)
    np.testing.assert_allclose(found[1], second.log_prob(X), rtol=1e-5)
    np.testing.assert_array_equal(found[0], found[2])
    assert np.all(np.asarray(found[0]) != np.asarray(found[1]))
    kept = jax.jit(first.log_prob)
    kept(X)
    with count_compilations() as compiled:
        kept(X)
        # The same function while one is alive.
        jax.jit(first.log_prob)(X)
    assert compiled.count == 0
    assert first.log_prob == first.log_prob != second.log_prob
    assert first.log_prob != first.sample


def test_methods_work_within_a_trace_of_the_module():
    @eqx.filter_jit
    def twice(density, x):
        return jax.jit(density.log_prob)(x) + jax.jit(density.log_prob)(x)

    density = flow()
    np.testing.assert_allclose(twice(density, X), 2 * density.log_prob(X), rtol=1e-5)


def test_a_module_is_freed_with_its_programs():
    def use(seed):
        density = flow(seed)
        jax.jit(density.log_prob)(X).block_until_ready()
        return weakref.ref(density.bijector), weakref.ref(density)

    references = [use(seed) for seed in range(3)]
    gc.collect()
    assert not any(reference() for pair in references for reference in pair)


def test_a_method_keeps_its_signature_and_its_text():
    method = StandardNormal(2).log_prob
    assert list(inspect.signature(method).parameters) == ["x", "condition"]
    assert method.__name__ == "log_prob"
    assert "log density" in (method.__doc__ or "")
