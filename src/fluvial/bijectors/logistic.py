"""The logistic function and its inverse."""

import equinox as eqx
import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.bijectors.elementwise import Elementwise
from fluvial.bijectors.interval import UNIT, Interval
from fluvial.parameters import Fixed
from fluvial.shapes import Shape, as_floats


class Sigmoid(Elementwise):
    """`x = low + (high - low) / (1 + exp(-z))`, from the real line to (low, high).

    The ends are not trained.

    Args:
        low: lower end; broadcast against `high`, their common shape is the event shape.
        high: upper end, above `low`.

    Raises:
        ValueError: where `high` is not above `low`, or an end is not finite.

    Examples:
        >>> float(Sigmoid().forward(0.0)), float(Sigmoid(-1.0, 5.0).forward(0.0))
        (0.5, 2.0)
    """

    ends: Fixed
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, low: ArrayLike = 0.0, high: ArrayLike = 1.0):
        self.ends = Fixed(checked_ends(low, high))
        self.event_shape = self.ends.value[0].shape

    @property
    def image(self) -> Interval:  # pyright: ignore[reportIncompatibleVariableOverride]
        return Interval(*self.ends.value)

    def _forward(self, z):
        low, high = self.ends.value
        return low + (high - low) * jax.nn.sigmoid(z)

    def _inverse(self, x):
        low, high = self.ends.value
        return jnp.log(x - low) - jnp.log(high - x)

    def _log_slope(self, z, x):
        low, high = self.ends.value
        return jnp.log(high - low) - jax.nn.softplus(z) - jax.nn.softplus(-z)


class Logit(Elementwise):
    """`x = log(z / (1 - z))`, from (0, 1) to the real line: the inverse of `Sigmoid`.

    Examples:
        >>> float(Logit().forward(0.5))
        0.0
    """

    event_shape = ()
    domain = UNIT

    def _forward(self, z):
        return jnp.log(z) - jnp.log1p(-z)

    def _inverse(self, x):
        return jax.nn.sigmoid(x)

    def _log_slope(self, z, x):
        return jax.nn.softplus(x) + jax.nn.softplus(-x)


def checked_ends(low: ArrayLike, high: ArrayLike) -> tuple[Array, Array]:
    """Return both ends of an interval in their common shape.

    Raises:
        ValueError: where `high` is not above `low`, or an end is not finite.
    """
    low, high = jnp.broadcast_arrays(as_floats(low), as_floats(high))
    if not any(isinstance(end, jax.core.Tracer) for end in (low, high)):
        below, above = np.asarray(low), np.asarray(high)
        if not np.all(np.isfinite(below) & np.isfinite(above) & (below < above)):
            raise ValueError(f"low must be below high, both finite, but got {below} and {above}")
    return low, high
