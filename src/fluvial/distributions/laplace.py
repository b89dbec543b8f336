"""Laplace distributions with independent values."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike

from fluvial.distributions._columns import Symmetric
from fluvial.distributions._stored import Free, Positive, checked_positive, common
from fluvial.shapes import Shape


class Laplace(Symmetric):
    """Independent Laplace distributions: `exp(-|x - loc| / scale) / (2 scale)`.

    A base with a peak, and tails between those of the normal and Student's t.

    Args:
        loc: centres; broadcast against `scale`, their common shape is the event shape.
        scale: positive, the mean distance from the centre.
        trainable: whether both are trained; a scale stays within a factor exp(7) of its start.

    Raises:
        ValueError: where a scale is not positive and finite.

    Examples:
        >>> round(float(Laplace(0.0, 1.0).cdf(-1.0)), 5)
        0.18394
    """

    _loc: Free
    _scale: Positive
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, loc: ArrayLike = 0.0, scale: ArrayLike = 1.0, *, trainable: bool = False):
        loc, scale = common(loc, scale)
        self._loc = Free(loc, trainable=trainable)
        self._scale = Positive(checked_positive(scale, "scale"), trainable=trainable)
        self.event_shape = loc.shape

    @property
    def loc(self) -> Array:
        """Centres, of shape `event_shape`."""
        return self._loc.value

    @property
    def scale(self) -> Array:
        """Scales, of shape `event_shape`."""
        return self._scale.value

    def _location_and_scale(self) -> tuple[Array, Array]:
        return self.loc, self.scale

    def _standard_log_density(self, t) -> Array:
        return -jnp.abs(t) - math.log(2)

    def _standard_log_cdf(self, t) -> Array:
        below = jnp.minimum(t, 0) - math.log(2)
        above = jnp.log1p(-jnp.exp(-jnp.maximum(t, 0)) / 2)
        return jnp.where(t < 0, below, above)

    def _standard_quantile(self, q) -> Array:
        # Where a branch is not taken it gets a harmless number: its gradient is multiplied by zero.
        is_low = q < 0.5
        below = jnp.log(2 * jnp.where(is_low, q, 0.5))
        above = -jnp.log(2 * (1 - jnp.where(is_low, 0.5, q)))
        return jnp.where(is_low, below, above)

    def _standard_moments(self) -> tuple[Array, Array, Array]:
        one = jnp.ones(())
        return 0 * one, 2 * one, (1 + math.log(2)) * one

    def _sample(self, key, n, condition) -> Array:
        noise = jax.random.laplace(key, (n, *self.event_shape), self.loc.dtype)
        return self.loc + self.scale * noise
