"""Where the distribution of one column bends: the knots of a map that makes it Gaussian."""

import heapq
from itertools import pairwise

import numpy as np
from scipy.special import ndtr, ndtri

MAX_KNOTS = 32
"""Knots of a column at most."""

MAX_DEVIATION = 1.5
"""An interval of m rows is split where its distribution function departs from a straight line by
more than this over the root of m, the 2 % level of Kolmogorov's test."""

FIRST = ndtr(np.arange(-3.0, 4.0))
"""Shares of the rows below the knots from which the splitting starts: those at -3 ... 3 standard
deviations of a Gaussian, so that the tails are looked at by themselves."""

FEWEST = 5
"""Rows of an interval at least, but where it is sparser than its surroundings, as a gap is."""


def gaussian_knots(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points of the map from a column to one that is about standard normal.

    Between the knots the distribution function is nearly straight. Where there is a gap, it begins
    and ends with a knot, so that what lies on either side keeps its shape.

    Args:
        values: (n,), sorted, at least two of them different.

    Returns:
        The knots and their images, both (K,) and increasing.

    Examples:
        >>> x, u = gaussian_knots(np.linspace(0.0, 1.0, 1001))
        >>> u[x == 0.5]
        array([0.])
    """
    n = len(values)
    start = [0]
    for place in (FIRST * n).astype(int).tolist():
        if start[-1] + FEWEST <= place <= n - 1 - FEWEST:
            start.append(place)
    places = np.array(_split(values, [*start, n - 1]))
    # Of equal values the middle stands for all of them.
    knots, first, counts = np.unique(values[places], return_index=True, return_counts=True)
    ranks = np.add.reduceat(places, first) / counts
    return knots, ndtri((ranks + 0.5) / n)


def _split(values: np.ndarray, start: list[int]) -> list[int]:
    """Split intervals between places where they depart most from a straight line."""
    places = set(start)
    waiting = [_bend(values, a, b) for a, b in pairwise(start)]
    heapq.heapify(waiting)
    while waiting and len(places) < MAX_KNOTS:
        deviation, place, a, b = heapq.heappop(waiting)
        if -deviation <= MAX_DEVIATION:
            break
        places.add(place)
        heapq.heappush(waiting, _bend(values, a, place))
        heapq.heappush(waiting, _bend(values, place, b))
    return sorted(places)


def _bend(values: np.ndarray, a: int, b: int) -> tuple[float, int, int, int]:
    """Return minus the greatest deviation between two places, and where it is."""
    if b - a < 2 or values[a] == values[b]:
        return 0.0, a, a, b
    line = ((values[a : b + 1] - values[a]) / (values[b] - values[a]))[1:-1]
    share = np.arange(1, b - a) / (b - a)
    # A few rows close together are chance, a few far apart are the rim of a gap.
    rows_before = np.arange(1, b - a)
    allowed = (rows_before >= FEWEST) | (line > share)
    allowed &= (b - a - rows_before >= FEWEST) | (line < share)
    deviations = np.where(allowed, np.abs(line - share), 0.0)
    place = int(np.argmax(deviations))
    return -float(deviations[place] * np.sqrt(b - a)), a + 1 + place, a, b
