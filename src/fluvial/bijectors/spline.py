"""Monotone rational-quadratic splines."""

import functools
import operator

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from fluvial.bijectors._boundary import (
    MIN_FRACTION,
    RAW_BOUND,
    Boundary,
    bounds,
    check,
    start_of_phase,
    turned,
)
from fluvial.bijectors._outside import Outside, marked_event, outside_of, within
from fluvial.bijectors.bijector import Bijector, Direction, Pair
from fluvial.bijectors.elementwise import aligned
from fluvial.parameters import soft_clip, zeros
from fluvial.shapes import Shape, sum_event


class RationalQuadraticSpline(Bijector):
    """A monotone rational-quadratic spline on [-interval, interval], the identity outside.

    Elementwise. K bins have trained widths, heights and derivatives at the inner knots; at the
    two ends the derivative is 1, so that the tails join smoothly. Values beyond the interval are
    not transformed: bring the data to about unit scale first. With another `boundary` they are not
    in the domain, and the derivatives at the ends are trained too.

    The trained arrays are raw and unconstrained, with the bins on the leading axis; zeros give the
    identity. Widths and heights are soft-maxes of `soft_clip(raw, log 1000)`, at least 1e-3 of the
    interval; derivatives are `exp(soft_clip(raw, log 1000))`. No raw value can break the map.
    The maths is written out bin by bin, so compilation grows with `n_bins`: 4 to 32 are usual.

    Args:
        n_bins: bins K, 2 to 999.
        interval: positive half-width B of the interval; `math.pi` for angles.
        boundary: "linear": the identity outside; "interval": not defined outside; "circular": both
            ends are one point, for angles, and the map ends with a trained turn.
        shape: the event shape; () makes the scalar transformer of coupling and autoregressive
            layers.

    Raises:
        ValueError: where `n_bins`, `interval` or `boundary` is out of range.

    Examples:
        >>> spline = RationalQuadraticSpline(n_bins=4, interval=3.0)
        >>> float(spline.forward(10.0))
        10.0

    References:
        Durkan et al. 2019, arXiv 1906.04032, equations 4-8 and appendix A; Rezende et al. 2020,
        arXiv 2002.02428, section 2.1.1, for angles.
    """

    raw_widths: Array
    raw_heights: Array
    raw_derivatives: Array
    phase: Array | None
    interval: float = eqx.field(static=True)
    boundary: Boundary = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(
        self,
        n_bins: int = 8,
        interval: float = 5.0,
        *,
        boundary: Boundary = "linear",
        shape: Shape = (),
    ):
        check(interval, boundary, n_bins=n_bins)
        n_derivatives = {"linear": n_bins - 1, "interval": n_bins + 1, "circular": n_bins}
        self.interval, self.boundary = float(interval), boundary
        self.raw_widths = zeros((n_bins, *shape))
        self.raw_heights = zeros((n_bins, *shape))
        self.raw_derivatives = zeros((n_derivatives[boundary], *shape))
        self.phase = start_of_phase(boundary, shape)
        self.event_shape = tuple(shape)

    @property
    def _takes_row_parameters(self) -> bool:
        return True

    @property
    def _has_bounds(self) -> bool:
        return self.boundary != "linear"

    def _find_outside(
        self, direction: Direction, event: Array, condition: Array | None
    ) -> Outside | None:
        return outside_of(bounds(self.interval), event, direction, type(self).__name__)

    def _forward_and_log_det(self, z, condition) -> Pair:
        if self.boundary == "linear":
            return self._map(z, self.raw_widths, self.raw_heights, _segment)
        z, inside = within(z, bounds(self.interval))
        x, log_det = self._map(z, self.raw_widths, self.raw_heights, _segment)
        if self.phase is not None:
            x = turned(x + self.phase, self.interval)
        return marked_event(x, log_det, inside)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        if self.boundary == "linear":
            return self._map(x, self.raw_heights, self.raw_widths, _segment_inverse)
        x, inside = within(x, bounds(self.interval))
        if self.phase is not None:
            x = turned(x - self.phase, self.interval)
        z, log_det = self._map(x, self.raw_heights, self.raw_widths, _segment_inverse)
        return marked_event(z, log_det, inside)

    def _to_ends(
        self, direction: Direction, value: Array, condition: Array | None
    ) -> tuple[Array, Array]:
        if self.boundary == "circular":
            return super()._to_ends(direction, value, condition)
        out, _ = getattr(self, f"_{direction}_and_log_det")(value, None)
        if self.boundary == "interval":
            # The ends are their own images.
            ends = jnp.clip(value, -self.interval, self.interval)
            out = jnp.where(bounds(self.interval).leaves_out(value), ends, out)
        return out, jnp.zeros(value.shape, bool)

    @property
    def _derivatives(self) -> Array:
        """Raw derivatives at the inner knots, (K - 1, ...), or at all, (K + 1, ...)."""
        if self.boundary != "circular":
            return self.raw_derivatives
        return jnp.concatenate([self.raw_derivatives, self.raw_derivatives[:1]])

    def _map(self, value: Array, raw_from: Array, raw_to: Array, segment) -> Pair:
        """Map values whose bins have sizes `raw_from` to bins of sizes `raw_to`."""
        inside = jnp.abs(value) < self.interval
        if self.boundary != "linear":
            inside = jnp.ones_like(inside)
        # Clipped before the maths and selected after: gradients are finite beyond the edges too.
        clipped = jnp.clip(value, -self.interval, self.interval)
        fraction = (clipped + self.interval) / (2 * self.interval)
        raw = [aligned(leaf, value) for leaf in (raw_from, raw_to, self._derivatives)]
        sizes = [jnp.exp(soft_clip(leaf, RAW_BOUND)) for leaf in raw[:2]]
        found = _find_bin(fraction, *sizes, raw[2])
        below, below_to, size, size_to, total, total_to, left, right, index = found

        n_bins = raw_from.shape[0]
        scale = (1 - n_bins * MIN_FRACTION) / total
        scale_to = (1 - n_bins * MIN_FRACTION) / total_to
        start, width = MIN_FRACTION * index + scale * below, MIN_FRACTION + scale * size
        start_to = MIN_FRACTION * index + scale_to * below_to
        width_to = MIN_FRACTION + scale_to * size_to
        slope = width_to / width if segment is _segment else width / width_to
        left, right = (jnp.exp(soft_clip(raw, RAW_BOUND)) for raw in (left, right))

        within = jnp.clip((fraction - start) / width, 0, 1)
        out, log_det = segment(within, slope, left, right)
        out = (start_to + width_to * out) * (2 * self.interval) - self.interval
        zero = jnp.zeros((), log_det.dtype)
        return jnp.where(inside, out, value), sum_event(jnp.where(inside, log_det, zero))


@jax.custom_jvp
def _find_bin(fraction: Array, sizes: Array, sizes_to: Array, derivatives: Array):
    """Select what belongs to the bin of `fraction` in [0, 1].

    Args:
        fraction: (n, *shape).
        sizes: (K, n or 1, *shape), positive: bin sizes up to their sum, on the side searched.
        sizes_to: likewise, on the other side.
        derivatives: (K - 1, n or 1, *shape), raw, at the inner knots, where 0 stands at the ends;
            or (K + 1, n or 1, *shape), at all knots.

    Returns:
        The sum of the sizes of the bins below, on both sides; the size of the bin, on both sides;
        the sums of all sizes, on both sides; the raw derivative left and right; the bin's number.
    """
    sizes_of, sizes_to_of = _unstack(sizes), _unstack(sizes_to)
    zero = jnp.zeros_like(fraction)
    ends = _unstack(derivatives)
    n_bins = len(sizes_of)
    if len(ends) < n_bins:
        ends = [zero, *ends, zero]
    total = functools.reduce(operator.add, sizes_of)
    total_to = functools.reduce(operator.add, sizes_to_of)
    scale = (1 - n_bins * MIN_FRACTION) / total
    sum_below, sum_below_to = zero, zero
    below, below_to, index = zero, zero, zero
    size, size_to, left, right = sizes_of[0], sizes_to_of[0], ends[0], ends[1]
    # A chain of selects instead of a gather or a search: it stays one elementwise kernel.
    for k in range(1, n_bins):
        sum_below = sum_below + sizes_of[k - 1]
        sum_below_to = sum_below_to + sizes_to_of[k - 1]
        above = fraction >= MIN_FRACTION * k + scale * sum_below
        below = jnp.where(above, sum_below, below)
        below_to = jnp.where(above, sum_below_to, below_to)
        size = jnp.where(above, sizes_of[k], size)
        size_to = jnp.where(above, sizes_to_of[k], size_to)
        left = jnp.where(above, ends[k], left)
        right = jnp.where(above, ends[k + 1], right)
        index = jnp.where(above, jnp.asarray(k, index.dtype), index)
    return below, below_to, size, size_to, total, total_to, left, right, index


@_find_bin.defjvp
def _find_bin_jvp(primals, tangents):
    """Differentiate the selection, which is linear in sizes and derivatives.

    By masks over all bins: transposed, each line is one masked broadcast, where the chain of
    selects would become a kernel for each bin. What is selected comes from the same masks, which
    compile in two thirds of the chain's time.
    """
    fraction, sizes, _, _ = primals
    index = _index_of_bin(fraction, sizes)
    number = jnp.arange(len(sizes), dtype=index.dtype).reshape((-1,) + (1,) * fraction.ndim)
    masks = number < index, number == index
    found, d_found = _selected(masks, *primals[1:]), _selected(masks, *tangents[1:])
    return (*found, index), (*d_found, jnp.zeros_like(index))


def _index_of_bin(fraction: Array, sizes: Array) -> Array:
    """Return the number of the bin of `fraction`, of its shape and type."""
    n_bins, dtype = len(sizes), fraction.dtype
    scale = (1 - n_bins * MIN_FRACTION) / jnp.sum(sizes, axis=0)
    up_to = jnp.tril(jnp.ones((n_bins - 1, n_bins - 1), sizes.dtype))
    below = jnp.tensordot(up_to, sizes[:-1], 1, precision=lax.Precision.HIGHEST)
    number = jnp.arange(1, n_bins, dtype=dtype).reshape((-1,) + (1,) * fraction.ndim)
    above = fraction >= MIN_FRACTION * number + scale * below
    return jnp.sum(above.astype(dtype), axis=0)


def _selected(masks: tuple[Array, Array], sizes: Array, sizes_to: Array, derivatives: Array):
    """Return what `_find_bin` does, but for the number, given which bins lie below and which it is.

    It is linear in all but the masks.
    """
    lower, same = masks
    is_inner = len(derivatives) < len(sizes)

    def total(mask, values):
        return jnp.sum(jnp.where(mask, values, jnp.zeros((), values.dtype)), axis=0)

    return (
        total(lower, sizes),
        total(lower, sizes_to),
        total(same, sizes),
        total(same, sizes_to),
        jnp.sum(sizes, axis=0),
        jnp.sum(sizes_to, axis=0),
        total(same[1:], derivatives) if is_inner else total(same, derivatives[:-1]),
        total(same[:-1], derivatives) if is_inner else total(same, derivatives[1:]),
    )


def _unstack(values: Array) -> list[Array]:
    # `split` is transposed to one concatenation; indexing would be to a sum of padded arrays.
    parts = lax.split(values, (1,) * values.shape[0], axis=0)
    return [part.reshape(part.shape[1:]) for part in parts]


@jax.custom_jvp
def _segment(xi: Array, slope: Array, left: Array, right: Array) -> Pair:
    """Map the fraction `xi` of a bin's width to that of its height.

    Args:
        xi: in [0, 1].
        slope: height over width of the bin.
        left: derivative at its left end.
        right: derivative at its right end.

    Returns:
        The fraction of the height (equation 4) and the logarithm of dy/dx (equation 5).
    """
    rest = 1 - xi
    product = xi * rest
    # Terms of equation 4's denominator regrouped: all are positive, nothing cancels.
    denominator = slope * (1 - 2 * product) + (left + right) * product
    numerator = right * xi * xi + 2 * slope * product + left * rest * rest
    eta = (slope * xi * xi + left * product) / denominator
    return eta, jnp.log(slope * slope * numerator / (denominator * denominator))


@_segment.defjvp
def _segment_jvp(primals, tangents):
    d_eta, d_log = _partials(*primals)
    return _segment(*primals), (_dot(d_eta, tangents), _dot(d_log, tangents))


@jax.custom_jvp
def _segment_inverse(eta: Array, slope: Array, left: Array, right: Array) -> Pair:
    """Map the fraction `eta` of a bin's height to that of its width, and return log dx/dy.

    The root of equations 6-8 with the discriminant as a sum of squares,
    `u^2 + 4 slope^2 eta (1 - eta)` with `u = left (1 - eta) - right eta`, so that it cannot be
    negative and neither `xi` nor `1 - xi` loses digits.
    """
    rest = 1 - eta
    u = left * rest - right * eta
    root = jnp.sqrt(u * u + 4 * slope * slope * (eta * rest))
    steep = root + jnp.abs(u)
    part = jnp.where(u >= 0, 2 * slope * eta, steep)
    other = jnp.where(u >= 0, steep, 2 * slope * rest)
    xi, one_less = part / (part + other), other / (part + other)
    product = xi * one_less
    denominator = slope * (1 - 2 * product) + (left + right) * product
    return xi, jnp.log(denominator / (slope * root))


@_segment_inverse.defjvp
def _segment_inverse_jvp(primals, tangents):
    xi, log_det = _segment_inverse(*primals)
    d_eta, d_log = _partials(xi, *primals[1:])
    d_xi = (tangents[0] - _dot(d_eta[1:], tangents[1:])) / d_eta[0]
    d_log_det = -_dot(d_log, (d_xi, *tangents[1:]))
    return (xi, log_det), (d_xi, d_log_det)


def _partials(xi: Array, slope: Array, left: Array, right: Array):
    """Return the partial derivatives of both outputs of `_segment`, in closed form."""
    rest = 1 - xi
    product = xi * rest
    square, square_rest, mixed = xi * xi, rest * rest, 1 - 2 * product
    denominator = slope * mixed + (left + right) * product
    numerator = right * square + 2 * slope * product + left * square_rest
    over, over_numerator = 1 / denominator, 1 / numerator
    over_squared = over * over
    d_eta = (
        slope * numerator * over_squared,
        product * (right * square - left * square_rest) * over_squared,
        product * (slope * square_rest + right * product) * over_squared,
        -product * (slope * square + left * product) * over_squared,
    )
    bend = right * xi + slope * (rest - xi) - left * rest
    skew = (rest - xi) * (left + right - 2 * slope)
    d_log = (
        2 * (bend * over_numerator - skew * over),
        2 * (1 / slope + product * over_numerator - mixed * over),
        square_rest * over_numerator - 2 * product * over,
        square * over_numerator - 2 * product * over,
    )
    return d_eta, d_log


def _dot(coefficients, tangents) -> Array:
    terms = [c * t for c, t in zip(coefficients, tangents, strict=True)]
    return functools.reduce(operator.add, terms)
