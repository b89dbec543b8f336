"""What lies within a tolerance of each row in time."""

import numpy as np

ROUNDING = 4
"""Steps between neighbouring numbers, at the largest time, by which a distance may be misjudged."""


def reach(times: np.ndarray, tolerance: float) -> float:
    """Return a tolerance with room for the rounding of times that are this far from each other.

    Times a tenth apart are not exactly so in binary, and yet lie within a tolerance of a tenth.

    Args:
        times: any of them.
        tolerance: at least 0; 0 stays, since equal times are equal.

    Examples:
        >>> times = np.arange(10) * 0.1
        >>> bool((np.diff(times) <= 0.1).all()), bool((np.diff(times) <= reach(times, 0.1)).all())
        (False, True)
    """
    largest = np.abs(times).max(initial=0) + tolerance
    return tolerance + min(ROUNDING * float(np.spacing(largest)), tolerance / 2)


def near(times: np.ndarray, others: np.ndarray, tolerance: float) -> np.ndarray:
    """Return for each time `(n,)` whether one of the others `(m,)` lies within the tolerance.

    Args:
        times: in any order.
        others: in order.
        tolerance: at least 0; what is exactly that far away lies within, but for rounding.

    Examples:
        >>> near(np.array([0.0, 2.0, 5.0]), np.array([3.0]), 1.0)
        array([False,  True, False])
    """
    within = reach(times, tolerance)
    first = np.searchsorted(others, times - within, side="left")
    after = np.searchsorted(others, times + within, side="right")
    return after > first


def window_minima(values: np.ndarray, times: np.ndarray, tolerance: float) -> np.ndarray:
    """Return the smallest of the values `(n,)` within the tolerance of each, itself included.

    Args:
        values: one for each time.
        times: in order.
        tolerance: at least 0.

    Examples:
        >>> window_minima(np.array([3.0, 1.0, 2.0, 5.0]), np.arange(4.0), 1.0)
        array([1., 1., 1., 2.])
    """
    within = reach(times, tolerance)
    first = np.searchsorted(times, times - within, side="left")
    after = np.searchsorted(times, times + within, side="right")
    return _range_minima(values, first, after)


def earlier_minima(values: np.ndarray, times: np.ndarray, tolerance: float) -> np.ndarray:
    """Return the smallest of the values before each, no longer ago than the tolerance.

    It is infinite where there is none; rows are earlier by their place, also at equal times.

    Examples:
        >>> earlier_minima(np.array([3.0, 1.0, 2.0, 5.0]), np.arange(4.0), 1.0)
        array([inf,  3.,  1.,  2.])
    """
    first = np.searchsorted(times, times - reach(times, tolerance), side="left")
    return _range_minima(values, first, np.arange(len(values)))


def _range_minima(values: np.ndarray, first: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the minimum of each range of places, infinite where it is empty.

    By a sparse table: the minima of all ranges of a power of two, two of which cover any range.
    """
    found = np.full(len(first), np.inf)
    length = after - first
    minima, size = values, 1
    while size <= length.max(initial=0):
        here = (length >= size) & (length < 2 * size)
        found[here] = np.minimum(minima[first[here]], minima[after[here] - size])
        minima = np.minimum(minima[:-size], minima[size:])
        size *= 2
    return found
