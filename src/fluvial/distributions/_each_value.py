"""Independent values of one scalar distribution as one event."""

import math
from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.distributions.distribution import Distribution, Upper
from fluvial.errors import ShapeError
from fluvial.shapes import Shape, sum_event


class EachValue(Distribution):
    """Events of independent values, each from the same distribution of event shape ().

    Args:
        base: the distribution of a value; a condition serves all values of an event.
        event_shape: shape of the events.
    """

    base: Distribution
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(self, base: Distribution, event_shape: Shape):
        self.base = base
        self.event_shape = tuple(event_shape)
        self.condition_shape = base.condition_shape

    def _log_prob(self, x, condition) -> Array:
        values = self.base._log_prob(x.reshape(-1), self._repeated(condition))
        return sum_event(values.reshape(x.shape))

    def _sample(self, key, n, condition) -> Array:
        size = n * math.prod(self.event_shape)
        return self.base._sample(key, size, self._repeated(condition)).reshape(n, *self.event_shape)

    def _log_tail(self, x, upper, condition) -> Array:
        values = self.base._log_tail(x.reshape(-1), _flat(upper), self._repeated(condition))
        return sum_event(values.reshape(x.shape))

    def _quantile(self, q, upper, condition) -> Array:
        found = self.base._quantile(q.reshape(-1), _flat(upper), self._repeated(condition))
        return found.reshape(q.shape)

    def _entropy(self, condition) -> Array:
        return math.prod(self.event_shape) * self.base._entropy(condition)

    def _mean(self, condition) -> Array:
        return self._spread(self.base._mean(condition))

    def _variance(self, condition) -> Array:
        return self._spread(self.base._variance(condition))

    def _spread(self, values: Array) -> Array:
        """Give the moments of one value, () or (n,), axes for those of an event."""
        return values.reshape(values.shape + (1,) * len(self.event_shape))

    def _repeated(self, condition: Array | None) -> Array | None:
        if condition is None:
            return None
        return jnp.repeat(condition, math.prod(self.event_shape), axis=0)


def _flat(upper: Upper) -> Upper:
    return upper if isinstance(upper, bool) else upper.reshape(-1)


def independent(base: Distribution, event_shape: Sequence[int] | None) -> Distribution:
    """Return a distribution of the event shape; one of event shape () is drawn for each value.

    Raises:
        ShapeError: where the base has another event shape.
    """
    shape = base.event_shape if event_shape is None else tuple(event_shape)
    if shape == base.event_shape:
        return base
    if base.event_shape == ():
        return EachValue(base, shape)
    raise ShapeError(
        f"event_shape={shape} is for a base of event shape (), but {type(base).__name__} has "
        f"{base.event_shape}"
    )
