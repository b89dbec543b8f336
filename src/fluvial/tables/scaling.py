"""How columns are scaled before a flow sees them, by name."""

from collections.abc import Callable

import numpy as np

from fluvial.errors import DataError
from fluvial.tables.columns import LinearColumns, NumericColumns, Resolution

ROBUST, STANDARD = "robust", "standard"

SCALINGS = (ROBUST, STANDARD, None)
"""The names of the ways; None leaves columns as they are."""

LARGEST_UNSCALED = 1e9
"""Magnitude up to which columns may stay as they are: a flow's float32 has seven digits."""


def fit_columns(
    scaling: str | None,
    matrix: np.ndarray,
    *,
    resolution: Resolution,
    training: np.ndarray | None,
    label: Callable[[int], str],
) -> NumericColumns | LinearColumns:
    """Learn how to scale columns.

    Args:
        scaling: one of `SCALINGS`. "robust" centres at the median, divides by a robust scale and
            is logarithmic far out; "standard" is linear, by mean and standard deviation.
        matrix: `(n, D)` finite rows; every column varies in them.
        resolution: what is noise and what is a step in each column.
        training: the rows that are learned from, as an index or a mask; None is all of them.
        label: from the place of a column to what messages call it.

    Raises:
        DataError: where columns are to stay as they are and one holds values beyond 1e9.
    """
    if scaling == ROBUST:
        return NumericColumns.fit(matrix, resolution=resolution, training=training)
    if scaling == STANDARD:
        return LinearColumns.fit(matrix, resolution=resolution, training=training)
    largest = np.abs(matrix).max(axis=0)
    if (largest > LARGEST_UNSCALED).any():
        j = int(np.argmax(largest > LARGEST_UNSCALED))
        raise DataError(
            f"{label(j)} holds values of magnitude {largest[j]:.3g}, and scaling=None hands columns"
            f" to the flow as they are, up to {LARGEST_UNSCALED:.0e}: scale it first, or choose"
            " scaling='standard' or 'robust'"
        )
    return LinearColumns.unscaled(matrix.shape[1])
