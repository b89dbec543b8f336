"""A scalar map applied to each value of a larger event."""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike

from fluvial.bijectors._outside import Outside
from fluvial.bijectors.bijector import Bijector, Direction, Pair
from fluvial.errors import ShapeError
from fluvial.shapes import Shape, as_floats, sum_event


class EachValue(Bijector):
    """`x[i] = bijector(z[i])` for each value of an event; a condition serves all values.

    Args:
        bijector: one of event shape ().
        event_shape: shape of the larger event.
    """

    bijector: Bijector
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(self, bijector: Bijector, event_shape: Shape):
        self.bijector = bijector
        self.event_shape = tuple(event_shape)
        self.condition_shape = bijector.condition_shape

    @property
    def _has_bounds(self) -> bool:
        return self.bijector._has_bounds

    def _find_outside(
        self, direction: Direction, event: Array, condition: Array | None
    ) -> Outside | None:
        return self.bijector._find_outside(direction, event.reshape(-1), self._repeated(condition))

    def _to_ends(
        self, direction: Direction, value: Array, condition: Array | None
    ) -> tuple[Array, Array]:
        flat = value.reshape(-1)
        out, falls = self.bijector._to_ends(direction, flat, self._repeated(condition))
        return out.reshape(value.shape), jnp.broadcast_to(falls, flat.shape).reshape(value.shape)

    def _forward_and_log_det(self, z, condition) -> Pair:
        return self._map("_forward_and_log_det", z, condition)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        return self._map("_inverse_and_log_det", x, condition)

    def _map(self, method: str, value: Array, condition: Array | None) -> Pair:
        flat, log_det = getattr(self.bijector, method)(value.reshape(-1), self._repeated(condition))
        return flat.reshape(value.shape), sum_event(log_det.reshape(value.shape))

    def _repeated(self, condition: Array | None) -> Array | None:
        if condition is None:
            return None
        return jnp.repeat(condition, math.prod(self.event_shape), axis=0)

    def initialise(self, x: ArrayLike, condition: ArrayLike | None = None) -> "EachValue":
        x = as_floats(x).reshape(-1)
        given = None if condition is None else self._repeated(as_floats(condition))
        return EachValue(self.bijector.initialise(x, given), self.event_shape)


def spread(bijector: Bijector, event_shape: Shape) -> Bijector:
    """Return a bijector of the event shape: a scalar one acts on each value."""
    is_scalar = bijector.event_shape == () == bijector.latent_shape
    return EachValue(bijector, event_shape) if is_scalar and event_shape != () else bijector


def fitted_together(parts: tuple[Bijector, ...]) -> tuple[Bijector, ...]:
    """Return the parts of a chain, scalar ones spread over the events that reach them.

    Raises:
        ShapeError: where the data of a part are not the latents of the one before it in the list.
    """
    shapes = [part.event_shape for part in parts]
    larger = [part.latent_shape for part in parts if part.event_shape != ()]
    current = larger[-1] if larger else ()
    fitted: list[Bijector] = []
    for part in reversed(parts):
        part = spread(part, current)
        if part.latent_shape != current:
            raise ShapeError(
                f"the parts of a composition have different event shapes: {shapes}; a part of "
                "event shape () acts on each value, and no other is stretched"
            )
        fitted.insert(0, part)
        current = part.event_shape
    return tuple(fitted)
