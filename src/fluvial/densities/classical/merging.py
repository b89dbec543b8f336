"""Equal rows as one row of their weight, so that a weight of 2 and the row twice are the same."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fluvial.densities.held_out import row_groups
from fluvial.weights import checked_weights, mean

MOST_MERGED = 100_000
"""Rows up to which equal ones are looked for: of more, fits draw some at random anyway."""


class Rows(NamedTuple):
    """Rows `x` (n, D), and for how many rows each counts, (n,); None where all count alike."""

    x: np.ndarray
    weights: np.ndarray | None

    @classmethod
    def checked(cls, rows: ArrayLike, sample_weight: ArrayLike | None, dtype: DTypeLike) -> Self:
        """Return the different rows of some weight, in order of their first appearance.

        Raises:
            ShapeError: where there is not one weight a row.
            DataError: where a weight is no number or negative, or all are zero.

        Examples:
            >>> Rows.checked([[1.0], [2.0], [1.0], [3.0]], [1, 1, 1, 0], np.float64)
            Rows(x=array([[1.],
                   [2.]]), weights=array([2., 1.]))
        """
        rows = np.asarray(rows, dtype)
        if sample_weight is None:
            return cls.merged(rows, None)
        weights = checked_weights(sample_weight, len(rows))
        return cls.merged(rows[weights > 0], weights[weights > 0])

    @classmethod
    def merged(cls, rows: np.ndarray, weights: np.ndarray | None) -> Self:
        """Return the different ones of some rows (n, D) of positive weights (n,)."""
        if 1 < len(rows) <= MOST_MERGED:
            group = row_groups(rows)
            if group.max() + 1 < len(rows):
                weights = np.bincount(group, weights)
                rows = rows[np.unique(group, return_index=True)[1]]
        is_even = weights is None or weights.min() == weights.max()
        return cls(rows, None if is_even else weights)

    def take(self, index: np.ndarray | slice) -> Self:
        """Return some of the rows."""
        return type(self)(self.x[index], None if self.weights is None else self.weights[index])

    def mean(self, values: np.ndarray) -> float:
        """Return the weighted mean of a value (n,) of each row."""
        return float(mean(values, self.weights))
