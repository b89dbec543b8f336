"""Muon: steps of orthogonal matrices."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fluvial import flows
from fluvial.bijectors import LULinear
from fluvial.networks import Linear
from fluvial.training import fit, fit_ensemble, fit_variational
from fluvial.training.muon import MOMENTUM, NORM, orthogonalised, scale_by_muon

KEY = jax.random.key(0)
X = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32) ** 3


def with_singular_values(shape, values, seed=0):
    rng = np.random.default_rng(seed)
    u, _, v = np.linalg.svd(rng.normal(size=shape), full_matrices=False)
    return u, np.asarray(values), v


@pytest.mark.parametrize("shape", [(6, 6), (4, 9), (9, 4)])
def test_singular_vectors_stay_and_singular_values_come_near_to_one(x64, shape):
    values = np.geomspace(1, 0.04, min(shape))
    u, values, v = with_singular_values(shape, values)
    result = np.asarray(orthogonalised(jnp.asarray(u * (7.0 * values) @ v)))
    of_result = u.T @ result @ v.T
    np.testing.assert_allclose(of_result, np.diag(np.diag(of_result)), atol=1e-12)
    assert np.diag(of_result).min() > 0.6
    assert np.diag(of_result).max() < 1.6


def test_each_matrix_of_a_stack_is_for_itself_and_zeros_stay_zeros():
    one, other = jax.random.normal(KEY, (2, 5, 7))
    stacked = orthogonalised(jnp.stack([one, 1e-20 * other, jnp.zeros((5, 7))]))
    np.testing.assert_allclose(stacked[0], orthogonalised(one), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(stacked[1], orthogonalised(other), rtol=1e-5, atol=1e-6)
    assert not stacked[2].any()
    assert orthogonalised(jnp.zeros((0, 4))).shape == (0, 4)


def test_matrices_take_orthogonal_momentum_and_all_else_the_steps_of_adam():
    blocks = jax.random.normal(KEY, (7,)), jax.random.normal(KEY, (2, 4, 5))
    gradients = [tuple(0.1 * k * block for block in blocks) for k in (1, -2)]
    muon, adam = scale_by_muon((False, True)), optax.scale_by_adam()
    state, of_adam = muon.init(blocks), adam.init(blocks[0])
    momentum = np.zeros((2, 4, 5))
    for gradient in gradients:
        steps, state = muon.update(gradient, state, blocks)
        vector, matrices = map(np.asarray, jax.tree.leaves(steps))
        expected, of_adam = adam.update(gradient[0], of_adam)
        np.testing.assert_allclose(vector, np.asarray(expected), rtol=1e-6)
        momentum = MOMENTUM * momentum + np.asarray(gradient[1])
        ahead = jnp.asarray(MOMENTUM * momentum + np.asarray(gradient[1]))
        np.testing.assert_allclose(matrices, NORM * orthogonalised(ahead), rtol=1e-4, atol=1e-5)


def weights(flow):
    layers = jax.tree.leaves(flow, is_leaf=lambda node: isinstance(node, Linear))
    return [layer.weight for layer in layers if isinstance(layer, Linear)]


def test_a_flow_learns_and_its_weights_move_by_the_size_of_a_step():
    flow = flows.neural_spline_flow(KEY, n_features=3, n_layers=2, hidden_sizes=(16,), linear="lu")
    given = {"show_progress": False, "validation_fraction": 0.0, "optimizer": "muon"}
    rate = 1e-3
    once, _ = fit(KEY, flow, X, batch_size=512, max_epochs=1, learning_rate=rate, **given)
    for before, after in zip(weights(flow), weights(once), strict=True):
        step = np.linalg.svd(np.asarray(after - before), compute_uv=False)
        # The rate of the only step is the highest; zero rows of the gradient stay.
        assert 0.6 < step.max() / (rate * NORM) < 1.6
    fitted, history = fit(KEY, flow, X, max_epochs=20, **given)
    assert history.train_loss[-1] < history.train_loss[0] - 1
    again, _ = fit(KEY, flow, X, max_epochs=20, **given)
    assert all(map(np.array_equal, weights(fitted), weights(again)))


def test_frozen_parts_stay():
    flow = flows.maf(KEY, n_features=3, n_layers=2, hidden_sizes=(8,), linear="lu")
    given = {"show_progress": False, "optimizer": "muon", "max_epochs": 2}
    of_maps, _ = fit(KEY, flow, X, frozen=LULinear, **given)
    assert np.array_equal(raw(of_maps), raw(flow))
    of_networks, _ = fit(KEY, flow, X, frozen=Linear, **given)
    assert all(map(np.array_equal, weights(of_networks), weights(flow)))
    assert not np.array_equal(raw(of_networks), raw(flow))


def test_an_ensemble_is_its_members():
    keys = list(jax.random.split(KEY, 2))
    members = [flows.maf(key, n_features=3, n_layers=2, hidden_sizes=(8, 8)) for key in keys]
    given = {"show_progress": False, "optimizer": "muon", "max_epochs": 3, "batch_size": 64}
    fitted, _ = fit_ensemble(keys, members, X, validation_data=X, **given)
    for key, member, of_ensemble in zip(keys, members, fitted, strict=True):
        alone, _ = fit(key, member, X, validation_data=X, **given)
        for one, other in zip(weights(alone), weights(of_ensemble), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_without_rows_and_without_matrices():
    flow = flows.nice(KEY, n_features=2, n_layers=2, hidden_sizes=(8,))
    given = {"show_progress": False, "max_epochs": 2}
    fitted, result = fit_variational(
        KEY, flow, lambda x: -jnp.sum((x - 3) ** 2, axis=-1) / 2, optimizer="muon", **given
    )
    assert result.history.train_loss[1] < result.history.train_loss[0]
    assert not all(map(np.array_equal, weights(fitted), weights(flow)))
    planar = flows.planar_flow(KEY, n_features=3, n_layers=2)
    by_muon, by_adam = (fit(KEY, planar, X, optimizer=o, **given)[0] for o in ("muon", None))
    assert eqx.tree_equal(by_muon, by_adam)


def raw(flow):
    nodes = jax.tree.leaves(flow, is_leaf=lambda node: isinstance(node, LULinear))
    return next(node.raw for node in nodes if isinstance(node, LULinear))
