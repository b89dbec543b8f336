"""Events outside the domain of a map.

A map that is not defined everywhere gives NaN and the log det minus infinity there, by which all
that follows knows the event: further maps get harmless numbers in its place, so that gradients stay
finite; densities become zero, samples and results NaN. A NaN that was given stays a NaN, with a NaN
for its log det.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.bijectors.interval import Interval

HARMLESS = 0.5
"""What takes the place of a value that is lost; it lies in the usual domains."""


class Outside(NamedTuple):
    """What is known of a value outside the domain of a map.

    Attributes:
        value: the value as it reached the map.
        domain: where it should lie.
        owner: the name of the map, and what the domain is to it.
    """

    value: float
    domain: str
    owner: str

    def told(self, given: Array) -> str:
        """Return a sentence on it, for the event that was given."""
        start = f"{self.value:.10g} lies"
        if given.size != 1:
            start = f"a value of the event leads to {self.value:.10g}, which lies"
        elif float(given.reshape(())) != self.value:
            start = f"{float(given.reshape(())):.10g} leads to {self.value:.10g}, which lies"
        return f"{start} outside {self.domain}, {self.owner}"


def within(values: Array, domain: Interval) -> tuple[Array, Array | None]:
    """Return the values with inner points for those outside, and which lie inside.

    The mask is None where the domain is the whole line.
    """
    if domain.is_line:
        return values, None
    outside = domain.leaves_out(values)
    return jnp.where(outside, domain.inner(values), values), ~outside


def marked(values: Array, log_slopes: Array, inside: Array | None) -> tuple[Array, Array]:
    """Return values and the logarithms of their slopes with the mark of those outside."""
    if inside is None:
        return values, log_slopes
    nan, zero_slope = (jnp.asarray(number, values.dtype) for number in (jnp.nan, -jnp.inf))
    return jnp.where(inside, values, nan), jnp.where(inside, log_slopes, zero_slope)


def marked_event(values: Array, log_det: Array, inside: Array | None) -> tuple[Array, Array]:
    """Return values and log dets of events (n, *event_shape) with the mark of those outside."""
    if inside is None:
        return values, log_det
    whole = jnp.all(inside, axis=tuple(range(1, inside.ndim)))
    nan, zero_slope = jnp.asarray(jnp.nan, values.dtype), jnp.asarray(-jnp.inf, log_det.dtype)
    return jnp.where(inside, values, nan), jnp.where(whole, log_det, zero_slope)


def outside_of(domain: Interval, event: Array, direction: str, name: str) -> Outside | None:
    """Return the first value of an event outside an interval, None where there is none."""
    which = np.broadcast_to(domain.leaves_out(event), event.shape)
    if not which.any():
        return None
    owner = f"where {name} is defined" if direction == "forward" else f"all that {name} reaches"
    return Outside(float(np.asarray(event)[which][0]), str(domain), owner)


def lost(values: Array, log_det: Array) -> Array:
    """Return which events of `(n, *event_shape)` bear the mark, (n,)."""
    axes = tuple(range(1, values.ndim))
    return jnp.isneginf(log_det) & jnp.any(jnp.isnan(values), axis=axes)


def replaced(values: Array, which: Array, by: float) -> Array:
    """Return events with one number in place of all values of some of them."""
    mask = which.reshape(which.shape + (1,) * (values.ndim - 1))
    return jnp.where(mask, jnp.asarray(by, values.dtype), values)
