"""How a text file separates its cells, and what it takes for a decimal mark."""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fluvial.errors import DataError

DELIMITERS = (",", ";", "\t", "|")
"""What may separate cells without being asked for."""

NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}

ROWS_LOOKED_AT = 200
"""Rows at the beginning of a file that tell its delimiter and decimal mark."""

_WITH_COMMA = re.compile(r"\s*[+-]?([0-9]*),([0-9]+)(e[+-]?[0-9]+)?\s*", re.IGNORECASE)
_WITH_POINT = re.compile(r"\s*[+-]?[0-9]*\.[0-9]+(e[+-]?[0-9]+)?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """The marks of a text file.

    Args:
        delimiter: the character between two cells.
        decimal: the character before the fraction of a number.
    """

    delimiter: str = ","
    decimal: str = "."


def find_delimiter(
    lines: Iterable[str], *, name: str, candidates: Sequence[str] = DELIMITERS
) -> str:
    """The character that separates the cells: the one that makes a table of the lines.

    Args:
        lines: the first lines of the file, the header first.
        name: what messages call the file.
        candidates: what may be it.

    Returns:
        One of the candidates; the first where there is one column, or where none makes a table.

    Raises:
        DataError: where two or more make a table.

    Examples:
        >>> find_delimiter(["a;b", "1,5;2"], name="t.csv")
        ';'
    """
    lines = list(lines)
    makes_a_table = [mark for mark in candidates if _width(lines, mark) > 1]
    if len(makes_a_table) > 1:
        found = " and with ".join(NAMES[mark] for mark in makes_a_table)
        raise DataError(
            f"{name}: can be read with {found} between the cells; choose with --delimiter"
        )
    if makes_a_table:
        return makes_a_table[0]
    return _of_the_header(lines, candidates)


def find_decimal(rows: Iterable[list[str]], delimiter: str) -> str:
    """The decimal mark of the numbers in some rows.

    It is a comma where cells are not separated by commas, some number cannot be meant otherwise
    (1,5 but not 1,234, which may be thousands), and none has a decimal point.

    Examples:
        >>> find_decimal([["1,5", "2"]], ";"), find_decimal([["1,234", "2"]], ";")
        (',', '.')
    """
    if delimiter == ",":
        return "."
    commas = False
    for row in rows:
        for cell in row:
            if "." in cell and _WITH_POINT.fullmatch(cell):
                return "."
            match = _WITH_COMMA.fullmatch(cell) if "," in cell else None
            commas = commas or (match is not None and not _may_be_thousands(*match.group(1, 2)))
    return "," if commas else "."


def is_quote_open(row: str, delimiter: str) -> bool:
    """Whether the last cell of a row, on one line or more, begins with a quotation mark alone.

    Examples:
        >>> is_quote_open('1,"2', ","), is_quote_open('1,"2"', ","), is_quote_open('1,2"', ",")
        (True, False, False)
    """
    last = rf'(?:\A|{re.escape(delimiter)})"(?:[^"]|"")*+\Z'
    return re.search(last, row) is not None


def _may_be_thousands(before: str, after: str) -> bool:
    return len(after) == 3 and 1 <= len(before) <= 3 and not before.startswith("0")


def _width(lines: list[str], delimiter: str) -> int:
    """The cells of the header where each row has as many, else 0."""
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row][:ROWS_LOOKED_AT]
    except csv.Error:
        return 0
    widths = {len(row) for row in rows}
    return widths.pop() if len(widths) == 1 else 0


def _of_the_header(lines: list[str], candidates: Sequence[str]) -> str:
    """The delimiter of a ragged table: the one that is in the header, where that is one alone."""
    try:
        header = {mark: next(csv.reader(lines, delimiter=mark), []) for mark in candidates}
    except csv.Error:
        return candidates[0]
    present = [mark for mark in candidates if len(header[mark]) > 1]
    return present[0] if len(present) == 1 else candidates[0]
