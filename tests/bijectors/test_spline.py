"""The spline against the paper's formulas, and what must never break it."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.bijectors import RationalQuadraticSpline
from fluvial.bijectors.spline import MIN_FRACTION, RAW_BOUND
from fluvial.testing import randomise

N_STRESS = 200_000


def knots(raw, interval):
    """Return the positions of the K + 1 knots, from one raw array in float64."""
    clipped = raw / (1 + np.abs(raw) / RAW_BOUND)
    share = np.exp(clipped) / np.exp(clipped).sum()
    sizes = MIN_FRACTION + (1 - MIN_FRACTION * len(raw)) * share
    return interval * (2 * np.concatenate([[0.0], np.cumsum(sizes)]) - 1)


def by_the_paper(spline, x):
    """Evaluate equations 4 and 5 of Durkan et al. 2019 for one x, with a search for the bin."""
    raw = [
        np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(eqx.filter(spline, eqx.is_array))
    ]
    widths, heights, derivatives = raw
    at, to = knots(widths, spline.interval), knots(heights, spline.interval)
    inner = np.exp(derivatives / (1 + np.abs(derivatives) / RAW_BOUND))
    delta = np.concatenate([[1.0], inner, [1.0]])
    k = int(np.clip(np.searchsorted(at, x, side="right") - 1, 0, len(widths) - 1))
    s = (to[k + 1] - to[k]) / (at[k + 1] - at[k])
    xi = (x - at[k]) / (at[k + 1] - at[k])
    beta = s + (delta[k + 1] + delta[k] - 2 * s) * xi * (1 - xi)
    y = to[k] + (to[k + 1] - to[k]) * (s * xi**2 + delta[k] * xi * (1 - xi)) / beta
    top = delta[k + 1] * xi**2 + 2 * s * xi * (1 - xi) + delta[k] * (1 - xi) ** 2
    return y, np.log(s**2 * top / beta**2)


@pytest.mark.parametrize(("n_bins", "scale"), [(2, 1.0), (8, 1.0), (8, 5.0)])
def test_is_the_spline_of_the_paper(x64, n_bins, scale):
    spline = randomise(RationalQuadraticSpline(n_bins, 3.0), jax.random.key(n_bins), scale)
    x = np.linspace(-3, 3, 401)
    y, log_det = spline.forward_and_log_det(x)
    expected = np.array([by_the_paper(spline, value) for value in x[1:-1]])
    np.testing.assert_allclose(y[1:-1], expected[:, 0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(log_det[1:-1], expected[:, 1], rtol=0, atol=1e-8)


def test_starts_as_the_identity(x64):
    spline = RationalQuadraticSpline(8, 5.0, shape=(2,))
    x = jnp.linspace(-8, 8, 100).reshape(50, 2)
    y, log_det = spline.forward_and_log_det(x)
    np.testing.assert_allclose(y, x, atol=1e-14)
    np.testing.assert_allclose(log_det, 0, atol=1e-14)


def test_is_the_identity_beyond_the_interval():
    spline = randomise(RationalQuadraticSpline(4, 2.0), jax.random.key(0), 3.0)
    x = jnp.array([-jnp.inf, -1e30, -2.5, -2.0, 2.0, 2.5, 1e30, jnp.inf])
    for y, log_det in (spline.forward_and_log_det(x), spline.inverse_and_log_det(x)):
        np.testing.assert_array_equal(y, x)
        np.testing.assert_array_equal(log_det, 0)


def test_a_nan_stays_a_nan():
    y = RationalQuadraticSpline().forward(jnp.array([jnp.nan, 1.0]))
    assert np.isnan(y[0])
    assert np.isfinite(y[1])


def test_is_continuous_with_its_derivative_at_the_knots_and_the_edges(x64):
    spline = randomise(RationalQuadraticSpline(6, 2.0), jax.random.key(1), 2.0)
    for at in knots(np.asarray(spline.raw_widths), 2.0):
        beside = jnp.array([at - 1e-9, at + 1e-9])
        y, log_det = spline.forward_and_log_det(beside)
        assert abs(y[1] - y[0]) < 1e-5
        assert abs(log_det[1] - log_det[0]) < 1e-4


@pytest.mark.parametrize("raw", [-1e30, -50.0, 50.0, 1e30])
@pytest.mark.parametrize("field", ["raw_widths", "raw_heights", "raw_derivatives"])
def test_extreme_raw_values_do_not_break_it(raw, field):
    spline = RationalQuadraticSpline(8, 5.0)
    pushed = getattr(spline, field).at[3].set(raw)
    spline = eqx.tree_at(lambda s: getattr(s, field), spline, pushed)
    x = jnp.linspace(-6, 6, 1001)
    y, log_det = spline.forward_and_log_det(x)
    back, _ = spline.inverse_and_log_det(y)
    assert np.all(np.isfinite(log_det))
    assert np.all(np.diff(y) >= -1e-6)
    np.testing.assert_allclose((back - x) * np.minimum(1, np.exp(log_det)), 0, atol=1e-4)


@pytest.mark.parametrize("x", [-np.inf, -7.0, -5.0, np.nextafter(5, 0), 5.0, 7.0, 3e38])
@pytest.mark.parametrize("method", ["forward_and_log_det", "inverse_and_log_det"])
def test_gradients_are_finite_on_and_beyond_the_edges(x, method):
    spline = randomise(RationalQuadraticSpline(8, 5.0), jax.random.key(0), 2.0)

    @eqx.filter_grad
    def gradients(moved):
        spline, x = moved
        out, log_det = getattr(spline, method)(x)
        return out + log_det

    found = gradients((spline, jnp.float32(x)))
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(found))
    if abs(x) > 5:
        assert float(found[1]) == 1.0


@pytest.mark.parametrize("method", ["forward_and_log_det", "inverse_and_log_det"])
def test_second_derivatives_and_both_modes_agree_with_differences(x64, method):
    spline = randomise(RationalQuadraticSpline(5, 3.0), jax.random.key(2), 1.0)
    trained, static = eqx.partition(spline, eqx.is_array)

    @jax.jit
    def log_det(trained, x):
        return getattr(eqx.combine(trained, static), method)(x)[1]

    x, step = jnp.float64(0.3), 1e-6
    slope = jax.jit(jax.grad(log_det, argnums=1))
    apart = (slope(trained, x + step) - slope(trained, x - step)) / (2 * step)
    for second in (jax.jacfwd(slope, argnums=1), jax.jacrev(slope, argnums=1)):
        np.testing.assert_allclose(second(trained, x), apart, rtol=1e-5)

    forward, reverse = (mode(log_det)(trained, x) for mode in (jax.jacfwd, jax.jacrev))
    for place, found in enumerate(jax.tree.leaves(forward)):
        np.testing.assert_allclose(found, jax.tree.leaves(reverse)[place], atol=1e-12)
        for k in range(len(found)):
            up, down = (moved(trained, place, k, sign * step) for sign in (1, -1))
            apart = (log_det(up, x) - log_det(down, x)) / (2 * step)
            np.testing.assert_allclose(found[k], apart, rtol=1e-5, atol=1e-7)


def moved(tree, place, k, step):
    """Return the tree with one number of one leaf moved."""
    leaves, structure = jax.tree.flatten(tree)
    leaves[place] = leaves[place].at[k].add(step)
    return jax.tree.unflatten(structure, leaves)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_bins": 1}, "n_bins"),
        ({"n_bins": 1000}, "n_bins"),
        ({"interval": 0.0}, "interval"),
        ({"interval": np.inf}, "interval"),
    ],
)
def test_refuses_sizes_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        RationalQuadraticSpline(**arguments)


@eqx.filter_jit
def stress(raw, x):
    """Map every x with parameters of its own; return all outputs, round trips and gradients."""
    start = RationalQuadraticSpline(8, 5.0)

    def once(method):
        def apply(raw, value):
            spline = eqx.tree_at(
                lambda s: (s.raw_widths, s.raw_heights, s.raw_derivatives), start, raw
            )
            return getattr(spline, method)(value)

        return jax.vmap(apply)

    forward, inverse = once("forward_and_log_det"), once("inverse_and_log_det")
    (y, up), pull_up = jax.vjp(forward, raw, x)
    (z, down), pull_down = jax.vjp(inverse, raw, x)
    gradients = (pull_up((jnp.ones_like(y), up * 0 + 1)), pull_down((x * 0 + 1, up * 0 + 1)))
    errors = (
        jnp.abs(inverse(raw, y)[0] - x) * jnp.minimum(1, jnp.exp(up)),
        jnp.abs(forward(raw, z)[0] - x) * jnp.minimum(1, jnp.exp(down)),
    )
    finite = [jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves((y, up, z, down, gradients))]
    return jnp.stack(finite), jnp.stack([jnp.max(error) for error in errors])


@pytest.mark.parametrize(("scale", "bound"), [(1.0, 1e-4), (4.0, 1e-2), (10.0, 1e-2)])
def test_two_hundred_thousand_random_splines(scale, bound):
    keys = jax.random.split(jax.random.key(int(scale)), 4)
    raw = [
        scale * jax.random.normal(key, (N_STRESS, size))
        for key, size in zip(keys, (8, 8, 7), strict=False)
    ]
    x = jax.random.uniform(keys[3], (N_STRESS,), minval=-6, maxval=6)
    edges = jnp.array([-5.0, 5.0, np.nextafter(np.float32(5), np.float32(0)), 6.0, 0.0])
    x = x.at[: 1000 * len(edges)].set(jnp.tile(edges, 1000))
    finite, errors = stress(tuple(raw), x)
    assert np.all(finite)
    assert np.all(errors < bound)
