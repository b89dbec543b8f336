"""The uniform distribution on a box."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.distributions._columns import OnInterval, wide
from fluvial.distributions._stored import LOG_FACTOR_BOUND, Free, common, known
from fluvial.parameters import Fixed, soft_clip
from fluvial.shapes import Shape


class Uniform(OnInterval):
    """Independent uniform distributions on [low, high], both ends included.

    Outside, the log density is minus infinity and its gradient zero: data have to lie inside.

    Args:
        low: lower ends; broadcast against `high`, their common shape is the event shape.
        high: upper ends, above `low`.
        trainable: whether the centre and the width are trained; the width stays within a factor
            exp(7) of its start.

    Raises:
        ValueError: where an end is not finite, `high` is not above `low`, or their difference is
            outside the range of the float type.

    Examples:
        >>> Uniform(jnp.zeros(2), 4.0).log_prob(jnp.array([[1.0, 1.0], [1.0, 5.0]])).tolist()
        [-2.7725887298583984, -inf]
    """

    start: Fixed
    _shift: Free
    _raw_log_width: Free
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, low: ArrayLike = 0.0, high: ArrayLike = 1.0, *, trainable: bool = False):
        low, high = common(low, high)
        if known(low, high):
            below, above = np.asarray(low), np.asarray(high)
            with np.errstate(over="ignore", invalid="ignore"):
                width = above - below
            # A smaller width counts as zero on the device.
            if not np.all((width >= np.finfo(width.dtype).tiny) & np.isfinite(width)):
                raise ValueError(
                    f"low must be finite and below high, and their difference in the range of "
                    f"{width.dtype}, but got {below} and {above}"
                )
        self.start = Fixed((low, high))
        self._shift = Free(jnp.zeros_like(low), trainable=trainable)
        self._raw_log_width = Free(jnp.zeros_like(low), trainable=trainable)
        self.event_shape = low.shape

    @property
    def low(self) -> Array:
        """Lower ends, of shape `event_shape`."""
        return self.start.value[0] + (self._shift.value - self._growth)

    @property
    def high(self) -> Array:
        """Upper ends, of shape `event_shape`."""
        return self.start.value[1] + (self._shift.value + self._growth)

    @property
    def _growth(self) -> Array:
        # Added to the ends, zero at the start: the ends that were given are kept to the last bit.
        low, high = self.start.value
        return (high - low) / 2 * jnp.expm1(soft_clip(self._raw_log_width.value, LOG_FACTOR_BOUND))

    def _ends(self) -> tuple[Array, Array]:
        return wide(self.low), wide(self.high)

    def _inner(self) -> Array:
        low, high = self._ends()
        return low + (high - low) / 2

    def _log_density_inside(self, x) -> Array:
        low, high = self._ends()
        return jnp.broadcast_to(-jnp.log(high - low), x.shape)

    def _log_density_at_end(self, x) -> Array:
        return self._log_density_inside(x)

    def _log_tail_inside(self, x, upper) -> Array:
        low, high = self._ends()
        return jnp.log(jnp.where(upper, high - x, x - low) / (high - low))

    def _quantile_of_each(self, q, upper) -> Array:
        low, high = self._ends()
        share = (high - low) * q
        return jnp.where(upper, high - share, low + share)

    def _moments(self) -> tuple[Array, Array, Array]:
        low, high = self._ends()
        width = high - low
        return self._inner(), width**2 / 12, jnp.log(width)

    def _sample(self, key, n, condition) -> Array:
        low, high = self.low, self.high
        share = jax.random.uniform(key, (n, *self.event_shape), low.dtype)
        return jnp.clip(low + (high - low) * share, low, high)
