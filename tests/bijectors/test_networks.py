"""Maps made of networks: residual, continuous, and monotone in a column."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, linalg, special

from fluvial.bijectors import (
    BlockAutoregressive,
    Chain,
    Continuous,
    Contractive,
    DeepSigmoid,
    Invert,
    MaskedAutoregressive,
    UnconstrainedMonotonic,
)
from fluvial.distributions import StandardNormal, TransformedDistribution
from fluvial.parameters import trainable, with_key
from fluvial.testing import randomise

KEY = jax.random.key(9)
Z = np.linspace(-4, 4, 9)


def test_sigmoid_units_are_those_of_scipy(x64):
    layer = randomise(DeepSigmoid(3), KEY, 1.0)
    raw = np.asarray(layer.raw_log_slopes)
    slopes = np.exp(raw / (1 + np.abs(raw) / 5))
    weights = special.softmax(np.asarray(layer.raw_weights))
    units = special.expit(slopes * Z[:, None] + np.asarray(layer.shifts))
    x, log_det = layer.forward_and_log_det(Z)
    np.testing.assert_allclose(x, special.logit(units @ weights), rtol=1e-11)
    p = units @ weights
    slope = (units * (1 - units)) @ (weights * slopes) / (p * (1 - p))
    np.testing.assert_allclose(log_det, np.log(slope), rtol=1e-9, atol=1e-11)


def test_sigmoid_units_keep_their_tails():
    """At 300 the sum of sigmoids is 1 to all digits, and its logit infinite."""
    layer = randomise(DeepSigmoid(3), KEY)
    z = jnp.array([-300.0, 300.0])
    assert np.all(np.isfinite(layer.forward_and_log_det(z)))
    np.testing.assert_allclose(layer.inverse(layer.forward(z)), z, rtol=1e-5)


def test_integrals_are_those_of_scipy(x64):
    """Also of weights as sharp as they may become."""
    for scale, rtol in ((0.5, 1e-10), (30.0, 1e-4)):
        layer = randomise(UnconstrainedMonotonic(4), KEY, scale)

        def rate(t, layer=layer):
            bounded = [np.asarray(p) for p in (layer.in_weights, layer.out_weights)]
            w, v = (p / (1 + np.abs(p) / 3) for p in bounded)
            raw = v @ np.tanh(w * np.clip(t, -6, 6) + np.asarray(layer.in_biases))
            return np.exp(3 * np.tanh((raw + float(layer.out_bias)) / 3))

        z = np.array([-9.0, -2.0, 0.5, 5.0])
        wanted = [integrate.quad(rate, 0, end, limit=500)[0] for end in z] + np.asarray(layer.shift)
        np.testing.assert_allclose(layer.forward(z), wanted, rtol=rtol)


@pytest.mark.parametrize("name", ["block", "sigmoid", "integral"])
def test_densities_integrate_to_one_after_their_weights_are_moved(name):
    """By N(0, 0.3), where a bounded last activation or a clipped integral loses mass."""
    make = {
        "block": lambda k: BlockAutoregressive(k, n_features=2, hidden_sizes=(6, 6)),
        "sigmoid": lambda k: MaskedAutoregressive(
            k, Invert(Chain([DeepSigmoid(4)] * 2)), n_features=2, hidden_sizes=(6,)
        ),
        "integral": lambda k: MaskedAutoregressive(
            k, Invert(UnconstrainedMonotonic(4)), n_features=2, hidden_sizes=(6,)
        ),
    }[name]
    axis = np.sinh(np.linspace(-9.0, 9.0, 701)).astype(np.float32)
    weight = np.gradient(axis.astype(np.float64))
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)

    @eqx.filter_jit
    def density(layer, rows):
        return TransformedDistribution(StandardNormal(2), layer).log_prob(rows)

    for seed in range(3):
        keys = jax.random.split(jax.random.key(seed))
        layer = randomise(make(keys[0]), keys[1], 0.3)
        total = np.exp(np.asarray(density(layer, grid), np.float64))
        assert weight @ total @ weight == pytest.approx(1, abs=5e-3)


def test_a_block_network_reaches_every_number(x64):
    """Its least slopes multiply: at weights of 5 standard deviations, too."""
    layer = randomise(BlockAutoregressive(KEY, n_features=2, hidden_sizes=(4,)), KEY, 5.0)
    z = jnp.array([[-1e3, 1e3], [1e3, -1e3], [0.0, 0.0]])
    x, log_det = layer.forward_and_log_det(z)
    back, log_det_back = layer.inverse_and_log_det(x)
    np.testing.assert_allclose(back, z, rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(log_det_back, -log_det, rtol=1e-9)


def test_a_residual_network_shortens_distances_whatever_its_weights(x64):
    layer = Contractive(KEY, n_features=3, hidden_sizes=(8, 8), condition_shape=(2,))
    for scale in (0.1, 1.0, 50.0):
        moved = randomise(layer, KEY, scale)
        weights = moved._residual(None if scale < 0 else jnp.zeros((1, 2))).weights
        norms = [np.linalg.norm(w, 2) for w in weights]
        assert np.prod(norms) <= 0.9 + 1e-12
        z = jax.random.normal(KEY, (5, 3))
        x, log_det = moved.forward_and_log_det(z, jnp.ones(2))
        np.testing.assert_allclose(moved.inverse(x, jnp.ones(2)), z, rtol=1e-9, atol=1e-9)
        assert np.all(np.isfinite(log_det))
        # Where the bound is active, little of it is given away.
        if scale > 1:
            assert np.prod(norms) > 0.7


def test_a_linear_velocity_is_a_matrix_exponential(x64):
    pytest.importorskip("diffrax")
    matrix = np.array([[0.3, -1.0], [0.7, 0.2]])
    layer = Continuous(None, n_features=2, velocity=lambda t, x: jnp.asarray(matrix) @ x)
    z = np.random.default_rng(0).normal(size=(4, 2))
    x, log_det = layer.forward_and_log_det(z)
    np.testing.assert_allclose(x, z @ linalg.expm(matrix).T, rtol=1e-7)
    np.testing.assert_allclose(log_det, np.trace(matrix), rtol=1e-7)
    np.testing.assert_allclose(layer.inverse(x), z, rtol=1e-6)


def test_the_flow_of_one_column_given_a_rate(x64):
    """`dx/dt = c x` takes z to z exp(c), and its log det is c."""
    pytest.importorskip("diffrax")
    layer = Continuous(
        None, n_features=1, velocity=lambda t, x, c: c * x, condition_shape=(1,), tolerance=1e-9
    )
    z, rate = np.array([[0.5], [-2.0]]), np.array([[-1.0], [0.7]])
    x, log_det = layer.forward_and_log_det(z, rate)
    np.testing.assert_allclose(x, z * np.exp(rate), rtol=1e-7)
    np.testing.assert_allclose(log_det, rate[:, 0], rtol=1e-7)
    np.testing.assert_allclose(layer.inverse(x, rate), z, rtol=1e-7)


def test_hutchinsons_trace_is_right_in_the_mean(x64):
    pytest.importorskip("diffrax")
    matrix = np.array([[0.3, -1.0], [0.4, 0.2]])
    layer = Continuous(
        None, n_features=2, velocity=lambda t, x: jnp.asarray(matrix) @ x, trace="hutchinson"
    )

    @jax.jit
    def log_det(key):
        return with_key(layer, key).forward_and_log_det(jnp.ones(2))[1]

    found = {round(float(log_det(k)), 4) for k in jax.random.split(KEY, 12)}
    # Signs that agree give the sum of all entries, others the trace minus the rest.
    assert found == {round(matrix.sum(), 4), round(2 * np.trace(matrix) - matrix.sum(), 4)}


def test_a_continuous_flow_has_one_velocity():
    for arguments in ({}, {"hidden_sizes": (4,), "velocity": lambda t, x: x}):
        with pytest.raises(ValueError, match="either hidden_sizes or velocity"):
            Continuous(KEY, n_features=2, **arguments)
    with pytest.raises(ValueError, match="trace must be one of"):
        Continuous(KEY, n_features=2, hidden_sizes=(4,), trace="skilling")  # pyright: ignore[reportArgumentType]


def test_what_is_trained_of_a_user_s_velocity():
    class Linear(eqx.Module):
        matrix: jax.Array

        def __call__(self, t, x):
            return self.matrix @ x

    layer = Continuous(None, n_features=2, velocity=Linear(jnp.eye(2)))
    assert sum(jax.tree.leaves(trainable(layer))) == 1
