"""From columns as a file holds them to numbers, and what is refused on the way.

`fluvial.tables` checks again what it is given; the checks here speak of the file: its data rows
whatever `--rows` selected, and the options that help.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute

from fluvial.cli.table_file import TableFile
from fluvial.errors import DataError, DataWarning

pc: Any = pyarrow.compute  # its functions arise at import, out of a type checker's sight

MISSING = ("", "#n/a", "<na>", "n/a", "na", "nan", "-nan", "none", "null", "nil")
"""Cells of a CSV file that stand for a missing value, in lower case and without blanks."""


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
    for name in names:
        column = table.columns.column(name)
        array = _from_text(column, name) if table.is_text else _from_typed(column)
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


def guess_types(table: TableFile) -> pa.Table:
    """Give the columns of a CSV file types, for a Parquet file that holds the same values.

    A column becomes integer, floating or boolean only where all its cells are such values and no
    text is lost by it (007 stays text); empty cells become nulls. All else stays text.
    """
    arrays = []
    for name in table.names:
        text = table.columns.column(name)
        array = _from_text(text, name, warn=False)
        if array is None or not _keeps_text(array, text):
            array = text
        arrays.append(array)
    return pa.table(arrays, names=table.names)


def _from_text(text: pa.ChunkedArray, name: str, *, warn: bool = True) -> pa.ChunkedArray | None:
    """The numbers that cells spell, with nulls where nothing stands, or None for text."""
    cells = pc.utf8_trim_whitespace(text)
    lower = pc.utf8_lower(cells)
    cells = pc.if_else(pc.is_in(lower, pa.array(MISSING)), None, cells)
    try:
        return pc.cast(cells, pa.int64())
    except pa.ArrowInvalid:
        pass
    if _all(pc.is_in(pc.utf8_lower(cells), pa.array(["true", "false"])), cells):
        return pc.cast(cells, pa.bool_())
    try:
        numbers = pc.cast(cells, pa.float64())
    except pa.ArrowInvalid:
        return None
    if warn and _all(pc.match_substring_regex(cells, r"^[+-]?[0-9]+$"), cells):
        warnings.warn(
            f"integers beyond 2^53 in column {name!r}: float64 rounds them; subtract an offset"
            " first if the last digits matter",
            DataWarning,
            stacklevel=2,
        )
    return numbers


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
    for what, bad in (("missing values", _missing(array)), ("infinite values", _infinite(array))):
        count = pc.sum(bad).as_py() or 0
        if count:
            row = pc.index(bad, True).as_py() + table.first_row
            return Trouble(name, what, count, row)
    return None


def _describe_text(column: pa.ChunkedArray, name: str, table: TableFile) -> Trouble:
    """Which cells of a column are no numbers, and whether they are dates or text."""
    if not table.is_text:
        kind = column.type
        what = "dates or times" if pa.types.is_temporal(kind) else "text"
        if pa.types.is_nested(kind):
            what = f"values of type {kind}"
        return Trouble(name, what, len(column), table.first_row, str(column[0].as_py()))
    cells = pc.utf8_trim_whitespace(column)
    number = pc.match_substring_regex(pc.utf8_lower(cells), _NUMBER)
    missing = pc.is_in(pc.utf8_lower(cells), pa.array(MISSING))
    wrong = pc.invert(pc.or_(number, missing))
    row = max(pc.index(wrong, True).as_py(), 0)
    what = "dates" if _are_dates(pc.filter(cells, wrong)) else "text"
    count = pc.sum(wrong).as_py() or len(column)
    return Trouble(name, what, count, row + table.first_row, column[row].as_py())


_NUMBER = r"^[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf|infinity)$"


def _are_dates(cells: pa.ChunkedArray) -> bool:
    try:
        pc.cast(cells, pa.timestamp("us"))
    except pa.ArrowInvalid:
        return bool(len(cells)) and _all(
            pc.match_substring_regex(cells, r"^[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}\b"), cells
        )
    return bool(len(cells))


def _keeps_text(array: pa.ChunkedArray, text: pa.ChunkedArray) -> bool:
    """Whether a typed column can be told from its text: numbers have no leading zeros."""
    if pa.types.is_boolean(array.type):
        return True
    if array.null_count == len(array):
        return False
    if pa.types.is_integer(array.type):
        return _all(pc.equal(pc.cast(array, pa.string()), pc.utf8_trim_whitespace(text)), array)
    # More than 17 digits do not fit a float; a cell with a leading zero is a code, not a number.
    odd = pc.match_substring_regex(text, r"^[+-]?0[0-9]|^[+-]?[0-9]{16,}$")
    missing_as_word = pc.and_(pc.is_null(array), pc.not_equal(text, ""))
    return not (pc.any(odd).as_py() or pc.any(missing_as_word).as_py())


def _missing(array: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.is_null(array, nan_is_null=True)


def _infinite(array: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_floating(array.type):
        return pc.and_(pc.is_null(array), False)
    return pc.fill_null(pc.is_inf(array), False)


def _all(truth: pa.ChunkedArray, cells: pa.ChunkedArray) -> bool:
    """Whether something holds for every cell that is not null, and there is one."""
    known = pc.filter(truth, pc.is_valid(cells))
    return bool(len(known)) and bool(pc.all(known).as_py())
