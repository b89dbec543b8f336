"""From columns as a file holds them to numbers, and what is refused on the way.

`fluvial.tables` checks again what it is given; the checks here speak of the file: its data rows,
whichever of them were selected, and what a caller advises.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute

from fluvial.errors import DataError
from fluvial.files.table_file import TableFile
from fluvial.files.text_cells import find_text, parse_cells

pc: Any = pyarrow.compute  # its functions arise at import, out of a type checker's sight


@dataclass(frozen=True)
class Trouble:
    """Why a column cannot be used: some of its values, and the first of them."""

    column: str
    what: str
    count: int
    row: int
    example: str = ""

    def describe(self, n_rows: int) -> str:
        """Name the column, the count and the first row."""
        shown = f" ({self.example!r:.40})" if self.example else ""
        return (
            f"column {self.column!r} holds {self.what} in {self.count} of {n_rows} rows,"
            f" the first in data row {self.row}{shown}"
        )


def numeric_columns(table: TableFile, names: Sequence[str], *, advice: str) -> pa.Table:
    """Take columns of a file as numbers.

    Args:
        table: the rows to take.
        names: the columns, in the order wanted.
        advice: what a message recommends; `{name}` stands for the column.

    Returns:
        A table of integer, floating and boolean columns without missing or infinite values.

    Raises:
        DataError: naming the column, the count and the first data row (counted from 0 in the
            file) of text, dates, missing values or infinities.
    """
    arrays, troubles = [], []
    columns = dict(zip(table.names, table.columns.columns, strict=True))
    for name in names:
        column = columns[name]
        array = parse_cells(column, name) if table.is_text else _from_typed(column)
        trouble = _trouble(array, column, name, table)
        arrays.append(array)
        if trouble is not None:
            troubles.append(trouble)
    if troubles:
        first = troubles[0]
        others = len(troubles) - 1
        more = f" (and {others} more column{'s' * (others > 1)} like it)" if others else ""
        raise DataError(
            f"{table.path}: {first.describe(table.n_rows)}{more};"
            f" {advice.format(name=first.column)}"
        )
    return pa.table(arrays, names=list(names))


def _from_typed(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """A Parquet column that holds numbers, or None."""
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    kind = column.type
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        return pc.cast(column, pa.float64())
    if pa.types.is_null(kind):
        return pc.cast(column, pa.float64())
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        return column
    return None


def _trouble(
    array: pa.ChunkedArray | None, column: pa.ChunkedArray, name: str, table: TableFile
) -> Trouble | None:
    if array is None:
        return _describe_text(column, name, table)
    if not array.null_count and _all_finite(array):
        return None
    for what, bad in (("missing values", _missing(array)), ("infinite values", _infinite(array))):
        count = pc.sum(bad).as_py() or 0
        if count:
            row = pc.index(bad, True).as_py() + table.first_row
            return Trouble(name, what, count, row)
    return None


def _describe_text(column: pa.ChunkedArray, name: str, table: TableFile) -> Trouble:
    """Which cells of a column are no numbers, and whether they are dates or text."""
    if table.is_text:
        what, count, row = find_text(column)
        return Trouble(name, what, count, row + table.first_row, column[row].as_py())
    kind = column.type
    what = "dates or times" if pa.types.is_temporal(kind) else "text"
    if pa.types.is_nested(kind):
        what = f"values of type {kind}"
    return Trouble(name, what, len(column), table.first_row, str(column[0].as_py()))


def _all_finite(array: pa.ChunkedArray) -> bool:
    return not pa.types.is_floating(array.type) or bool(pc.all(pc.is_finite(array)).as_py())


def _missing(array: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.is_null(array, nan_is_null=True)


def _infinite(array: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_floating(array.type):
        return pc.and_(pc.is_null(array), False)
    return pc.fill_null(pc.is_inf(array), False)
