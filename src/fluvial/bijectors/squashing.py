"""Maps of the real line that flatten on one side or on both."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors.elementwise import Elementwise
from fluvial.bijectors.interval import POSITIVE, Interval

BETWEEN_ONES = Interval(-1.0, 1.0)


class Tanh(Elementwise):
    """`x = tanh(z)`, from the real line to (-1, 1).

    Examples:
        >>> float(Tanh().inverse(0.0))
        0.0
    """

    event_shape = ()
    image = BETWEEN_ONES

    def _forward(self, z):
        return jnp.tanh(z)

    def _inverse(self, x):
        return jnp.arctanh(x)

    def _log_slope(self, z, x):
        return 2 * (math.log(2.0) - z - jax.nn.softplus(-2 * z))


class Softsign(Elementwise):
    """`x = z / (1 + abs(z))`, from the real line to (-1, 1); slower to its ends than `Tanh`.

    Examples:
        >>> float(Softsign().forward(3.0))
        0.75
    """

    event_shape = ()
    image = BETWEEN_ONES

    def _forward(self, z):
        return z / (1 + jnp.abs(z))

    def _inverse(self, x):
        return x / (1 - jnp.abs(x))

    def _log_slope(self, z, x):
        return -2 * jnp.log1p(jnp.abs(z))


class Softplus(Elementwise):
    """`x = log(1 + exp(z))`, from the real line to the positive numbers; the identity far up.

    Examples:
        >>> round(float(Softplus().forward(0.0)), 4)
        0.6931
    """

    event_shape = ()
    image = POSITIVE

    def _forward(self, z):
        return jax.nn.softplus(z)

    def _inverse(self, x):
        return inverse_softplus(x)

    def _log_slope(self, z, x):
        return -jax.nn.softplus(-z)


def inverse_softplus(x: Array) -> Array:
    """Return z with `log(1 + exp(z)) = x`, for positive x."""
    return x + jnp.log(-jnp.expm1(-x))
