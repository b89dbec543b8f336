"""Exponentials and logarithms."""

import jax.numpy as jnp

from fluvial.bijectors.elementwise import Elementwise
from fluvial.bijectors.interval import POSITIVE, Interval

ABOVE_MINUS_ONE = Interval(-1.0)


class Exp(Elementwise):
    """`x = exp(z)`, from the real line to the positive numbers.

    Examples:
        >>> log_normal = Exp()(StandardNormal(()))
        >>> log_normal.log_prob(jnp.array([1.0, -1.0])).tolist()
        [-0.9189385175704956, -inf]
    """

    event_shape = ()
    image = POSITIVE

    def _forward(self, z):
        return jnp.exp(z)

    def _inverse(self, x):
        return jnp.log(x)

    def _log_slope(self, z, x):
        return z


class Log(Elementwise):
    """`x = log(z)`, from the positive numbers to the real line: the inverse of `Exp`.

    Examples:
        >>> float(Log().forward(1.0))
        0.0
    """

    event_shape = ()
    domain = POSITIVE

    def _forward(self, z):
        return jnp.log(z)

    def _inverse(self, x):
        return jnp.exp(x)

    def _log_slope(self, z, x):
        return -x


class Expm1(Elementwise):
    """`x = exp(z) - 1`, from the real line to the numbers above -1; exact near zero.

    Examples:
        >>> float(Expm1().forward(0.0))
        0.0
    """

    event_shape = ()
    image = ABOVE_MINUS_ONE

    def _forward(self, z):
        return jnp.expm1(z)

    def _inverse(self, x):
        return jnp.log1p(x)

    def _log_slope(self, z, x):
        return z


class Log1p(Elementwise):
    """`x = log(1 + z)`, from the numbers above -1 to the real line; exact near zero.

    Examples:
        >>> float(Log1p().forward(0.0))
        0.0
    """

    event_shape = ()
    domain = ABOVE_MINUS_ONE

    def _forward(self, z):
        return jnp.log1p(z)

    def _inverse(self, x):
        return jnp.expm1(x)

    def _log_slope(self, z, x):
        return -x
