"""Monotone maps of an interval, made of maps of [0, 1] onto itself."""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors import _root_search
from fluvial.bijectors._boundary import Boundary, bounds, turned
from fluvial.bijectors.bijector import Direction
from fluvial.bijectors.elementwise import Elementwise
from fluvial.bijectors.interval import LINE, Interval


class UnitMap(Elementwise):
    """A map of [-B, B] onto itself, from one of [0, 1] onto itself.

    Attributes:
        interval: half-width B.
        boundary: "linear": the identity outside; "interval": not defined outside; "circular": both
            ends are one point, and the map ends with a trained turn.
        phase: the turn, of shape `event_shape`; None where the map is not circular.
    """

    interval: eqx.AbstractVar[float]
    boundary: eqx.AbstractVar[Boundary]
    phase: eqx.AbstractVar[Array | None]

    @abstractmethod
    def _unit(self, share: Array) -> tuple[Array, Array]:
        """Map values of [0, 1] onto [0, 1]; return them, and the logarithms of their slopes."""

    def _unit_inverse(self, share: Array) -> Array:
        """Map values of [0, 1] back."""
        return _root_search.inverse(_Unit(self), share)

    @property
    def domain(self) -> Interval:  # pyright: ignore[reportIncompatibleVariableOverride]
        return LINE if self.boundary == "linear" else bounds(self.interval)

    @property
    def image(self) -> Interval:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.domain

    def _forward(self, z: Array) -> Array:
        x = self._value(self._unit(self._share(z))[0])
        if self.phase is not None:
            return turned(x + self.phase, self.interval)
        return x if self.boundary == "interval" else jnp.where(self._is_inside(z), x, z)

    def _inverse(self, x: Array) -> Array:
        if self.phase is not None:
            return self._value(
                self._unit_inverse(self._share(turned(x - self.phase, self.interval)))
            )
        z = self._value(self._unit_inverse(self._share(x)))
        return z if self.boundary == "interval" else jnp.where(self._is_inside(x), z, x)

    def _log_slope(self, z: Array, x: Array) -> Array:
        log_slope = self._unit(self._share(z))[1]
        if self.boundary != "linear":
            return log_slope
        return jnp.where(self._is_inside(z), log_slope, jnp.zeros((), log_slope.dtype))

    def _to_ends(
        self, direction: Direction, value: Array, condition: Array | None
    ) -> tuple[Array, Array]:
        if self.boundary == "circular":
            raise NotImplementedError(f"a circular {type(self).__name__} is not monotone")
        return super()._to_ends(direction, value, condition)

    def _is_inside(self, value: Array) -> Array:
        return jnp.abs(value) < self.interval

    def _share(self, value: Array) -> Array:
        # Clipped before the maths and selected after: gradients are finite beyond the ends too.
        clipped = jnp.clip(value, -self.interval, self.interval)
        return (clipped + self.interval) / (2 * self.interval)

    def _value(self, share: Array) -> Array:
        return share * (2 * self.interval) - self.interval


class _Unit(eqx.Module):
    """The map of [0, 1] as a function of the whole line, so that a search finds its ends."""

    map: UnitMap

    def __call__(self, share: Array) -> Array:
        clipped = jnp.clip(share, 0, 1)
        return self.map._unit(clipped)[0] + (share - clipped)
