"""Intervals of the real line: where a scalar map is defined, and what it reaches."""

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array


class Interval(NamedTuple):
    """An interval of the real line; infinite ends do not belong to it.

    Attributes:
        low: lower end; a number, or an array of the event's shape.
        high: upper end.
        closed_low: whether the lower end belongs to it.
        closed_high: whether the upper end belongs to it.

    Examples:
        >>> str(Interval(0.0, math.inf, closed_low=True))
        '[0, inf)'
    """

    low: float | Array = -math.inf
    high: float | Array = math.inf
    closed_low: bool = False
    closed_high: bool = False

    def __str__(self) -> str:
        left, right = "[" if self.closed_low else "(", "]" if self.closed_high else ")"
        return f"{left}{_shown(self.low)}, {_shown(self.high)}{right}"

    @property
    def is_line(self) -> bool:
        """Whether it is known, before any array is, to be the whole line."""
        return _is_infinite(self.low) and _is_infinite(self.high)

    def leaves_out(self, values: Array) -> Array:
        """Return which values lie outside; NaN does not."""
        return self.below(values) | self.above(values)

    def below(self, values: Array) -> Array:
        """Return which values lie outside, at the lower end or beyond it."""
        low = self._low(values)
        return values < low if self.closed_low else values <= low

    def above(self, values: Array) -> Array:
        """Return which values lie outside, at the upper end or beyond it."""
        high = self._high(values)
        return values > high if self.closed_high else values >= high

    def inner(self, values: Array, share: float | Array = 0.5) -> Array:
        """Return a point inside, for each value; the greater `share` of (0, 1), the higher."""
        low, high = self._low(values), self._high(values)
        if self.is_line:
            return jnp.full_like(values, share)
        if _is_infinite(self.low):
            return high - (1 / share - 1)
        return low + share / (1 - share) if _is_infinite(self.high) else low + share * (high - low)

    def _low(self, values: Array) -> Array:
        return jnp.asarray(self.low, values.dtype)

    def _high(self, values: Array) -> Array:
        return jnp.asarray(self.high, values.dtype)


class NonZero(Interval):
    """The real line without zero; no interval, but with the same questions."""

    def __str__(self) -> str:
        return "(-inf, 0) or (0, inf)"

    @property
    def is_line(self) -> bool:
        return False

    def leaves_out(self, values: Array) -> Array:
        return values == 0

    def inner(self, values: Array, share: float | Array = 0.5) -> Array:
        return jnp.full_like(values, share)


LINE = Interval()
"""The whole real line."""

POSITIVE = Interval(0.0)
"""The positive numbers, without zero."""

UNIT = Interval(0.0, 1.0)
"""The numbers between 0 and 1, without both."""


def _is_infinite(end: float | Array) -> bool:
    return isinstance(end, float) and math.isinf(end)


def _shown(end: float | Array) -> str:
    return f"{float(end):.6g}" if np.ndim(end) == 0 else str(end)
