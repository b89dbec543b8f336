"""The log density of Student's t, right for any degrees of freedom that a float holds."""

import math

import jax.numpy as jnp
from jaxtyping import Array

SHIFT = 10
"""Recurrences that carry the argument of the series to at least this, where 1e-14 remains."""

SERIES = (-1 / 8, 1 / 192, -1 / 640, 17 / 14336, -31 / 18432, 691 / 180224)
"""Coefficients of a^-1, a^-3, ... a^-11 of `log_gamma_ratio`."""

SMALL, SMALL_TERMS = 0.01, 9
"""Below 0.01, nine terms of the series of `log(1 + u) / u` are right to 1e-19."""


def log_gamma_ratio(a: Array) -> Array:
    """Return `lgamma(a + 1/2) - lgamma(a) - log(a) / 2`, elementwise, for positive `a`.

    It falls to zero like -1 / (8 a). The logarithms of the gamma function grow like a log a, so
    their difference has no digit left from a = 1e8 on in float32.

    References:
        Abramowitz and Stegun 1964, Handbook of Mathematical Functions, equation 6.1.40, at a + 1/2
        and a.
    """
    total = jnp.zeros_like(a)
    for step in range(SHIFT):
        at = a + step
        total += jnp.log1p(1 / at) / 2 - jnp.log1p(0.5 / at)
    inverse = 1 / (a + SHIFT)
    square = inverse * inverse
    value = jnp.zeros_like(a)
    for coefficient in reversed(SERIES):
        value = value * square + coefficient
    return total + value * inverse


def log_density(t: Array, df: Array) -> Array:
    """Return the log density of Student's t at `t`, elementwise; the normal's for large `df`."""
    return log_gamma_ratio(df / 2) - math.log(2 * math.pi) / 2 - _loss(t, df)


def _loss(t: Array, df: Array) -> Array:
    """Return `(df + 1) / 2 log(1 + t^2 / df)`, without overflow of the square."""
    ratio = t / jnp.sqrt(df)
    far = jnp.abs(ratio) > 1
    # Where a branch is not taken it gets harmless numbers: its gradient is multiplied by zero.
    wide = jnp.where(far, ratio, 2.0)
    of_far = (df + 1) * (jnp.log(jnp.abs(wide)) + jnp.log1p((1 / wide) ** 2) / 2)
    narrow, t = jnp.where(far, 0.0, ratio), jnp.where(far, 0.0, t)
    # (df + 1) u = t^2 + u with u = t^2 / df: right even where u is too small for a float.
    of_near = (t * t + narrow * narrow) / 2 * _log1p_ratio(narrow * narrow)
    return jnp.where(far, of_far, of_near)


def _log1p_ratio(u: Array) -> Array:
    """Return `log(1 + u) / u` for u from 0 to 1."""
    small = u < SMALL
    large = jnp.where(small, 1.0, u)
    series = jnp.zeros_like(u)
    for power in reversed(range(SMALL_TERMS)):
        series = series * -u + 1 / (power + 1)
    return jnp.where(small, series, jnp.log1p(large) / large)
