"""Where the columns of a table lie beside those that a model was fitted to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ColumnRange:
    """A column here and in the training rows that the model keeps.

    Attributes:
        name: of the column.
        low: the lowest value here.
        high: the highest value here.
        training_low: the lowest value in the training rows; None where the model keeps none.
        training_high: the highest, likewise.
        share_outside: of the values here that lie outside of these two, likewise.
    """

    name: str
    low: float
    high: float
    training_low: float | None
    training_high: float | None
    share_outside: float | None


def column_ranges(
    names: Sequence[str], rows: np.ndarray, training: np.ndarray | None
) -> list[ColumnRange]:
    """Return the range of every column, in their order.

    Args:
        names: of the columns.
        rows: (n, D), of the table that is told of.
        training: (m, D), of those that the model was fitted to; None where it keeps none.

    Examples:
        >>> here, before = np.array([[1.0], [9.0]]), np.array([[0.0], [2.0]])
        >>> column_ranges(["a"], here, before)[0].share_outside
        0.5
    """
    low, high = rows.min(axis=0).tolist(), rows.max(axis=0).tolist()
    if training is None or not len(training):
        ends = zip(names, low, high, strict=True)
        return [ColumnRange(*each, None, None, None) for each in ends]
    lowest, highest = training.min(axis=0), training.max(axis=0)
    outside = ((rows < lowest) | (rows > highest)).mean(axis=0)
    columns = (names, low, high, lowest.tolist(), highest.tolist(), outside.tolist())
    return [ColumnRange(*each) for each in zip(*columns, strict=True)]
