"""Types for the columns of a CSV file, so that a Parquet file holds the same values."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute

from fluvial.files.table_file import TableFile
from fluvial.files.text_cells import holds_for_all, parse_cells

pc: Any = pyarrow.compute  # its functions arise at import, out of a type checker's sight

_LEADING_ZEROS = pa.array([*(f"0{digit}" for digit in range(10)), "-0", "+0"])


@dataclass
class _Candidates:
    """What the cells of a column that were seen could be, without a loss."""

    integer: bool = True
    floating: bool = True
    boolean: bool = True
    any_known: bool = False

    @property
    def chosen(self) -> pa.DataType | None:
        """The narrowest of them; None for text."""
        if not self.any_known:
            return None
        for kind, possible in (
            (pa.bool_(), self.boolean),
            (pa.int64(), self.integer),
            (pa.float64(), self.floating),
        ):
            if possible:
                return kind
        return None


class TypeGuess:
    """Types of columns, from their cells.

    A column becomes integer, floating or boolean only where all its cells are such values and no
    text is lost by it (007 and +5 stay text); empty cells become nulls. All else stays text.

    Args:
        blocks: all rows that are to be typed, some at a time.
    """

    def __init__(self, blocks: Iterable[TableFile]):
        self._candidates: list[_Candidates] = []
        for block in blocks:
            if not self._candidates:
                self._candidates = [_Candidates() for _ in block.names]
            for found, text in zip(self._candidates, block.columns.columns, strict=True):
                _narrow(found, text, block.decimal)

    def apply(self, block: TableFile, numbers: pa.Table | None = None) -> pa.Table:
        """Give the columns of some of the rows their types.

        Args:
            block: the rows.
            numbers: those of their columns that were parsed already, by `numeric_blocks`.
        """
        known = {} if numbers is None else dict(zip(numbers.column_names, numbers, strict=True))
        arrays = []
        for name, found, text in zip(
            block.names, self._candidates, block.columns.columns, strict=True
        ):
            kind = found.chosen
            if kind is None:
                arrays.append(text)
                continue
            values = known.get(name)
            if values is None:
                values = parse_cells(text, "", decimal=block.decimal, warn=False)
            arrays.append(pc.cast(values, kind))
        return pa.table(arrays, names=block.names)


def guess_types(table: TableFile) -> pa.Table:
    """Give the columns of a CSV file types; see `TypeGuess`."""
    return TypeGuess([table]).apply(table)


def _narrow(found: _Candidates, text: pa.ChunkedArray, decimal: str) -> None:
    """Rule out what the cells of some more rows cannot be."""
    if not (found.integer or found.floating or found.boolean):
        return
    array = parse_cells(text, "", decimal=decimal, warn=False)
    if array is None or pc.any(pc.and_(pc.is_null(array), pc.not_equal(text, ""))).as_py():
        found.integer = found.floating = found.boolean = False  # text, or NA in words
        return
    if array.null_count == len(array):
        return
    found.any_known = True
    truths = pa.types.is_boolean(array.type)
    whole = pa.types.is_integer(array.type)
    found.boolean &= truths
    plain = whole and _are_plain_integers(array, text)
    found.integer &= plain
    # An integer with a leading zero or sign is a code, and rules out a fraction beside it too.
    found.floating &= not truths and (plain or not whole) and not _any_odd(text)


def _any_odd(text: pa.ChunkedArray) -> bool:
    """Whether some cell has a leading zero, or more digits than a float holds."""
    first = pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(text), 0, 2)
    if pc.any(pc.is_in(first, _LEADING_ZEROS)).as_py() and _any(text, r"^\s*[+-]?0[0-9]"):
        return True
    longest = pc.max(pc.binary_length(text)).as_py() or 0
    return longest >= 16 and _any(text, r"^\s*[+-]?[0-9]{16,}\s*$")


def _any(text: pa.ChunkedArray, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(text, pattern)).as_py())


def _are_plain_integers(array: pa.ChunkedArray, text: pa.ChunkedArray) -> bool:
    written = pc.cast(array, pa.string())
    return holds_for_all(pc.equal(written, pc.utf8_trim_whitespace(text)), array)
