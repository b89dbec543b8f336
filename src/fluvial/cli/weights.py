"""The weights of rows from a column of a file."""

import numpy as np

from fluvial.errors import DataError, quoted
from fluvial.files.numeric import numeric_columns
from fluvial.files.table_file import TableFile


def weights_of(table: TableFile, column: str) -> np.ndarray:
    """Return the weights `(n,)` of the rows that were read, float64.

    Raises:
        DataError: naming the column, the count and the first data row (counted from 0 in the file)
            of text, dates, missing values, infinities and negative weights; where none is positive.
    """
    numbers = numeric_columns(
        table, [column], advice="it holds the weights: give every row one, 0 to leave it out"
    )
    weights = numbers.column(0).to_numpy().astype(np.float64)
    negative = np.flatnonzero(weights < 0)
    if len(negative):
        first = negative[0]
        raise DataError(
            f"{table.path}: column {quoted(column)} holds negative weights in {len(negative)} of "
            f"{len(weights)} rows, the first in data row {table.first_row + first} "
            f"({weights[first]:g}); 0 leaves a row out"
        )
    if not weights.any():
        raise DataError(
            f"{table.path}: column {quoted(column)} holds the weights, but none of them is above "
            "zero"
        )
    return weights
