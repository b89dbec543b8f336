"""Rows of a file as the windows that a model was fitted to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa


class Windowed:
    """Windows of a table that is read some rows at a time; each belongs to its last row.

    Args:
        window: rows of a window; 1 leaves rows as they are.
    """

    def __init__(self, window: int):
        self._window = window
        self._before: np.ndarray | None = None

    def following(self, numbers: pa.Table) -> tuple[pa.Table, np.ndarray]:
        """Return the windows that end in the next rows.

        Args:
            numbers: `(n, D)`, the rows after those of the last call.

        Returns:
            The windows, and for each of the n rows whether one ends there: the first `window - 1`
            rows of all have none.
        """
        n = numbers.num_rows
        if self._window == 1:
            return numbers, np.ones(n, bool)
        rows = _matrix(numbers)
        joined = rows if self._before is None else np.concatenate([self._before, rows])
        self._before = joined[max(len(joined) - self._window + 1, 0) :]
        windows = _windows(joined, numbers.column_names, self._window)
        ends = np.arange(n) >= n - windows.num_rows
        return windows, ends


def _windows(rows: np.ndarray, names: list[str], window: int) -> pa.Table:
    from fluvial.tables.windows import window_columns

    return window_columns(rows, names, window)


def _matrix(numbers: pa.Table) -> np.ndarray:
    """Return the numbers (n, D); what is missing is NaN."""
    import pyarrow as pa

    columns = [column.cast(pa.float64(), safe=False).to_numpy() for column in numbers.columns]
    return np.column_stack(columns)
