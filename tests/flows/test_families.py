"""What single families of flows promise beside the invariants."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from fluvial import flows
from fluvial.bijectors import Gaussianization
from fluvial.distributions import GaussianMixture
from fluvial.testing import randomise
from fluvial.training import fit, minimise

KEY = jax.random.key(6)


@pytest.mark.parametrize("mask", ["halves", "checkerboard", [True, True, False]])
def test_nice_without_scaling_preserves_volume_exactly(mask):
    flow = flows.nice(KEY, n_features=3, n_layers=3, hidden_sizes=(6,), scale=False, mask=mask)
    flow = randomise(flow, KEY)
    x, log_det = flow.bijector.forward_and_log_det(jax.random.normal(KEY, (7, 3)))
    assert np.all(np.asarray(log_det) == 0)
    assert np.all(np.asarray(flow.bijector.inverse_and_log_det(x)[1]) == 0)


@pytest.mark.parametrize("n_layers", [2, 3])
@pytest.mark.parametrize("n_features", [4, 5])
def test_masks_alternate_between_layers(n_layers, n_features):
    """The layer next to the data passes the columns 0, 2, 4; the next one the others."""
    flow = flows.real_nvp(
        KEY,
        n_features=n_features,
        n_layers=n_layers,
        hidden_sizes=(6,),
        mask="checkerboard",
        activation="tanh",
    )
    flow = randomise(flow, KEY)
    stack: Any = flow.bijector
    pair = (stack.parts[0] if n_layers == 3 else stack).layers[0]
    z = jax.random.normal(KEY, (n_features,))
    for layer, passing in zip(pair.parts, (slice(0, None, 2), slice(1, None, 2)), strict=True):
        np.testing.assert_array_equal(layer.forward(z)[passing], z[passing])
        assert np.all(np.delete(layer.forward(z) != z, np.arange(n_features)[passing]))
    jacobian = np.asarray(jax.jacfwd(flow.bijector.inverse)(z))
    assert np.all(np.abs(np.diagonal(jacobian)) != 1)


@pytest.mark.parametrize("linear", ["lu", "permutation"])
def test_maps_may_stand_between_alternating_masks(linear):
    flow = flows.real_nvp(
        KEY, n_features=3, n_layers=3, hidden_sizes=(4,), mask="checkerboard", linear=linear
    )
    x, log_prob = randomise(flow, KEY, 0.3).sample_and_log_prob(KEY, (4,))
    found = randomise(flow, KEY, 0.3).log_prob(x)
    np.testing.assert_allclose(found, log_prob, rtol=1e-3, atol=1e-3)


def test_one_layer_with_a_mask_is_refused():
    with pytest.raises(ValueError, match="leaves 2 of 3 columns untransformed"):
        flows.real_nvp(KEY, n_features=3, n_layers=1, mask="checkerboard")


def test_the_first_conditional_of_a_mixture_is_that_mixture(x64):
    """Of MADE with two components, against SciPy; the network is silent on the first column."""
    flow = randomise(flows.made(KEY, n_features=1, hidden_sizes=(4,), n_components=2), KEY, 0.3)
    x = np.linspace(-3, 3, 7)[:, None]
    chain: Any = flow.bijector
    layer = chain.parts[0].stacked.parts[0]
    raw = [np.asarray(part)[0, :, 0, 0] for part in _first_parameters(layer)]
    template = Gaussianization(2)
    log_weights = special.log_softmax(raw[0] + np.asarray(template.raw_weights))
    means = raw[1] + np.asarray(template.means)
    scales = np.exp(raw[2] / (1 + np.abs(raw[2]) / 7))
    wanted: Any = special.logsumexp(log_weights + stats.norm.logpdf(x, means, scales), axis=1)
    np.testing.assert_allclose(flow.log_prob(x), wanted, rtol=1e-10)


def _first_parameters(layer):
    """Return the raw parameters of the only column, in a stack of one layer."""
    arrays, static = eqx.partition(layer, eqx.is_array)
    single = eqx.combine(jax.tree.map(lambda leaf: leaf[0], arrays), static)
    parts = single.network.parameters(jnp.zeros((1, 1)), None, single.transformer.sizes)
    return [part[None] for part in parts]


def test_a_maf_with_mixtures_has_one_layer_more():
    flow = flows.maf(
        KEY, n_features=2, n_layers=1, hidden_sizes=(6,), n_components=2, condition_shape=(1,)
    )
    scaled: Any = flow.bijector
    assert len(scaled.bijector.parts) == 2
    x, log_prob = randomise(flow, KEY, 0.3).sample_and_log_prob(KEY, (5,), jnp.ones(1))
    found = randomise(flow, KEY, 0.3).log_prob(x, jnp.ones(1))
    np.testing.assert_allclose(found, log_prob, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("spline", ["linear", "quadratic"])
def test_the_other_families_of_splines_have_densities(spline):
    flow = flows.neural_spline_flow(
        KEY, n_features=1, n_layers=1, hidden_sizes=(4,), n_bins=4, interval=3.0, spline=spline
    )
    grid = np.linspace(-8, 8, 8001)
    total = np.exp(randomise(flow, KEY).log_prob(grid[:, None].astype(np.float32)))
    assert np.trapezoid(total, grid) == pytest.approx(1, abs=2e-3)


def test_unknown_splines_are_named():
    with pytest.raises(ValueError, match="'spiric'"):
        flows.neural_spline_flow(KEY, n_features=2, spline="spiric")  # pyright: ignore[reportArgumentType]


def test_a_density_of_angles_has_no_seam(x64):
    flow = flows.circular_spline_flow(
        KEY, n_features=2, n_layers=2, hidden_sizes=(6,), n_bins=4, activation="tanh"
    )
    flow = randomise(flow, KEY)
    angles = np.linspace(-math.pi, math.pi, 9)
    end = np.full_like(angles, math.pi)
    for order in ((0, 1), (1, 0)):
        left, right = (np.stack([s * end, angles], axis=1)[:, order] for s in (-1, 1))
        np.testing.assert_allclose(flow.log_prob(left), flow.log_prob(right), rtol=1e-9)
    axis = np.linspace(-math.pi, math.pi, 301)[:-1] + math.pi / 300
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    mean = np.exp(flow.log_prob(grid)).mean()
    assert mean * (2 * math.pi) ** 2 == pytest.approx(1, abs=2e-3)
    x, log_prob = flow.sample_and_log_prob(KEY, (50,))
    assert np.all(np.abs(x) <= math.pi)
    np.testing.assert_allclose(flow.log_prob(x), log_prob, rtol=1e-9)
    assert flow.log_prob(jnp.array([0.0, 4.0])) == -np.inf


def test_a_gaussianization_flow_starts_as_a_density_of_its_rows():
    """No training: the layers are fitted to the rows one after another."""
    target = GaussianMixture(
        [0.5, 0.5], jnp.array([[-2.0, -2.0], [2.0, 2.0]]), scale_trils=jnp.stack([jnp.eye(2)] * 2)
    )
    rows, fresh = (np.asarray(target.sample(k, (1000,))) for k in jax.random.split(KEY))
    flow = flows.gaussianization_flow(KEY, n_features=2, n_layers=4, n_components=4)
    flow = eqx.tree_at(lambda f: f.bijector, flow, flow.bijector.initialise(rows))
    short = np.mean(target.log_prob(fresh) - flow.log_prob(fresh))
    covariance: Any = np.cov(rows.T)
    gaussian = stats.multivariate_normal.logpdf(fresh, rows.mean(axis=0), covariance)
    assert short < 0.6 * np.mean(target.log_prob(fresh) - gaussian)


@pytest.mark.parametrize("name", ["planar_flow", "radial_flow", "sylvester_flow"])
def test_both_directions_of_the_first_flows_may_be_the_formula(name):
    build = getattr(flows, name)
    one, other = (
        build(KEY, n_features=2, n_layers=2, fast=fast) for fast in ("density", "samples")
    )
    x = jax.random.normal(KEY, (4, 2))
    one, other = (randomise(flow, KEY) for flow in (one, other))
    # The layers are the same, taken the other way round.
    forwards = [layer.bijector.forward for layer in one.bijector.layers]
    backwards = [layer.inverse for layer in other.bijector.layers]
    for there, back in zip(forwards, backwards, strict=True):
        np.testing.assert_allclose(back(there(x)), x, rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match="fast must be one of"):
        build(KEY, n_features=2, fast="both")


def test_residual_flows_refuse_many_columns():
    with pytest.raises(ValueError, match=r"1\.\.\.64"):
        flows.residual_flow(KEY, n_features=65)


@pytest.mark.parametrize("way", [pytest.param("likelihood", marks=pytest.mark.slow), "matching"])
def test_a_continuous_flow_learns_two_modes(way):
    """By maximum likelihood with Hutchinson's trace, and by flow matching with exact densities."""
    pytest.importorskip("diffrax")
    target = GaussianMixture(
        [0.5, 0.5], jnp.array([[-1.5], [1.5]]), scale_trils=jnp.full((2, 1, 1), 0.5)
    )
    rows, fresh = (np.asarray(target.sample(k, (512,))) for k in jax.random.split(KEY))
    flow = flows.ffjord(
        KEY,
        n_features=1,
        hidden_sizes=(24,),
        tolerance=1e-3,
        trace="hutchinson" if way == "likelihood" else "exact",
    )
    settings = {"learning_rate": 1e-2, "batch_size": 128, "show_progress": False}
    with jax.numpy_dtype_promotion("standard"):  # optax mixes types
        if way == "likelihood":
            flow, _ = fit(KEY, flow, rows, max_epochs=40, **settings)
        else:
            flow, _ = minimise(
                KEY, flow, flows.flow_matching_loss, rows, max_epochs=150, **settings
            )
    short = np.mean(target.log_prob(fresh) - flow.log_prob(fresh))
    gaussian = stats.norm.logpdf(fresh[:, 0], rows.mean(), rows.std())
    print(way, short, np.mean(target.log_prob(fresh) - gaussian))
    assert short < 0.5 * np.mean(target.log_prob(fresh) - gaussian)
    grid = np.linspace(-6, 6, 601, dtype=np.float32)
    assert np.trapezoid(np.exp(flow.log_prob(grid[:, None])), grid) == pytest.approx(1, abs=0.01)


def test_a_continuous_flow_of_one_column_integrates_to_one():
    pytest.importorskip("diffrax")
    flow = randomise(flows.ffjord(KEY, n_features=1, hidden_sizes=(4,)), KEY)
    x = jnp.linspace(-12, 12, 801)
    density = np.exp(np.asarray(flow.log_prob(x[:, None]), np.float64))
    np.testing.assert_allclose(np.trapezoid(density, x), 1, atol=2e-3)


def test_flow_matching_is_for_continuous_flows():
    flow = flows.nice(KEY, n_features=2, n_layers=2)
    with pytest.raises(TypeError, match="continuous flows"):
        flows.flow_matching_loss(flow, type("Batch", (), {"x": 0, "condition": None}), KEY)


def test_a_conditional_continuous_flow_moves_with_its_condition():
    pytest.importorskip("diffrax")
    flow = flows.ffjord(KEY, n_features=2, hidden_sizes=(4,), condition_shape=(1,))
    flow = randomise(flow, KEY)
    log_prob = flow.log_prob(jnp.ones(2), jnp.array([[0.0], [1.0]]))
    assert log_prob[0] != log_prob[1]
    batch = type("Batch", (), {"x": jnp.ones((3, 2)), "condition": jnp.ones((3, 1))})
    assert flows.flow_matching_loss(flow, batch, KEY).shape == (3,)
