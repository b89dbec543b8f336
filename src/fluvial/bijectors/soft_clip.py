"""A clip with rounded corners."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike

from fluvial.bijectors._positive import positive_scale
from fluvial.bijectors.elementwise import Elementwise
from fluvial.bijectors.interval import Interval
from fluvial.bijectors.logistic import checked_ends
from fluvial.bijectors.squashing import inverse_softplus
from fluvial.parameters import Fixed
from fluvial.shapes import Shape, as_floats


class SoftClip(Elementwise):
    """A smooth clip of the real line onto (low, high), close to the identity between.

    With softplus s(z) = h log(1 + exp(z / h)) of hinge softness h and width w = high - low it is
    `x = high - w / s(w) * s(w - s(z - low))`. Nothing is trained.

    Args:
        low: lower end; `low`, `high` and `hinge_softness` are broadcast, and their common shape is
            the event shape.
        high: upper end, above `low`.
        hinge_softness: how round the corners are, positive, in units of z.

    Raises:
        ValueError: where `high` is not above `low`, an end is not finite, or the softness is not
            positive.

    Examples:
        >>> SoftClip(0.0, 10.0).forward(jnp.array([-50.0, 5.0, 50.0])).round(2).tolist()
        [0.0, 5.0, 10.0]
    """

    ends: Fixed
    softness: Fixed
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, low: ArrayLike, high: ArrayLike, hinge_softness: ArrayLike = 1.0):
        low, high = checked_ends(low, high)
        softness = positive_scale(as_floats(hinge_softness), "hinge_softness").start.value
        low, high, softness = jnp.broadcast_arrays(low, high, softness)
        self.ends, self.softness = Fixed((low, high)), Fixed(softness)
        self.event_shape = low.shape

    @property
    def image(self) -> Interval:  # pyright: ignore[reportIncompatibleVariableOverride]
        return Interval(*self.ends.value)

    def _forward(self, z):
        low, high = self.ends.value
        return high - self._stretch * self._softplus(high - low - self._softplus(z - low))

    def _inverse(self, x):
        low, high = self.ends.value
        inner = high - low - self._inverse_softplus((high - x) / self._stretch)
        return low + self._inverse_softplus(inner)

    def _log_slope(self, z, x):
        low, high = self.ends.value
        inner = high - low - self._softplus(z - low)
        slopes = (jax.nn.log_sigmoid(value / self.softness.value) for value in (z - low, inner))
        return jnp.log(self._stretch) + sum(slopes)

    @property
    def _stretch(self) -> Array:
        low, high = self.ends.value
        return (high - low) / self._softplus(high - low)

    def _softplus(self, value: Array) -> Array:
        return self.softness.value * jax.nn.softplus(value / self.softness.value)

    def _inverse_softplus(self, value: Array) -> Array:
        # Rounding may reach zero, where the softplus of a value far down already is.
        value = jnp.maximum(value, jnp.finfo(value.dtype).tiny)
        return self.softness.value * inverse_softplus(value / self.softness.value)
