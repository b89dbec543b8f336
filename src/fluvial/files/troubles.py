"""Why columns of a file cannot be used as numbers: found some rows at a time, told at the end."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from fluvial.errors import DataError, for_shell, quoted
from fluvial.files.table_file import TableFile
from fluvial.files.text_cells import find_text

pc: Any = pyarrow.compute  # its functions arise at import, out of a type checker's sight

_MISSING, _INFINITE, _MIXED = "missing values", "infinite values", "numbers beside truth values"
_LAST_TOLD = (_MISSING, _INFINITE)  # where a column holds text too, that is what is told


@dataclass
class Trouble:
    """Some values of a column that cannot be used, and the first of them."""

    column: str
    what: str
    count: int
    row: int
    example: str = ""

    def describe(self, n_rows: int) -> str:
        """Name the column, the count and the first row."""
        shown = f" ({self.example!r:.40})" if self.example else ""
        return (
            f"column {quoted(self.column)} holds {self.what} in {self.count} of {n_rows} rows,"
            f" the first in data row {self.row}{shown}"
        )


class Troubles:
    """What is wrong with the columns of a file.

    Args:
        names: of the columns.
        advice: what a message recommends; `{name}` stands for the column, as a shell wants it.
        skip_invalid: whether missing and infinite values are no trouble.
        counted: (n,) of bool, the rows in which such values are one, of all that are looked at at
            once; None is all of them.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        advice: str,
        skip_invalid: bool = False,
        counted: np.ndarray | None = None,
    ):
        self._counted = counted
        self._names, self._advice, self._skip_invalid = names, advice, skip_invalid
        self._found: dict[str, dict[str, Trouble]] = {}
        self._are_truths: dict[str, bool] = {}
        self._n_rows = 0
        self._path: object = ""

    @property
    def found(self) -> bool:
        """Whether anything is wrong so far."""
        return bool(self._found)

    def look_at(
        self,
        block: TableFile,
        columns: Sequence[pa.ChunkedArray],
        arrays: Sequence[pa.ChunkedArray | None],
    ) -> None:
        """Look at some more rows.

        Args:
            block: the rows.
            columns: the columns as they stand in the file.
            arrays: the same as numbers; None for one that holds others.
        """
        self._path = block.path
        self._n_rows += block.n_rows
        for name, column, array in zip(self._names, columns, arrays, strict=True):
            if array is None:
                self._add(_describe_text(column, name, block))
                continue
            self._look_for_both_kinds(name, array, block)
            if not self._skip_invalid and _may_hold_invalid(array):
                for what, bad in ((_MISSING, _missing(array)), (_INFINITE, _infinite(array))):
                    if self._counted is not None:
                        bad = pc.and_(bad, pa.array(self._counted))
                    count = pc.sum(bad).as_py() or 0
                    if count:
                        row = pc.index(bad, True).as_py() + block.first_row
                        self._add(Trouble(name, what, count, row))

    def refuse(self) -> None:
        """Raise what was found.

        Raises:
            DataError: where anything is wrong.
        """
        if not self._found:
            return
        of_first = next(self._found[name] for name in self._names if name in self._found)
        told = next((t for t in of_first.values() if t.what not in _LAST_TOLD), None)
        first = told or of_first.get(_MISSING) or of_first[_INFINITE]
        others = len(self._found) - 1
        more = f" (and {others} more column{'s' * (others > 1)} like it)" if others else ""
        raise DataError(
            f"{self._path}: {first.describe(self._n_rows)}{more};"
            f" {self._advice.format(name=for_shell(first.column))}{_hint(first, self._names)}"
        )

    def _add(self, trouble: Trouble) -> None:
        of_column = self._found.setdefault(trouble.column, {})
        if "dates" in of_column and trouble.what == "text":
            of_column["text"] = of_column.pop("dates")
            of_column["text"].what = "text"
        what = "text" if trouble.what == "dates" and "text" in of_column else trouble.what
        known = of_column.setdefault(what, trouble)
        if known is not trouble:
            known.count += trouble.count

    def _look_for_both_kinds(self, name: str, array: pa.ChunkedArray, block: TableFile) -> None:
        """In a CSV file, rows of numbers and rows of truth values are no column of either."""
        if not block.is_text or array.null_count == len(array):
            return
        truths = pa.types.is_boolean(array.type)
        if self._are_truths.setdefault(name, truths) != truths:
            row = pc.index(pc.is_valid(array), True).as_py() + block.first_row
            self._add(Trouble(name, _MIXED, len(array) - array.null_count, row))


def _hint(trouble: Trouble, names: Sequence[str]) -> str:
    """Which option would help where the marks of the file were mistaken."""
    if re.fullmatch(r"\s*[+-]?[0-9]*,[0-9]+\s*", trouble.example) is not None:
        return "; where that is a decimal comma, say so with --decimal ,"
    n_blanks = trouble.example.count(" ")
    if len(names) == 1 and n_blanks and names[0].count(" ") == n_blanks:
        return "; where blanks separate the cells, say so with --delimiter space"
    return ""


def _describe_text(column: pa.ChunkedArray, name: str, block: TableFile) -> Trouble:
    """Which cells of a column are no numbers, and whether they are dates or text."""
    if block.is_text:
        what, count, row = find_text(column, decimal=block.decimal)
        return Trouble(name, what, count, row + block.first_row, column[row].as_py())
    kind = column.type
    what = "dates or times" if pa.types.is_temporal(kind) else "text"
    if pa.types.is_nested(kind):
        what = f"values of type {kind}"
    return Trouble(name, what, len(column), block.first_row, str(column[0].as_py()))


def _may_hold_invalid(array: pa.ChunkedArray) -> bool:
    if array.null_count:
        return True
    return pa.types.is_floating(array.type) and not pc.all(pc.is_finite(array)).as_py()


def _missing(array: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.is_null(array, nan_is_null=True)


def _infinite(array: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_floating(array.type):
        return pc.and_(pc.is_null(array), False)
    return pc.fill_null(pc.is_inf(array), False)
