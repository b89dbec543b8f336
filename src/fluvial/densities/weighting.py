"""From the weights that a user gives to rows of about equal weights."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from fluvial.errors import DataError
from fluvial.weights import checked_weights, numbers_of_rows

MOST_COPIES, ENOUGH_COPIES = 2, 1_000
"""Rows of whole weights are copied as often as these tell where there are at most so many times as
many afterwards, or so many."""

FINENESS, FINE_VALUES = 16, 2**22
"""Into how many parts the mean weight is divided to make rows of equal weight, if the table has not
more values than this afterwards."""

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""An odd number without a pattern: 2^64 over the golden ratio."""


@dataclass(frozen=True)
class WeightedRows:
    """The rows of a table that count, those of great weight several times.

    A row that weighs more than the mean becomes some rows of about the mean weight. So it gets
    several draws of the noise of rounded columns, is fitted to and judges, and makes no step of
    training much larger than others. Where few copies are enough, weights are copies and nothing
    else.

    Attributes:
        places: `(m,)`, where the rows stand in the table; several times for one with copies.
        weights: `(m,)`, of mean one; None where all are equal.

    Examples:
        >>> rows = WeightedRows.of([1, 0, 2], 3)
        >>> rows.places, rows.weights
        (array([0, 2, 2]), None)
    """

    places: np.ndarray
    weights: np.ndarray | None

    @classmethod
    def of(cls, sample_weight: ArrayLike | None, n: int) -> Self:
        """Check the weights of n rows; None is equal weights.

        Raises:
            ShapeError: where there is not one weight a row.
            DataError: where a weight is none, or fewer than two rows count.
        """
        places = np.arange(n)
        if sample_weight is None:
            return cls(places, None)
        weights = checked_weights(sample_weight, n)
        places = places[weights > 0]
        if len(places) < 2:
            raise DataError(
                f"sample_weight is zero in all of the {n} rows but one, but a density needs at "
                "least 2 different rows"
            )
        numbers = numbers_of_rows(weights[places])
        copies = _copies(numbers)
        numbers = np.repeat(numbers / copies, copies)
        places = np.repeat(places, copies)
        return cls(places, mean_one(numbers))

    def settled(self, matrix: np.ndarray) -> tuple[Self, np.ndarray]:
        """Return these rows in an order of their own where some are equal, and `(m, D)` likewise.

        So a weight of 2 and the row twice, wherever in the table, give the same fit.

        Args:
            matrix: the rows `(m, D)`.
        """
        keys = _keys(matrix)
        order = np.argsort(keys, kind="stable")
        if (keys[order[1:]] != keys[order[:-1]]).all():
            return self, matrix
        weights = None if self.weights is None else self.weights[order]
        return type(self)(self.places[order], weights), matrix[order]

    def take(self, table: np.ndarray) -> np.ndarray:
        """Return these rows of a table `(n, D)`: the table itself where they are all of it."""
        n = len(table)
        if len(self.places) == n and (self.places == np.arange(n)).all():
            return table
        return table[self.places]


def mean_one(weights: np.ndarray) -> np.ndarray | None:
    """Return positive weights in parts of their mean, or None where all are equal."""
    return None if weights.min() == weights.max() else weights / weights.mean()


def _keys(matrix: np.ndarray) -> np.ndarray:
    """Return a number (m,) for each row, the same for equal rows and as a rule for no others."""
    keys = np.zeros(len(matrix), np.uint64)
    for column in matrix.T:
        # Adding zero turns -0.0 into 0.0, so that equal values have equal bits.
        keys = (keys ^ (column + 0.0).view(np.uint64)) * MULTIPLIER
        keys ^= keys >> np.uint64(32)
    return keys


def _copies(numbers: np.ndarray) -> np.ndarray:
    """Return how often each row is there, at least once."""
    n, total = len(numbers), numbers.sum()
    is_whole = (numbers == np.rint(numbers)).all()
    wanted = n
    if is_whole:
        is_few = total <= max(MOST_COPIES * n, ENOUGH_COPIES)
        wanted = total if is_few else max(n, ENOUGH_COPIES)
    return np.maximum(np.rint(numbers * (wanted / total)), 1).astype(np.int64)


def as_equal(weights: np.ndarray | None, n_columns: int = 0) -> np.ndarray | slice:
    """Return which of some rows, and how often, make about the same table with equal weights.

    Args:
        weights: `(m,)`, of mean one; None where all are equal.
        n_columns: of the rows; with 0 there are about as many rows as before, else up to 16 times
            as many, which are more exact.

    Examples:
        >>> np.bincount(as_equal(np.array([0.5, 1.0, 1.5]), 1))
        array([ 8, 16, 24])
    """
    if weights is None:
        return slice(None)
    n = len(weights)
    fineness = min(max(FINE_VALUES // max(n * n_columns, 1), 1), FINENESS) if n_columns else 1
    ends = np.rint(np.cumsum(weights) * (n * fineness / weights.sum())).astype(np.int64)
    return np.repeat(np.arange(n), np.diff(ends, prepend=0))
