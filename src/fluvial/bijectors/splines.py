"""Monotone linear, quadratic and cubic splines."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors._boundary import (
    MIN_FRACTION,
    Boundary,
    check,
    start_of_phase,
)
from fluvial.bijectors._pieces import bin_of, picked, sizes, slopes, starts
from fluvial.bijectors._unit_map import UnitMap
from fluvial.bijectors.elementwise import aligned
from fluvial.parameters import zeros
from fluvial.shapes import Shape


class LinearSpline(UnitMap):
    """A monotone piecewise linear map on [-interval, interval], elementwise.

    K bins of equal widths have trained heights; zeros give the identity. The slope jumps at the
    knots.

    Args:
        n_bins: bins K, 2 to 999.
        interval: positive half-width B of the interval; `math.pi` for angles.
        boundary: "linear": the identity outside; "interval": not defined outside; "circular": both
            ends are one point, for angles, and the map ends with a trained turn.
        shape: the event shape; () makes a transformer of coupling and autoregressive layers.

    Raises:
        ValueError: where `n_bins`, `interval` or `boundary` is out of range.

    Examples:
        >>> float(LinearSpline(n_bins=4, interval=3.0).forward(10.0))
        10.0

    References:
        Müller et al. 2019, arXiv 1808.03856, section 4.2.
    """

    raw_heights: Array
    phase: Array | None
    interval: float = eqx.field(static=True)
    boundary: Boundary = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)

    def __init__(
        self,
        n_bins: int = 8,
        interval: float = 5.0,
        *,
        boundary: Boundary = "linear",
        shape: Shape = (),
    ):
        check(interval, boundary, n_bins=n_bins)
        self.interval, self.boundary = float(interval), boundary
        self.raw_heights = zeros((n_bins, *shape))
        self.phase = start_of_phase(boundary, shape)
        self.event_shape = tuple(shape)

    def _unit(self, share: Array) -> tuple[Array, Array]:
        heights = sizes(aligned(self.raw_heights, share))
        n_bins = len(heights)
        mask = bin_of(share, jnp.full_like(heights, 1 / n_bins))
        height, start = picked(mask, heights), picked(mask, starts(heights))
        left = picked(mask, starts(jnp.full_like(heights, 1 / n_bins)))
        return start + height * n_bins * (share - left), jnp.log(height) + math.log(n_bins)

    def _unit_inverse(self, share: Array) -> Array:
        heights = sizes(aligned(self.raw_heights, share))
        mask = bin_of(share, heights)
        height, start = picked(mask, heights), picked(mask, starts(heights))
        left = picked(mask, starts(jnp.full_like(heights, 1 / len(heights))))
        return left + (share - start) / (height * len(heights))


class QuadraticSpline(UnitMap):
    """A monotone piecewise quadratic map on [-interval, interval], elementwise.

    K bins have trained widths; the slope is linear in each, between trained values at the knots.
    With linear tails it is 1 at both ends, so that the tails join smoothly. Zeros give the
    identity.

    Args:
        n_bins: bins K, 2 to 999.
        interval: positive half-width B of the interval; `math.pi` for angles.
        boundary: "linear": the identity outside; "interval": not defined outside; "circular": both
            ends are one point, for angles, and the map ends with a trained turn.
        shape: the event shape; () makes a transformer of coupling and autoregressive layers.

    Raises:
        ValueError: where `n_bins`, `interval` or `boundary` is out of range.

    Examples:
        >>> float(QuadraticSpline(n_bins=4, interval=3.0).forward(10.0))
        10.0

    References:
        Müller et al. 2019, arXiv 1808.03856, section 4.3.
    """

    raw_widths: Array
    raw_slopes: Array
    phase: Array | None
    interval: float = eqx.field(static=True)
    boundary: Boundary = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)

    def __init__(
        self,
        n_bins: int = 8,
        interval: float = 5.0,
        *,
        boundary: Boundary = "linear",
        shape: Shape = (),
    ):
        check(interval, boundary, n_bins=n_bins)
        self.interval, self.boundary = float(interval), boundary
        n_slopes = {"linear": n_bins - 1, "interval": n_bins + 1, "circular": n_bins}[boundary]
        self.raw_widths = zeros((n_bins, *shape))
        self.raw_slopes = zeros((n_slopes, *shape))
        self.phase = start_of_phase(boundary, shape)
        self.event_shape = tuple(shape)

    def _unit(self, share: Array) -> tuple[Array, Array]:
        widths, left, right = self._bins(share)
        mask = bin_of(share, widths)
        width, left_of, right_of = (picked(mask, each) for each in (widths, left, right))
        start = picked(mask, starts(widths * (left + right) / 2))
        within = jnp.clip((share - picked(mask, starts(widths))) / width, 0, 1)
        slope = left_of + (right_of - left_of) * within
        return start + width * within * (left_of + slope) / 2, jnp.log(slope)

    def _unit_inverse(self, share: Array) -> Array:
        widths, left, right = self._bins(share)
        heights = widths * (left + right) / 2
        mask = bin_of(share, heights)
        width, left_of, right_of = (picked(mask, each) for each in (widths, left, right))
        area = jnp.maximum((share - picked(mask, starts(heights))) / width, 0)
        # The root of a quadratic equation in the form in which nothing cancels.
        square = left_of * left_of + 2 * (right_of - left_of) * area
        least = jnp.minimum(left_of, right_of)
        within = 2 * area / (left_of + jnp.sqrt(jnp.maximum(square, least * least)))
        return picked(mask, starts(widths)) + width * jnp.clip(within, 0, 1)

    def _bins(self, share: Array) -> tuple[Array, Array, Array]:
        """Return widths, and the slopes at the left and at the right end of each bin."""
        widths = sizes(aligned(self.raw_widths, share))
        at_knots = slopes(aligned(self.raw_slopes, share))
        if self.boundary == "linear":
            # Those between are scaled so that the area is one: (w1 + wK) / 2 of it is the ends'.
            inner = jnp.sum(at_knots * (widths[:-1] + widths[1:]), axis=0) / 2
            at_knots = at_knots * (1 - (widths[0] + widths[-1]) / 2) / inner
            ones = jnp.ones_like(at_knots[:1])
            at_knots = jnp.concatenate([ones, at_knots, ones])
            return widths, at_knots[:-1], at_knots[1:]
        if self.boundary == "circular":
            at_knots = jnp.concatenate([at_knots, at_knots[:1]])
        area = jnp.sum(widths * (at_knots[:-1] + at_knots[1:]), axis=0) / 2
        at_knots = at_knots / area
        return widths, at_knots[:-1], at_knots[1:]


class CubicSpline(UnitMap):
    """A monotone piecewise cubic map on [-interval, interval], elementwise.

    K bins have trained widths and heights. The slopes at the knots are Steffen's, of the bins
    beside; those at the two ends are trained, between 0 and 3 times that of their bin. Zeros give
    the identity. Its inverse is a root search.

    Args:
        n_bins: bins K, 2 to 999.
        interval: positive half-width B of the interval; `math.pi` for angles.
        boundary: "linear": the identity outside, where the slope jumps; "interval": not defined
            outside; "circular": both ends are one point, for angles, and the map ends with a
            trained turn.
        shape: the event shape; () makes a transformer of coupling and autoregressive layers.

    Raises:
        ValueError: where `n_bins`, `interval` or `boundary` is out of range.

    Examples:
        >>> float(CubicSpline(n_bins=4, interval=3.0).forward(10.0))
        10.0

    References:
        Durkan et al. 2019, arXiv 1906.02145, section 3 and appendix A; Steffen 1990, Astronomy and
        Astrophysics 239.
    """

    raw_widths: Array
    raw_heights: Array
    raw_ends: Array | None
    phase: Array | None
    interval: float = eqx.field(static=True)
    boundary: Boundary = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)

    def __init__(
        self,
        n_bins: int = 8,
        interval: float = 5.0,
        *,
        boundary: Boundary = "linear",
        shape: Shape = (),
    ):
        check(interval, boundary, n_bins=n_bins)
        self.interval, self.boundary = float(interval), boundary
        self.raw_widths = zeros((n_bins, *shape))
        self.raw_heights = zeros((n_bins, *shape))
        self.raw_ends = None if boundary == "circular" else zeros((2, *shape))
        self.phase = start_of_phase(boundary, shape)
        self.event_shape = tuple(shape)

    def _unit(self, share: Array) -> tuple[Array, Array]:
        widths = sizes(aligned(self.raw_widths, share))
        heights = sizes(aligned(self.raw_heights, share))
        mean_slopes = heights / widths
        at_knots = self._at_knots(widths, mean_slopes, share)
        mask = bin_of(share, widths)
        width, mean, left, right = (
            picked(mask, each) for each in (widths, mean_slopes, at_knots[:-1], at_knots[1:])
        )
        t = jnp.clip((share - picked(mask, starts(widths))) / width, 0, 1)
        third, second = left + right - 2 * mean, 3 * mean - 2 * left - right
        rise = width * t * (left + t * (second + t * third))
        # In Bernstein's form: at least a fifth of the mean slope, so that little cancels.
        rest = 1 - t
        bulge = 6 * mean - 2 * (left + right)
        slope = left * rest * rest + right * t * t + bulge * t * rest
        return picked(mask, starts(heights)) + rise, jnp.log(slope)

    def _at_knots(self, widths: Array, means: Array, share: Array) -> Array:
        """Return the slopes at all K + 1 knots."""
        if self.raw_ends is None:
            around = jnp.concatenate([means, means[:1]]), jnp.concatenate([widths, widths[:1]])
            inner = _steffen(*around)
            return jnp.concatenate([inner[-1:], inner])
        shares = 3 * jax.nn.sigmoid(aligned(self.raw_ends, share) - math.log(2.0))
        ends = jnp.maximum(shares, MIN_FRACTION) * jnp.stack([means[0], means[-1]])
        return jnp.concatenate([ends[:1], _steffen(means, widths), ends[1:]])


def _steffen(means: Array, widths: Array) -> Array:
    """Return the slopes between bins, from their mean slopes and widths: (K, ...) to (K - 1, ...).

    Steffen 1990, equations 9 and 11, for rising data.
    """
    before, after, w_before, w_after = means[:-1], means[1:], widths[:-1], widths[1:]
    weighted = (before * w_after + after * w_before) / (w_before + w_after)
    return 2 * jnp.minimum(jnp.minimum(before, after), weighted / 2)
