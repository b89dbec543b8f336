"""What the cells of a CSV file spell: numbers, truth values, dates, nothing, or text."""

import warnings
from typing import Any

import pyarrow as pa
import pyarrow.compute

from fluvial.errors import DataWarning
from fluvial.files.table_file import TableFile
from fluvial.tables.values import EXACT_INTEGERS

pc: Any = pyarrow.compute  # its functions arise at import, out of a type checker's sight

MISSING = ("", "#n/a", "<na>", "n/a", "na", "nan", "-nan", "none", "null", "nil")
"""Cells of a CSV file that stand for a missing value, in lower case and without blanks."""

_MISSING, _TRUTHS = pa.array(MISSING), pa.array(["true", "false"])
_NUMBER = r"^[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf|infinity)$"


def parse_cells(text: pa.ChunkedArray, name: str, *, warn: bool = True) -> pa.ChunkedArray | None:
    """Return the values that the cells of a column spell.

    Args:
        text: the cells.
        name: what messages call the column.
        warn: whether a `DataWarning` tells of integers that float64 must round.

    Returns:
        An integer, floating or boolean column, with nulls where nothing stands; None for text.
    """
    cells = pc.utf8_trim_whitespace(text)
    lower = pc.utf8_lower(cells)
    cells = pc.if_else(pc.is_in(lower, _MISSING), None, cells)
    try:
        return pc.cast(cells, pa.int64())
    except pa.ArrowInvalid:
        pass
    try:
        numbers = pc.cast(cells, pa.float64())
    except pa.ArrowInvalid:
        truths = _all(pc.is_in(lower, _TRUTHS), cells)
        return pc.cast(cells, pa.bool_()) if truths else None
    if warn and _are_inexact_integers(numbers, cells):
        warnings.warn(
            f"integers beyond 2^53 in column {name!r}: float64 rounds them; subtract an offset"
            " first if the last digits matter",
            DataWarning,
            stacklevel=2,
        )
    return numbers


def find_text(text: pa.ChunkedArray) -> tuple[str, int, int]:
    """Find the cells of a column that are no numbers.

    Returns:
        Whether they are "dates" or "text", how many there are, and the row of the first.
    """
    cells = pc.utf8_trim_whitespace(text)
    lower = pc.utf8_lower(cells)
    number = pc.match_substring_regex(lower, _NUMBER)
    wrong = pc.invert(pc.or_(number, pc.is_in(lower, _MISSING)))
    row = max(pc.index(wrong, True).as_py(), 0)
    what = "dates" if _are_dates(pc.filter(cells, wrong)) else "text"
    return what, pc.sum(wrong).as_py() or len(text), row


def guess_types(table: TableFile, *, parsed: pa.Table | None = None) -> pa.Table:
    """Give the columns of a CSV file types, for a Parquet file that holds the same values.

    A column becomes integer, floating or boolean only where all its cells are such values and no
    text is lost by it (007 stays text); empty cells become nulls. All else stays text.

    Args:
        table: rows of a CSV file.
        parsed: those of its columns that were parsed already, by `numeric_columns`.
    """
    columns = table.columns.columns
    known = {} if parsed is None else dict(zip(parsed.column_names, parsed.columns, strict=True))
    arrays = [
        _typed_or_text(text, known[name] if name in known else parse_cells(text, name, warn=False))
        for name, text in zip(table.names, columns, strict=True)
    ]
    return pa.table(arrays, names=table.names)


def _are_inexact_integers(numbers: pa.ChunkedArray, cells: pa.ChunkedArray) -> bool:
    """Whether all cells are integers, and float64 does not represent some of their magnitude."""
    largest = pc.max(pc.abs(numbers)).as_py()
    if largest is None or largest < EXACT_INTEGERS:
        return False
    return _all(pc.match_substring_regex(cells, r"^[+-]?[0-9]+$"), cells)


def _typed_or_text(text: pa.ChunkedArray, array: pa.ChunkedArray | None) -> pa.ChunkedArray:
    return text if array is None or not _keeps_text(array, text) else array


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


def _all(truth: pa.ChunkedArray, cells: pa.ChunkedArray) -> bool:
    """Whether something holds for every cell that is not null, and there is one."""
    known = pc.filter(truth, pc.is_valid(cells))
    return bool(len(known)) and bool(pc.all(known).as_py())
