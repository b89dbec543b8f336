"""Monotone rational-quadratic splines through given points, in float64.

Inside an interval between two points, with slopes at its ends, as Gregory and Delbourgo 1982 (IMA
Journal of Numerical Analysis 2, equation 1) have it; outside of all points the map goes on with
the slope of the end and, `TAIL_START` further on, logarithmically.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.tables.columns.tails import log_tail, log_tail_inverse


@dataclass(frozen=True)
class MonotoneSpline:
    """A smooth increasing map of the real line onto itself.

    Attributes:
        x: its points, (K,), increasing, K at least 2.
        y: their images, (K,), increasing.
        slope: its derivative at them, (K,), positive.

    Examples:
        >>> spline = MonotoneSpline.through(np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 3.0]))
        >>> y, log_slope = spline.forward(np.array([0.5, 1.0]))
        >>> spline.inverse(y)
        array([0.5, 1. ])
    """

    x: np.ndarray
    y: np.ndarray
    slope: np.ndarray

    @classmethod
    def through(cls, x: np.ndarray, y: np.ndarray) -> Self:
        """Return the spline through points; its slope at one is the geometric mean beside it."""
        log_secants = np.log(np.diff(y)) - np.log(np.diff(x))
        ends = log_secants[:1], log_secants[-1:]
        inner = (log_secants[1:] + log_secants[:-1]) / 2
        return cls(x, y, np.exp(np.concatenate([ends[0], inner, ends[1]])))

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map values x (n,) to y (n,), and return the log of the derivative dy/dx (n,)."""
        k = self._interval(self.x, x)
        width, height = np.diff(self.x)[k], np.diff(self.y)[k]
        secant, left, right = height / width, self.slope[k], self.slope[k + 1]
        at = np.clip((x - self.x[k]) / width, 0, 1)
        rest = 1 - at
        denominator = secant + (left + right - 2 * secant) * at * rest
        y = self.y[k] + height * at * (secant * at + left * rest) / denominator
        rising = right * at**2 + 2 * secant * at * rest + left * rest**2
        log_slope = 2 * np.log(secant) + np.log(rising) - 2 * np.log(denominator)
        for end, sign in ((0, -1.0), (-1, 1.0)):
            outside = sign * (x - self.x[end]) > 0
            distance = self.slope[end] * np.abs(x[outside] - self.x[end])
            further, log_slope_of_tail = log_tail(distance)
            y[outside] = self.y[end] + sign * further
            log_slope[outside] = np.log(self.slope[end]) + log_slope_of_tail
        return y, log_slope

    def inverse(self, y: np.ndarray) -> np.ndarray:
        """Map values y (n,) back to x (n,)."""
        k = self._interval(self.y, y)
        width, height = np.diff(self.x)[k], np.diff(self.y)[k]
        secant, left, right = height / width, self.slope[k], self.slope[k + 1]
        up = np.clip((y - self.y[k]) / height, 0, 1)
        # The root in [0, 1] of a a^2 + b a + c, in the form that loses no digits.
        bend = (left + right - 2 * secant) * up
        a, b, c = secant - left + bend, left - bend, -secant * up
        root = np.sqrt(np.maximum(b**2 - 4 * a * c, 0))
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.where(b >= 0, -2 * c / (b + root), (root - b) / (2 * a))
        x = self.x[k] + width * np.clip(np.nan_to_num(at), 0, 1)
        for end, sign in ((0, -1.0), (-1, 1.0)):
            outside = sign * (y - self.y[end]) > 0
            distance = log_tail_inverse(np.abs(y[outside] - self.y[end]))
            x[outside] = self.x[end] + sign * distance / self.slope[end]
        return x

    @staticmethod
    def _interval(points: np.ndarray, values: np.ndarray) -> np.ndarray:
        return np.clip(np.searchsorted(points, values, side="right") - 1, 0, len(points) - 2)
