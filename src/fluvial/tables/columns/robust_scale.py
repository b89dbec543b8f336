"""Centres and scales of columns that outliers do not move, for finite values of any magnitude."""

import math

import numpy as np

from fluvial.tables.columns.limits import LARGEST, SMALLEST
from fluvial.tables.columns.resolution import is_constant

NORMAL_IQR = 1.3489795003921634
"""The interquartile range of the standard normal distribution."""

OUTER = 0.025
"""Fraction of rows at either end that the range of the shoulders leaves out."""

NORMAL_CENTRAL = 3.919927969080108
"""The range of the central 95 % of the standard normal distribution."""

SHOULDERS_LIMIT = 100.0
"""The range of the shoulders counts up to this multiple of the interquartile range."""

TRIM = 0.01
"""Fraction of rows at either end that the standard deviation leaves out, where it can."""

VALUES_AT_ONCE = 2**21
"""Values that are sorted at one time, in whole columns, so that memory stays flat (16 MB)."""


def robust_centre_and_scale(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the median and a robust scale of each column.

    The scale is the larger of two that are both one for a standard normal: the interquartile
    range / 1.349, and the range of the central 95 % / 3.92, of which outliers beyond 2.5 % at
    either end know nothing. The second keeps columns with a narrow core and wide shoulders within
    reach; it counts up to a hundred times the first, so that even many outliers do no more harm.
    Where half of a column is one value, the first may be zero although the column varies; the
    scale is then the standard deviation, without the outermost 1 % at either end unless only they
    vary.

    Args:
        matrix: `(n, D)`, finite, any magnitude.

    Returns:
        Centre and scale, `(D,)` each; the scale is zero for a constant column only.

    Examples:
        >>> robust_centre_and_scale(np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]))[0]
        array([2.])
    """
    n_rows, n_columns = matrix.shape
    centre, scale = np.empty(n_columns), np.empty(n_columns)
    width = max(1, VALUES_AT_ONCE // n_rows)
    for start in range(0, n_columns, width):
        some = slice(start, start + width)
        # A column's values lie side by side, as sorting wants them.
        values = np.ascontiguousarray(matrix[:, some].T)
        values = np.sort(values, axis=1)
        centre[some], scale[some] = _quantile(values, 0.5), _scale(values)
    return centre, scale


def _scale(values: np.ndarray) -> np.ndarray:
    """The scale `(D,)` of each of the sorted columns `(D, n)`."""
    core = _width(_quantile(values, 0.25), _quantile(values, 0.75), NORMAL_IQR)
    last = values.shape[1] - 1
    low, high = math.ceil(OUTER * last), math.floor((1 - OUTER) * last)
    shoulders = _width(values[:, low], values[:, max(high, low)], NORMAL_CENTRAL)
    with np.errstate(over="ignore"):
        scale = np.maximum(core, np.minimum(shoulders, SHOULDERS_LIMIT * core))
    constant = is_constant(values[:, 0], values[:, -1])
    for j in np.flatnonzero((core == 0) & ~constant):
        scale[j] = _standard_deviation(values[j])
    return np.where(constant, 0.0, np.clip(scale, SMALLEST, LARGEST))


def _width(low: np.ndarray, high: np.ndarray, normal: float) -> np.ndarray:
    """Return `(high - low) / normal`, also where the difference is beyond float64."""
    with np.errstate(over="ignore"):
        width = high - low
        halves = (high / 2 - low / 2) / normal * 2
        return np.where(np.isfinite(width), width / normal, halves)


def _quantile(values: np.ndarray, at: float) -> np.ndarray:
    """Interpolate between sorted values by a convex combination, which cannot overflow."""
    place = at * (values.shape[1] - 1)
    below = int(place)
    weight = place - below
    if weight == 0:
        return values[:, below]
    between = (1 - weight) * values[:, below] + weight * values[:, below + 1]
    return np.clip(between, -LARGEST, LARGEST)


def _standard_deviation(values: np.ndarray) -> np.float64:
    trimmed = int(TRIM * len(values))
    inner = values[trimmed : len(values) - trimmed]
    if is_constant(inner[0], inner[-1]):
        inner = values
    # Of magnitude one at most, so that no square overflows and the largest does not underflow.
    exponent = np.frexp(np.abs(inner).max())[1]
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(np.std(np.ldexp(inner, -exponent)), exponent)
