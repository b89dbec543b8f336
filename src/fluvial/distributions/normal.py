"""Normal distributions with independent columns."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy import stats
from jaxtyping import Array, ArrayLike

from fluvial.distributions._stored import Free, Positive, checked_positive
from fluvial.distributions.distribution import Distribution
from fluvial.shapes import Shape, as_floats, common_type, sum_event


class StandardNormal(Distribution):
    """Independent standard normals; the usual base of a flow.

    Args:
        event_shape: the shape, or a number of columns.
        dtype: floating-point type of the samples; JAX's default one where None.

    Examples:
        >>> float(StandardNormal(2).log_prob(jnp.zeros(2)))
        -1.8378770351409912
    """

    event_shape: Shape = eqx.field(static=True)
    dtype: Any = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, event_shape: int | Shape, *, dtype: Any = None):
        self.event_shape = (event_shape,) if isinstance(event_shape, int) else tuple(event_shape)
        self.dtype = jnp.dtype(jnp.result_type(float) if dtype is None else dtype)

    def _log_prob(self, x, condition) -> Array:
        return sum_event(stats.norm.logpdf(x.astype(jnp.result_type(float))))

    def _sample(self, key, n, condition) -> Array:
        return jax.random.normal(key, (n, *self.event_shape), self.dtype)


class DiagonalNormal(Distribution):
    """Independent normals.

    Args:
        loc: means; broadcast against `scale`, their common shape is the event shape.
        scale: standard deviations, positive.
        trainable: whether both are trained; a scale stays within a factor exp(7) of its start.

    Raises:
        ValueError: where a scale is not positive and finite.

    Examples:
        >>> DiagonalNormal(jnp.zeros(2), jnp.array([1.0, 2.0])).event_shape
        (2,)
    """

    _loc: Free
    _scale: Positive
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, loc: ArrayLike, scale: ArrayLike, *, trainable: bool = False):
        loc, scale = common(loc, scale)
        self._loc = Free(loc, trainable=trainable)
        self._scale = Positive(checked_positive(scale, "scale"), trainable=trainable)
        self.event_shape = loc.shape

    @property
    def loc(self) -> Array:
        """Means, of shape `event_shape`."""
        return self._loc.value

    @property
    def scale(self) -> Array:
        """Standard deviations, of shape `event_shape`."""
        return self._scale.value

    def _log_prob(self, x, condition) -> Array:
        x = x.astype(jnp.result_type(float))
        loc, scale = self.loc.astype(x.dtype), self.scale.astype(x.dtype)
        # Standardised first: the square of a scale may leave the range of the type.
        return sum_event(stats.norm.logpdf((x - loc) / scale) - jnp.log(scale))

    def _sample(self, key, n, condition) -> Array:
        noise = jax.random.normal(key, (n, *self.event_shape), self.loc.dtype)
        return self.loc + self.scale * noise


def common(*values: ArrayLike) -> tuple[Array, ...]:
    """Return floats of one common shape and type."""
    arrays = jnp.broadcast_arrays(*(as_floats(value) for value in values))
    dtype = common_type(*arrays)
    return tuple(array.astype(dtype) for array in arrays)
