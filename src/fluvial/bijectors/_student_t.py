"""Student's t with location 0 and scale 1, right for any degrees of freedom that a float holds."""

import math
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero
from jax.scipy import special
from jaxtyping import Array

from fluvial.bijectors import _normal_tail
from fluvial.bijectors._quantile import quantile as search

SHIFT = 10
"""Recurrences that carry the argument of the series to at least this, where 1e-14 remains."""

SERIES = (-1 / 8, 1 / 192, -1 / 640, 17 / 14336, -31 / 18432, 691 / 180224)
"""Coefficients of a^-1, a^-3, ... a^-11 of `log_gamma_ratio`."""

SMALL, SMALL_TERMS = 0.01, 9
"""Below 0.01, nine terms of the series of `log(1 + u) / u` are right to 1e-19."""

MANY = {"float32": 100.0, "float64": 3e3}
"""Degrees of freedom from which tails are found by a normal deviate."""


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


@jax.custom_jvp
def log_cdf(t: Array, df: Array) -> Array:
    """Return the log probability up to `t`, elementwise; it has no gradient by `df`.

    References:
        Abramowitz and Stegun 1964, Handbook of Mathematical Functions, equation 26.7.1; Hill 1970,
        Communications of the ACM 13(10), algorithm 395.
    """
    t, df = jnp.broadcast_arrays(t, df)
    is_normal = df > MANY[t.dtype.name]
    small = jnp.where(is_normal, 1.0, df)
    ratio = t / jnp.sqrt(small)
    square = jnp.minimum(ratio * ratio, jnp.finfo(t.dtype).max)
    # The share of the middle near the centre, that of both tails far from it: both have digits.
    is_near = jnp.abs(t) < 1
    share = special.betainc(
        jnp.where(is_near, 0.5, small / 2),
        jnp.where(is_near, small / 2, 0.5),
        jnp.where(is_near, square, 1.0) / (1 + square),
    )
    tail = jnp.where(is_near, 1 - share, share) / 2
    by_beta = jnp.where(t < 0, jnp.log(tail), jnp.log1p(-tail))
    many = jnp.where(is_normal, df, 1e30)
    return jnp.where(is_normal, _normal_tail.log_cdf(_deviate(t, many)), by_beta)


@partial(log_cdf.defjvp, symbolic_zeros=True)
def _log_cdf_jvp(primals, tangents):
    d_t, d_df = tangents
    if not isinstance(d_df, SymbolicZero):
        raise NotImplementedError(
            "the cdf of StudentT has no derivative by df; give it with trainable=False"
        )
    value = log_cdf(*primals)
    if isinstance(d_t, SymbolicZero):
        return value, jnp.zeros_like(value)
    return value, jnp.exp(log_density(*primals) - value) * d_t


def _deviate(t: Array, df: Array) -> Array:
    """Return the standard normal deviate with the same tail, for many degrees of freedom."""
    ratio = t / jnp.sqrt(df)
    square = ratio * ratio
    a = df - 0.5
    y = jnp.where(
        square > 1, a * jnp.log1p(square), a * square * _log1p_ratio(jnp.minimum(square, 1))
    )
    b = 48 * a * a
    inner = (((-0.4 * y - 3.3) * y - 24) * y - 85.5) / (0.8 * y * y + 100 + b)
    return jnp.sign(t) * ((inner + y + 3) / b + 1) * jnp.sqrt(y)


def quantile(q: Array, df: Array) -> Array:
    """Return `t` that a share `q` lies below, elementwise; it has no gradient by `df`."""
    return search(_LogTail(df), q, False)


class _LogTail(eqx.Module):
    df: Array

    def __call__(self, t: Array, upper: bool | Array) -> Array:
        return log_cdf(jnp.where(upper, -t, t), self.df)


def entropy(df: Array) -> Array:
    """Return the entropy in nats, elementwise.

    `(df + 1) / 2 (psi(a + 1/2) - psi(a)) + log(sqrt(df) B(a, 1/2))` with `a = df / 2`, both from
    `log_gamma_ratio`, whose derivative is the difference of the digamma functions less 1 / (2 a).
    """
    a = df / 2
    ratio, slope = jax.jvp(log_gamma_ratio, (a,), (jnp.ones_like(a),))
    return (a + 0.5) * (slope + 0.5 / a) + math.log(2 * math.pi) / 2 - ratio


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
