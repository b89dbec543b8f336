"""Elementwise maps against their formulas and derivatives in NumPy and SciPy, in float64."""

import numpy as np
import pytest
from scipy import special, stats

from fluvial import bijectors as fb

pytestmark = pytest.mark.usefixtures("x64")

LINE = np.random.default_rng(0).normal(size=50) * 2
POSITIVE = np.exp(LINE / 2)
UNIT = special.expit(LINE)
SHORT = 0.95 * np.tanh(LINE)


def softplus(z, hinge):
    return hinge * np.logaddexp(0, z / hinge)


def soft_clip(z):
    width = 2.0 - -1.0
    return 2.0 - width / softplus(width, 0.7) * softplus(width - softplus(z - -1.0, 0.7), 0.7)


def slope_of_soft_clip(z):
    width = 2.0 - -1.0
    inner = width - softplus(z - -1.0, 0.7)
    slopes = special.expit(inner / 0.7) * special.expit((z - -1.0) / 0.7)
    return width / softplus(width, 0.7) * slopes


def slope_of_sinh_arcsinh(z):
    return 1.3 * np.cosh(1.3 * (np.arcsinh(z) + 0.4)) / np.hypot(1, z)


CASES = {
    "identity": (lambda: fb.Identity(), LINE, lambda z: z, np.ones_like),
    "exp": (lambda: fb.Exp(), LINE, np.exp, np.exp),
    "log": (lambda: fb.Log(), POSITIVE, np.log, lambda z: 1 / z),
    "expm1": (lambda: fb.Expm1(), LINE, np.expm1, np.exp),
    "log1p": (lambda: fb.Log1p(), POSITIVE - 0.99, np.log1p, lambda z: 1 / (1 + z)),
    "sigmoid": (
        lambda: fb.Sigmoid(-1.0, 3.0),
        LINE,
        lambda z: 4 * special.expit(z) - 1,
        lambda z: 4 * stats.logistic.pdf(z),
    ),
    "logit": (lambda: fb.Logit(), UNIT, special.logit, lambda z: 1 / (z * (1 - z))),
    "tanh": (lambda: fb.Tanh(), LINE, np.tanh, lambda z: np.cosh(z) ** -2.0),
    "softplus": (lambda: fb.Softplus(), LINE, lambda z: softplus(z, 1.0), special.expit),
    "softsign": (
        lambda: fb.Softsign(),
        LINE,
        lambda z: z / (1 + np.abs(z)),
        lambda z: (1 + np.abs(z)) ** -2.0,
    ),
    "reciprocal": (lambda: fb.Reciprocal(), POSITIVE, lambda z: 1 / z, lambda z: z**-2.0),
    "square": (lambda: fb.Square(), POSITIVE, np.square, lambda z: 2 * z),
    "power": (lambda: fb.Power(1.7), POSITIVE, lambda z: z**1.7, lambda z: 1.7 * z**0.7),
    "power-transform": (
        lambda: fb.PowerTransform(0.4),
        POSITIVE,
        lambda z: special.inv_boxcox(z, 0.4),
        lambda z: (1 + 0.4 * z) ** (1 / 0.4 - 1),
    ),
    "sinh-arcsinh": (
        lambda: fb.SinhArcsinh(0.4, 1.3),
        LINE,
        lambda z: np.sinh(1.3 * (np.arcsinh(z) + 0.4)),
        slope_of_sinh_arcsinh,
    ),
    "soft-clip": (lambda: fb.SoftClip(-1.0, 2.0, 0.7), LINE, soft_clip, slope_of_soft_clip),
    "leaky-relu": (
        lambda: fb.LeakyReLU(0.3),
        LINE,
        lambda z: np.where(z < 0, 0.3 * z, z),
        lambda z: np.where(z < 0, 0.3, 1.0),
    ),
    "affine": (
        lambda: fb.Affine(0.7, 1.6),
        LINE,
        lambda z: 0.7 + 1.6 * z,
        lambda z: np.full_like(z, 1.6),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_values_and_log_dets(name):
    build, z, formula, slope = CASES[name]
    bijector = build()
    x, log_det = bijector.forward_and_log_det(z)
    np.testing.assert_allclose(x, formula(z), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(log_det, np.log(np.abs(slope(z))), rtol=1e-11, atol=1e-12)
    back, inverse_log_det = bijector.inverse_and_log_det(formula(z))
    np.testing.assert_allclose(back, z, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(inverse_log_det, -np.log(np.abs(slope(z))), rtol=1e-9, atol=1e-10)
