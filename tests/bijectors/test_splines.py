"""Splines and polynomials against SciPy's and NumPy's, and what they do at their ends."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import interpolate

from fluvial.bijectors import (
    BernsteinPolynomial,
    CubicSpline,
    HeavyTails,
    LinearSpline,
    QuadraticSpline,
    RationalQuadraticSpline,
    SumOfSquares,
)
from fluvial.bijectors._normal_tail import deviate, log_cdf
from fluvial.bijectors._pieces import sizes, slopes
from fluvial.distributions import Uniform
from fluvial.errors import DomainError
from fluvial.testing import randomise

KEY = jax.random.key(4)
B = 2.0
SPLINES = (LinearSpline, QuadraticSpline, CubicSpline, RationalQuadraticSpline)
BOUNDARIES = ("linear", "interval", "circular")
INSIDE = np.linspace(-0.99 * B, 0.99 * B, 23)

pytestmark = pytest.mark.usefixtures("x64")


def moved(kind, **kwargs):
    return randomise(kind(4, B, **kwargs), KEY, 1.0)


def both_ways(bijector, z):
    @jax.jit
    def run(z):
        x, log_det = bijector._forward_and_log_det(z, None)
        back, log_det_back = bijector._inverse_and_log_det(x, None)
        slope = jax.jvp(lambda z: bijector._forward_and_log_det(z, None)[0], (z,), (z * 0 + 1,))[1]
        return x, log_det, back, log_det_back, slope

    return [np.asarray(part) for part in run(jnp.asarray(z))]


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("kind", SPLINES)
def test_every_spline_with_every_boundary(kind, boundary):
    bijector = moved(kind, boundary=boundary)
    x, log_det, back, log_det_back, slope = both_ways(bijector, np.r_[INSIDE, -B, B, 3.0, np.nan])
    n = len(INSIDE)
    np.testing.assert_allclose(back[:n], INSIDE, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(log_det[:n], np.log(slope[:n]), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(log_det_back[:n], -log_det[:n], rtol=1e-8, atol=1e-8)
    assert np.isnan(x[-1])
    if boundary == "linear":
        np.testing.assert_allclose(x[n : n + 3], [-B, B, 3.0], atol=1e-12)
        assert log_det[n + 2] == 0
        return
    assert np.isnan(x[n + 2])
    assert log_det[n + 2] == -np.inf
    if boundary == "interval":
        np.testing.assert_allclose(x[n : n + 2], [-B, B], atol=1e-12)
        with pytest.raises(DomainError, match=r"3 lies outside \[-2, 2\]"):
            bijector.forward(3.0)
    else:
        # One point: the same angle, and but for the linear spline the same slope.
        turn = (x[n + 1] - x[n]) % (2 * B)
        assert min(turn, 2 * B - turn) < 1e-9
        assert kind is LinearSpline or math.isclose(log_det[n], log_det[n + 1], abs_tol=1e-9)


def test_the_circle_keeps_its_mass():
    flow = moved(RationalQuadraticSpline, boundary="circular")(Uniform(-B, B))
    x = np.linspace(-B, B, 20_001)
    density = np.exp(flow.log_prob(x))
    assert np.trapezoid(density, x) == pytest.approx(1, abs=1e-3)
    assert density[0] == pytest.approx(density[-1])


def knots(raw):
    return np.r_[0, np.cumsum(sizes(raw))] * 2 * B - B


def test_the_linear_spline_is_numpys():
    spline = moved(LinearSpline)
    wanted = np.interp(INSIDE, np.linspace(-B, B, 5), knots(spline.raw_heights))
    np.testing.assert_allclose(both_ways(spline, INSIDE)[0], wanted, rtol=1e-12, atol=1e-12)


def test_the_quadratic_spline_is_the_integral_of_its_slopes():
    spline = moved(QuadraticSpline, boundary="interval")
    at, heights = knots(spline.raw_widths), np.asarray(slopes(spline.raw_slopes))
    grid = np.union1d(np.linspace(-B, B, 40_001), at)
    slope = np.interp(grid, at, heights) / np.trapezoid(heights, at) * 2 * B
    wanted = np.interp(
        INSIDE, grid, np.r_[0, np.cumsum(np.diff(grid) * (slope[1:] + slope[:-1]) / 2)]
    )
    np.testing.assert_allclose(both_ways(spline, INSIDE)[0], wanted - B, atol=1e-8)


def test_the_cubic_spline_is_scipys_with_steffens_slopes():
    spline = moved(CubicSpline)
    at, to = knots(spline.raw_widths), knots(spline.raw_heights)
    widths, means = np.diff(at), np.diff(to) / np.diff(at)
    weighted = (means[:-1] * widths[1:] + means[1:] * widths[:-1]) / (widths[:-1] + widths[1:])
    inner = np.minimum(2 * np.minimum(means[:-1], means[1:]), weighted)
    shares = 3 / (1 + 2 * np.exp(-np.asarray(spline.raw_ends)))
    ends = shares * means[[0, -1]]
    hermite = interpolate.CubicHermiteSpline(at, to, np.r_[ends[0], inner, ends[1]])
    x, log_det, *_ = both_ways(spline, INSIDE)
    np.testing.assert_allclose(x, hermite(INSIDE), rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(log_det, np.log(hermite(INSIDE, 1)), rtol=1e-10, atol=1e-10)


def test_the_bernstein_polynomial_is_scipys():
    bijector = moved(BernsteinPolynomial)
    coefficients = np.r_[0, np.cumsum(sizes(bijector.raw_steps))] * 2 * B - B
    wanted = interpolate.BPoly(coefficients[:, None], [-B, B])(INSIDE)
    np.testing.assert_allclose(both_ways(bijector, INSIDE)[0], wanted, rtol=1e-12, atol=1e-12)
    with pytest.raises(ValueError, match="boundary"):
        BernsteinPolynomial(4, B, boundary="circular")


def test_the_sum_of_squares_is_numpys_polynomial():
    bijector = randomise(SumOfSquares(3, 2), KEY, 1.0)
    squares = [np.polynomial.Polynomial(row) ** 2 for row in np.asarray(bijector.coefficients)]
    total = squares[0] + squares[1] + squares[2]
    z = np.linspace(-4, 4, 9)
    x, log_det, *_ = both_ways(bijector, z)
    wanted = (total + 1e-3).integ()(z) + float(bijector.shift)
    np.testing.assert_allclose(x, wanted, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(log_det, np.log(total(z) + 1e-3), rtol=1e-11)


@pytest.mark.parametrize("kind", [*SPLINES, BernsteinPolynomial])
def test_they_start_as_the_identity_and_refuse_what_makes_no_map(kind):
    np.testing.assert_allclose(kind(4, B).forward(INSIDE), INSIDE, rtol=1e-12, atol=1e-12)
    for wrong in ((1, B), (1000, B), (4, 0.0), (4, math.inf)):
        with pytest.raises(ValueError, match="must"):
            kind(*wrong)
    with pytest.raises(ValueError, match="boundary must be one of"):
        kind(4, B, boundary="periodic")


def test_heavy_tails_are_pareto_far_out():
    tails = HeavyTails(0.5, 0.25)
    z = np.array([-8.0, -1.0, 0.0, 2.0, 8.0])
    x, log_det, back, _, slope = both_ways(tails, z)
    np.testing.assert_allclose(back, z, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(log_det, np.log(slope), rtol=1e-9)
    # P(X > x) = P(Z > z) = (1 + w x)^(-1 / w) / 2 by the formula, solved for the tail.
    tail = np.exp(log_cdf(-jnp.abs(jnp.asarray(z))))
    weight = np.where(z < 0, 0.5, 0.25)
    np.testing.assert_allclose((1 + weight * np.abs(x)) ** (-1 / weight) / 2, tail, rtol=1e-12)


def test_deviates_of_small_tails():
    for dtype, far in ((jnp.float32, 3), (jnp.float64, 5)):
        t = -jnp.logspace(-3, far, 40).astype(dtype)
        found, gradient = jax.jvp(lambda t: deviate(log_cdf(t)), (t,), (jnp.ones_like(t),))
        eps = 4 * np.finfo(dtype).eps
        np.testing.assert_allclose(found, t, rtol=eps, atol=eps)
        np.testing.assert_allclose(gradient, 1, rtol=1e-2)
