"""Tails of trained weight."""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike

from fluvial.bijectors._normal_tail import deviate, log_cdf
from fluvial.bijectors._positive import positive_scale
from fluvial.bijectors.affine import Scale
from fluvial.bijectors.elementwise import Elementwise
from fluvial.shapes import Shape, as_floats


class HeavyTails(Elementwise):
    """`x = sign(z) / w (erfc(abs(z) / sqrt(2))^-w - 1)`, elementwise: normal tails become heavy.

    With w the weight of the tail on that side: of normal latents the data have there a tail like
    `x^(-1 / w)`, that of a Student t with 1 / w degrees of freedom. Both weights are trained. Put
    it last, next to the data, after maps that keep tails light; add an `Affine` for centre and
    scale.

    Args:
        lower: weight of the lower tail, positive; broadcast against `upper`, their common shape is
            the event shape.
        upper: weight of the upper tail, positive.

    Raises:
        ValueError: where a weight is not positive and finite.

    Examples:
        >>> x = HeavyTails(0.5, 0.1).forward(jnp.array([-3.0, 3.0]))
        >>> [round(float(value), 2) for value in x]
        [-36.49, 8.07]

    References:
        Hickling and Prangle 2025, arXiv 2406.16971, equation 4.
    """

    lower_weight: Scale
    upper_weight: Scale
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, lower: ArrayLike = 0.1, upper: ArrayLike = 0.1):
        lower, upper = jnp.broadcast_arrays(as_floats(lower), as_floats(upper))
        self.lower_weight = positive_scale(lower, "lower")
        self.upper_weight = positive_scale(upper, "upper")
        self.event_shape = lower.shape

    @property
    def lower(self) -> Array:
        """Weight of the lower tail as it is now, of shape `event_shape`."""
        return self.lower_weight.scale

    @property
    def upper(self) -> Array:
        """Weight of the upper tail as it is now, of shape `event_shape`."""
        return self.upper_weight.scale

    def _forward(self, z):
        weight = self._weight(z)
        return _side(z) * jnp.expm1(-weight * _log_erfc(z)) / weight

    def _inverse(self, x):
        weight = self._weight(x)
        log_erfc = -jnp.log1p(weight * _side(x) * x) / weight
        return -_side(x) * deviate(log_erfc - math.log(2.0))

    def _log_slope(self, z, x):
        # Of log erfc: half the density of a normal, over the tail.
        return math.log(2 / math.pi) / 2 - z * z / 2 - (self._weight(z) + 1) * _log_erfc(z)

    def _weight(self, value: Array) -> Array:
        return jnp.where(value < 0, self.lower, self.upper)


def _log_erfc(z: Array) -> Array:
    """Return log erfc(|z| / sqrt(2)), twice the tail of a normal."""
    return log_cdf(-_side(z) * z) + math.log(2.0)


def _side(value: Array) -> Array:
    """Return the sign of each value, 1 at zero: there too the slope is right."""
    return jnp.where(value < 0, -1, 1).astype(value.dtype)
