"""What maps of an interval do at its ends, and the bounds of their bins."""

import math
from typing import Literal

import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors.interval import Interval
from fluvial.parameters import zeros
from fluvial.shapes import Shape

Boundary = Literal["linear", "interval", "circular"]
"""The identity outside; not defined outside; both ends are one point."""

BOUNDARIES: tuple[Boundary, ...] = ("linear", "interval", "circular")

RAW_BOUND = math.log(1000.0)
"""Raw parameters act through a soft clip at this bound: derivatives stay within 1e-3 and 1e3."""

MIN_FRACTION = 1e-3
"""Least width and height of a bin, as a fraction of the whole interval."""


def check(
    interval: float,
    boundary: Boundary,
    allowed: tuple[Boundary, ...] = BOUNDARIES,
    **n_bins: int,
) -> None:
    """Refuse what makes no map of an interval.

    Args:
        interval: its half-width.
        boundary: what the map does at its ends.
        allowed: the boundaries that it knows.
        **n_bins: the number of bins, or of what stands for them, by its name.

    Raises:
        ValueError: where the half-width is not positive and finite, the boundary is not allowed, or
            a number is out of range.
    """
    if not 0 < interval < math.inf:
        raise ValueError(f"interval must be positive and finite, but is {interval}")
    if boundary not in allowed:
        raise ValueError(f"boundary must be one of {allowed}, but is {boundary!r}")
    for name, number in n_bins.items():
        if number < 2 or number * MIN_FRACTION >= 1:
            raise ValueError(f"{name} must lie in 2...999, but is {number}")


def bounds(interval: float) -> Interval:
    """Return the interval of a half-width, with its ends."""
    return Interval(-interval, interval, closed_low=True, closed_high=True)


def start_of_phase(boundary: Boundary, shape: Shape) -> Array | None:
    """Return the turn of a circular map as it starts, None for other maps."""
    return zeros(shape) if boundary == "circular" else None


def turned(value: Array, interval: float) -> Array:
    """Return values on the circle that is [-interval, interval]."""
    return jnp.mod(value + interval, 2 * interval) - interval
