"""Windows of rows that follow each other, as rows of their own."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from fluvial.errors import DataError, told
from fluvial.tables.schema import read_table


def sliding_windows(table, window: int, *, step: int = 1) -> pa.Table:
    """Return a table with a row for each window of rows that follow each other.

    A detector of these finds shapes in time: a value that is normal by itself, but not then.

    Args:
        table: `(n, D)`, rows in the order of time, at equal distances; anything `read_table` reads.
        window: rows of a window, at least 1 and at most n.
        step: rows from one window to the next, at least 1.

    Returns:
        `(n - window) // step + 1` rows and `window * D` columns: the value of column `x` k rows
        before the window's last row is called `x[-k]`, and `x[0]` in that row. Window i ends in row
        `window - 1 + i * step`.

    Raises:
        DataError: where there are fewer rows than a window has, and as `read_table` does.
        ValueError: where the window or the step is no whole number of at least 1.

    Examples:
        >>> windows = sliding_windows({"x": [1.0, 2.0, 3.0, 4.0]}, 3)
        >>> windows.column_names, windows.column("x[-2]").to_pylist()
        (['x[-2]', 'x[-1]', 'x[0]'], [1.0, 2.0])
    """
    for name, value in (("window", window), ("step", step)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, not {told(value)}")
    matrix, schema = read_table(table)
    if len(matrix) < window:
        raise DataError(f"a window of {window} rows needs as many, but there are {len(matrix)}")
    return window_columns(matrix, schema.names, window, step=step)


def window_columns(
    matrix: np.ndarray, names: Sequence[str], window: int, *, step: int = 1
) -> pa.Table:
    """Return the windows of rows `(n, D)`, with columns named as by `sliding_windows`.

    There are none where rows are fewer than a window has; missing values stay what they are.
    """
    ends = np.arange(window - 1, len(matrix), step)
    columns = {
        f"{name}[{-k}]": matrix[ends - k, j]
        for k in range(window - 1, -1, -1)
        for j, name in enumerate(names)
    }
    return pa.table(columns)


def columns_of_windows(names: Sequence[str], window: int) -> list[str]:
    """Return the columns that windows with these columns were made of.

    Examples:
        >>> columns_of_windows(["x[-1]", "y[-1]", "x[0]", "y[0]"], 2)
        ['x', 'y']
    """
    return [name.removesuffix("[0]") for name in names[-(len(names) // window) :]]
