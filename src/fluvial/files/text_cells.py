"""What the cells of a CSV file spell: numbers, truth values, dates, nothing, or text."""

from typing import Any

import pyarrow as pa
import pyarrow.compute

from fluvial.errors import quoted
from fluvial.tables.values import EXACT_INTEGERS, warn_of_inexact_integers

pc: Any = pyarrow.compute  # its functions arise at import, out of a type checker's sight

MISSING = (
    *("", "na", "n/a", "nan", "null", "none", "nil", "<na>", "#na", "#n/a", "#n/a n/a", "\\n"),
    *("-nan", "nan(ind)", "-nan(ind)", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan"),
)
"""Cells that stand for a missing value, in lower case and without blanks around them."""

CELLS_TRIED = 64
"""Cells that are cast before a whole column is."""

_MISSING, _TRUTHS = pa.array(MISSING), pa.array(["true", "false"])
_NUMBER = r"^[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf|infinity)$"


def parse_cells(
    text: pa.ChunkedArray, name: str, *, decimal: str = ".", warn: bool = True
) -> pa.ChunkedArray | None:
    """Return the values that the cells of a column spell.

    Args:
        text: the cells.
        name: what messages call the column.
        decimal: the decimal mark; with a comma, a cell with a point is text.
        warn: whether a `DataWarning` tells of integers that float64 must round.

    Returns:
        An integer, floating or boolean column, with nulls where nothing stands; None for text.

    Examples:
        >>> parse_cells(pa.chunked_array([["1", " +2 ", "NA"]]), "x").to_pylist()
        [1, 2, None]
    """
    numbers = _plainly_spelt(text) if decimal == "." else None
    if numbers is None:
        return _carefully_parsed(text, name, decimal, warn)
    if warn and pa.types.is_floating(numbers.type):
        _warn_of_inexact_integers(numbers, text, name)
    return numbers


def parse_dates(text: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return the dates of ISO 8601 that the cells of a column spell; None for anything else.

    All have a zone, and become those of UTC, or none has. They are null where nothing stands.

    Examples:
        >>> parse_dates(pa.chunked_array([["2026-01-31T12:00:00+01:00", ""]])).to_numpy()
        array(['2026-01-31T11:00:00.000000000',                           'NaT'],
              dtype='datetime64[ns]')
    """
    return _dates(_known(text))


def first_no_date(text: pa.ChunkedArray) -> int | None:
    """Return the first row of cells, the first of which are such dates, that is none.

    Returns:
        None where `parse_dates` finds dates, or the first cell that holds something is none.

    Examples:
        >>> first_no_date(pa.chunked_array([["2026-01-31", "2026-02-01", "1 March"]]))
        2
    """
    cells = _known(text)
    dates, other = 0, len(cells)  # so many are dates; so many are not
    while other - dates > 1:
        middle = (dates + other) // 2
        dates, other = (dates, middle) if _dates(cells[:middle]) is None else (middle, other)
    some_are = cells[:dates].null_count < dates
    return dates if some_are and _dates(cells) is None else None


def _dates(cells: pa.ChunkedArray) -> pa.ChunkedArray | None:
    for zone in (None, "UTC"):
        found = _cast(cells, pa.timestamp("ns", zone))
        if found is not None:
            return found
    return None


def find_text(text: pa.ChunkedArray, *, decimal: str = ".") -> tuple[str, int, int]:
    """Find the cells of a column that are no numbers.

    Returns:
        Whether they are "dates" or "text", how many there are, and the row of the first.
    """
    cells = pc.utf8_trim_whitespace(text)
    lower = pc.utf8_lower(cells)
    number = pc.match_substring_regex(lower, _NUMBER.replace(r"\.", "[" + decimal + "]"))
    wrong = pc.invert(pc.or_(number, pc.is_in(lower, _MISSING)))
    row = max(pc.index(wrong, True).as_py(), 0)
    what = "dates" if _are_dates(pc.filter(cells, wrong)) else "text"
    return what, pc.sum(wrong).as_py() or len(text), row


def holds_for_all(truth: pa.ChunkedArray, cells: pa.ChunkedArray) -> bool:
    """Whether something holds for every cell that is not null, and there is one."""
    known = pc.filter(truth, pc.is_valid(cells))
    return bool(len(known)) and bool(pc.all(known).as_py())


def _plainly_spelt(text: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """The numbers of a column without missing values, blanks and signs in front; else None.

    Most columns of numbers are such, and this is several times as fast as the careful way.
    """
    numbers = _cast(text, pa.int64())
    if numbers is not None:
        return None if pc.any(_hexadecimal(text)).as_py() else numbers
    numbers = _cast(text, pa.float64())
    return None if numbers is None or pc.any(pc.is_nan(numbers)).as_py() else numbers


def _carefully_parsed(
    text: pa.ChunkedArray, name: str, decimal: str, warn: bool
) -> pa.ChunkedArray | None:
    cells = _plain_numbers(_known(text), decimal)
    whole = _cast(cells, pa.int64())
    if whole is not None:
        return whole
    numbers = _cast(cells, pa.float64())
    if numbers is None:
        truths = holds_for_all(pc.is_in(pc.utf8_lower(cells), _TRUTHS), cells)
        return pc.cast(cells, pa.bool_()) if truths else None
    if warn:
        _warn_of_inexact_integers(numbers, cells, name)
    return numbers


def _cast(cells: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    """The cells as numbers, or None where one is no such number."""
    try:
        # The cast tells of every cell that fails, which takes long: a few fail at once.
        pc.cast(cells.slice(0, CELLS_TRIED), kind)
        return pc.cast(cells, kind)
    except pa.ArrowInvalid:
        return None


def _known(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """The cells without blanks around them, null where they stand for a missing value."""
    cells = pc.utf8_trim_whitespace(text)
    # None of the spellings is longer, and few cells are as short and no number.
    return pc.if_else(pc.is_in(pc.utf8_lower(cells), _MISSING), None, cells)


def _plain_numbers(cells: pa.ChunkedArray, decimal: str) -> pa.ChunkedArray:
    """Spell numbers as the cast to numbers wants them, and nothing else as one."""
    if decimal != ".":
        # A point is no decimal mark here, but may separate thousands: such a cell is text.
        pointed = pc.match_substring(cells, ".")
        cells = pc.if_else(pointed, pc.binary_join_element_wise("text ", cells, ""), cells)
        cells = pc.replace_substring(cells, decimal, ".")
    if pc.any(pc.starts_with(cells, "+")).as_py():
        cells = pc.replace_substring_regex(cells, r"^\+([0-9.iI])", r"\1")
    # The cast would read hexadecimal digits, as two's complement.
    marked = _hexadecimal(cells)
    if pc.any(marked).as_py():
        cells = pc.if_else(marked, pc.binary_join_element_wise("text ", cells, ""), cells)
    return cells


def _hexadecimal(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.or_(pc.match_substring(cells, "x"), pc.match_substring(cells, "X"))


def _warn_of_inexact_integers(numbers: pa.ChunkedArray, cells: pa.ChunkedArray, name: str) -> None:
    """Warn where all cells are integers, and float64 does not represent some of their magnitude."""
    largest = pc.max(pc.abs(numbers)).as_py()
    if largest is None or largest < EXACT_INTEGERS:
        return
    if holds_for_all(pc.match_substring_regex(cells, r"^\s*[+-]?[0-9]+\s*$"), cells):
        warn_of_inexact_integers([f"column {quoted(name)}"])


def _are_dates(cells: pa.ChunkedArray) -> bool:
    try:
        pc.cast(cells, pa.timestamp("us"))
    except pa.ArrowInvalid:
        return bool(len(cells)) and holds_for_all(
            pc.match_substring_regex(cells, r"^[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}\b"), cells
        )
    return bool(len(cells))
