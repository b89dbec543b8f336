"""Logistic distributions with independent values."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy import special
from jaxtyping import Array, ArrayLike

from fluvial.distributions._columns import Symmetric
from fluvial.distributions._stored import Free, Positive, checked_positive, common
from fluvial.shapes import Shape


class Logistic(Symmetric):
    """Independent logistic distributions, whose cdf is `sigmoid((x - loc) / scale)`.

    Args:
        loc: centres; broadcast against `scale`, their common shape is the event shape.
        scale: positive.
        trainable: whether both are trained; a scale stays within a factor exp(7) of its start.

    Raises:
        ValueError: where a scale is not positive and finite.

    Examples:
        >>> round(float(Logistic(0.0, 1.0).cdf(1.0)), 5)
        0.73106
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
        return jax.nn.log_sigmoid(t) + jax.nn.log_sigmoid(-t)

    def _standard_log_cdf(self, t) -> Array:
        return jax.nn.log_sigmoid(t)

    def _standard_quantile(self, q) -> Array:
        return special.logit(q)

    def _standard_moments(self) -> tuple[Array, Array, Array]:
        one = jnp.ones(())
        return 0 * one, math.pi**2 / 3 * one, 2 * one

    def _sample(self, key, n, condition) -> Array:
        noise = jax.random.logistic(key, (n, *self.event_shape), self.loc.dtype)
        return self.loc + self.scale * noise
