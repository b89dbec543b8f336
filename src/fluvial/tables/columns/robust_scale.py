"""Centres and scales of columns that outliers do not move, for finite values of any magnitude."""

import math

import numpy as np

from fluvial.tables.columns.limits import LARGEST, SMALLEST
from fluvial.tables.columns.resolution import VALUES_AT_ONCE, is_constant, without_residues

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

UNIFORM_IQR = 0.5
"""The interquartile range of the uniform distribution on an interval of length one."""


def robust_centre_and_scale(
    matrix: np.ndarray, *, noise: np.ndarray | None = None, step: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the median and a robust scale of each column.

    The scale is the larger of two that are both one for a standard normal: the interquartile
    range / 1.349, and the range of the central 95 % / 3.92, of which outliers beyond 2.5 % at
    either end know nothing. The second keeps columns with a narrow core and wide shoulders within
    reach; it counts up to a hundred times the first, so that even many outliers do no more harm.
    Where half of a column is one value, the first may be zero although the column varies; the
    scale is then the standard deviation, without the outermost 1 % at either end unless only they
    vary. Values that arithmetic noise alone keeps apart count as one. The scale is at least that
    of the noise of one step which a density sees (0.37 steps): the two values of a rare flag are
    then a few scales apart and not thirty.

    Args:
        matrix: `(n, D)`, finite, any magnitude.
        noise: `(D,)`, the part of their magnitude by which equal values may differ
            (`fluvial.tables.columns.resolution`); zero where it is not given.
        step: `(D,)`, to which the values are rounded; zero where it is not given.

    Returns:
        Centre and scale, `(D,)` each; the scale is zero for a constant column only.

    Examples:
        >>> robust_centre_and_scale(np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]))[0]
        array([2.])
    """
    n_rows, n_columns = matrix.shape
    centre, scale = np.empty(n_columns), np.empty(n_columns)
    noise = np.zeros(n_columns) if noise is None else noise
    step = np.zeros(n_columns) if step is None else step
    width = max(1, VALUES_AT_ONCE // n_rows)
    for start in range(0, n_columns, width):
        some = slice(start, start + width)
        # A column's values lie side by side, as sorting wants them.
        values = np.ascontiguousarray(without_residues(matrix[:, some]).T)
        values = np.sort(values, axis=1)
        centre[some], scale[some] = _quantile(values, 0.5), _scale(values, noise[some], step[some])
    return centre, scale


def _scale(values: np.ndarray, noise: np.ndarray, step: np.ndarray) -> np.ndarray:
    """The scale `(D,)` of each of the sorted columns `(D, n)`."""
    low, high = _quantile(values, 0.25), _quantile(values, 0.75)
    core = np.where(is_constant(low, high, noise), 0.0, _width(low, high, NORMAL_IQR))
    last = values.shape[1] - 1
    outer, inner = math.ceil(OUTER * last), math.floor((1 - OUTER) * last)
    shoulders = _width(values[:, outer], values[:, max(inner, outer)], NORMAL_CENTRAL)
    with np.errstate(over="ignore"):
        scale = np.maximum(core, np.minimum(shoulders, SHOULDERS_LIMIT * core))
    constant = is_constant(values[:, 0], values[:, -1], noise)
    for j in np.flatnonzero((core == 0) & ~constant):
        scale[j] = _standard_deviation(values[j], noise[j])
    scale = np.maximum(scale, UNIFORM_IQR / NORMAL_IQR * step)
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


def _standard_deviation(values: np.ndarray, noise: float) -> np.float64:
    trimmed = int(TRIM * len(values))
    inner = values[trimmed : len(values) - trimmed]
    if is_constant(inner[0], inner[-1], noise):
        inner = values
    # Of magnitude one at most, so that no square overflows and the largest does not underflow.
    exponent = np.frexp(np.abs(inner).max())[1]
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(np.std(np.ldexp(inner, -exponent)), exponent)
