"""Robust standardisation of one matrix, for finite values of any magnitude.

Per column, from the user's x to the scaled u:

    v = (x - centre) / scale
    u = v                                         where |v| <= TAIL_START
    u = sign(v) TAIL_START (1 + log(|v| / TAIL_START))   beyond

The map is continuous, with a continuous derivative, strictly monotone, and never clips: a row at
1e300 ends at a few thousand, where a network can still tell it from one at 1e200.
"""

import math

import numpy as np

TAIL_START = 10.0
"""Beyond this many scales from the centre, the map is logarithmic."""

NORMAL_IQR = 1.3489795003921634
"""The interquartile range of the standard normal distribution."""

OUTER = 0.025
"""Fraction of rows at either end that the range of the shoulders leaves out."""

NORMAL_CENTRAL = 3.919927969080108
"""The range of the central 95 % of the standard normal distribution."""

SHOULDERS_LIMIT = 100.0
"""The range of the shoulders counts up to so many times the interquartile range."""

TRIM = 0.01
"""Fraction of rows at either end that the standard deviation leaves out, while it can."""

SMALLEST, LARGEST = float(np.nextafter(0.0, 1.0)), float(np.finfo(np.float64).max)


def robust_centre_and_scale(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the median and a robust scale of each column.

    The scale is the larger of two that are both one for a standard normal: the interquartile
    range / 1.349, and the range of the central 95 % / 3.92, of which outliers beyond 2.5 % at
    either end know nothing. The second keeps columns with a narrow core and wide shoulders within
    reach; it counts up to a hundred times the first, so that even many outliers do no more harm.
    Where half of a column is one value, the first may be zero although it varies; the scale is
    then the standard deviation, without the outermost 1 % at either end unless only they vary.

    Args:
        matrix: `(n, D)`, finite, any magnitude.

    Returns:
        Centre and scale, `(D,)` each; the scale is zero for a constant column only.

    Examples:
        >>> robust_centre_and_scale(np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]))[0]
        array([2.])
    """
    pairs = [_centre_and_scale(np.sort(column)) for column in matrix.T]
    centre, scale = np.array(pairs, np.float64).reshape(-1, 2).T
    return centre, scale


def _centre_and_scale(values: np.ndarray) -> tuple[float, float]:
    middle = _quantile(values, 0.5)
    if values[0] == values[-1]:
        return middle, 0.0
    core = _width(_quantile(values, 0.25), _quantile(values, 0.75), NORMAL_IQR)
    last = len(values) - 1
    low, high = math.ceil(OUTER * last), math.floor((1 - OUTER) * last)
    shoulders = _width(values[low], values[max(high, low)], NORMAL_CENTRAL)
    with np.errstate(over="ignore"):
        scale = max(core, min(shoulders, SHOULDERS_LIMIT * core))
    if core == 0:
        scale = _standard_deviation(values)
    return middle, float(np.clip(scale, SMALLEST, LARGEST))


def _width(low: np.float64, high: np.float64, normal: float) -> np.float64:
    """Return `(high - low) / normal`, also where the difference is beyond float64."""
    with np.errstate(over="ignore"):
        width = high - low
        return width / normal if np.isfinite(width) else (high / 2 - low / 2) / normal * 2


def _quantile(values: np.ndarray, at: float) -> np.float64:
    """Interpolate between sorted values by a convex combination, which cannot overflow."""
    place = at * (len(values) - 1)
    below = int(place)
    weight = place - below
    if weight == 0:
        return values[below]
    return np.clip((1 - weight) * values[below] + weight * values[below + 1], -LARGEST, LARGEST)


def _standard_deviation(values: np.ndarray) -> np.float64:
    trimmed = int(TRIM * len(values))
    inner = values[trimmed : len(values) - trimmed]
    if inner[0] == inner[-1]:
        inner = values
    # Of magnitude one at most, so that no square overflows and the largest does not underflow.
    exponent = np.frexp(np.abs(inner).max())[1]
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(np.std(np.ldexp(inner, -exponent)), exponent)


def scale_rows(
    matrix: np.ndarray, centre: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Map rows x to scaled rows u.

    Args:
        matrix: `(n, D)`, finite.
        centre: `(D,)`.
        scale: `(D,)`, positive.

    Returns:
        u, `(n, D)` float64, and log |det du/dx|, `(n,)` float64.

    Examples:
        >>> scaled, log_det = scale_rows(np.array([[3.0]]), np.array([1.0]), np.array([2.0]))
        >>> scaled, log_det.round(3)
        (array([[1.]]), array([-0.693]))
    """
    with np.errstate(over="ignore", under="ignore"):
        offset = matrix - centre
        v = offset / scale
        beyond_float = ~np.isfinite(offset)
        if beyond_float.any():
            v = np.where(beyond_float, (matrix / 2 - centre / 2) / scale * 2, v)
    log_scale = np.log(scale)
    log_slope = np.zeros_like(v)
    tail = np.abs(v) > TAIL_START
    if tail.any():
        columns = np.nonzero(tail)[1]
        log_ratio = _log_absolute(v[tail], matrix[tail], centre[columns], log_scale[columns])
        log_ratio -= np.log(TAIL_START)
        v[tail] = np.sign(v[tail]) * TAIL_START * (1 + log_ratio)
        log_slope[tail] = -log_ratio
    return v, log_slope.sum(axis=1) - log_scale.sum()


def _log_absolute(v, x, centre, log_scale) -> np.ndarray:
    """Return log |v|, from x where v itself is beyond float64."""
    with np.errstate(divide="ignore"):
        halved = np.log(np.abs(x / 2 - centre / 2))
    return np.where(np.isfinite(v), np.log(np.abs(v)), halved + np.log(2.0) - log_scale)


def unscale_rows(scaled: np.ndarray, centre: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Map scaled rows u back to rows x, the inverse of `scale_rows`.

    Args:
        scaled: `(n, D)`, any float type.
        centre: `(D,)`.
        scale: `(D,)`, positive.

    Returns:
        `(n, D)` float64; what would be beyond float64 ends at its largest number, so all are
        finite unless `scaled` holds NaN.

    Examples:
        >>> unscale_rows(np.array([[1.0]]), np.array([1.0]), np.array([2.0]))
        array([[3.]])
    """
    u = np.asarray(scaled, np.float64)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        tail = np.abs(u) > TAIL_START
        size = np.where(tail, TAIL_START * np.exp(np.abs(u) / TAIL_START - 1), np.abs(u))
        offset = size * scale
        x = np.sign(u) * offset + centre
        # The product may pass float64 on the way although x does not.
        passed = ~(np.isfinite(offset) & np.isfinite(size))
        if passed.any():
            log_half = np.abs(u) / TAIL_START - 1 + np.log(TAIL_START / 2) + np.log(scale)
            half = np.where(tail, np.exp(log_half), np.abs(u) * (scale / 2))
            x = np.where(passed, 2 * (np.sign(u) * half + centre / 2), x)
        return np.clip(x, -LARGEST, LARGEST)
