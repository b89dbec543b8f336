"""The beginning of a text file: its marks, its column names, and where its data begin."""

import csv
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from fluvial.errors import DataError
from fluvial.files.byte_source import ByteSource
from fluvial.files.column_names import (
    are_numbers,
    refuse_duplicates,
    warn_of_a_header_of_numbers,
)
from fluvial.files.dialect import (
    DELIMITERS,
    ROWS_LOOKED_AT,
    Dialect,
    find_decimal,
    find_delimiter,
    is_quote_open,
)

LONGEST_ROW = 16 * 2**20
"""Bytes that a row may have."""

BYTES_LOOKED_AT = 2**18
"""Bytes at the beginning that tell the marks, unless the header is longer."""

_BOM = b"\xef\xbb\xbf"
_SIGNATURES = {
    b"PAR1": "a Parquet file; name it .parquet",
    b"\x1f\x8b": "one compressed with gzip; name it .csv.gz",
    b"PK\x03\x04": "a ZIP archive or a spreadsheet; export it as CSV first",
    b"\xd0\xcf\x11\xe0": "a spreadsheet; export it as CSV first",
    b"BZh": "one compressed with bzip2; decompress it first",
    b"\xfd7zXZ": "one compressed with xz; decompress it first",
    b"\x28\xb5\x2f\xfd": "one compressed with zstd; decompress it first",
    b"\xff\xfe": "text in UTF-16; save it as UTF-8",
    b"\xfe\xff": "text in UTF-16; save it as UTF-8",
}
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


@dataclass(frozen=True)
class Head:
    """What the beginning of a text file tells.

    Args:
        names: of the columns.
        start: the byte at which the data begin.
        dialect: the marks.
    """

    names: list[str]
    start: int
    dialect: Dialect


def read_head(
    source: ByteSource, *, delimiter: str | None = None, decimal: str | None = None
) -> Head:
    """Read the beginning of a text file.

    Before the header, a byte order mark, blank lines (also of delimiters alone) and the line
    `sep=;`, by which spreadsheets tell the delimiter, are passed over.

    Args:
        source: the file.
        delimiter: between cells; found by looking where it is None.
        decimal: the decimal mark, likewise.

    Raises:
        DataError: where the file is empty, binary, compressed, not UTF-8, separated by one knows
            not what, or has two columns of one name.
        OSError: where it cannot be read.
    """
    n_bytes = BYTES_LOOKED_AT
    while True:
        with source.open() as stream:
            data = stream.read(n_bytes + 1)
        _refuse_other_formats(source.name, data)
        whole = len(data) <= n_bytes
        head = _parse(source.name, data[:n_bytes], whole, delimiter, decimal)
        if head is not None:
            refuse_duplicates(source.name, head.names)
            warn_of_a_header_of_numbers(source.name, head.names)
            return head
        if n_bytes > LONGEST_ROW:
            raise DataError(f"{source.name}: no header of less than {LONGEST_ROW >> 20} MB")
        n_bytes *= 8


def _parse(
    name: str, data: bytes, whole: bool, delimiter: str | None, decimal: str | None
) -> Head | None:
    """The head within the first bytes, or None where it is longer than these."""
    start = len(_BOM) if data.startswith(_BOM) else 0
    lines = data[start:].splitlines(keepends=True)
    if not whole:
        lines = lines[:-1]  # it may end in the middle
    place, nameless = 0, False
    while place < len(lines):
        match = _SEPARATOR_LINE.fullmatch(lines[place].decode("latin-1"))
        if match is not None:
            delimiter = delimiter or match[1]
        elif not _is_blank(lines[place], delimiter):
            break
        else:
            nameless = nameless or bool(lines[place].strip())
        start += len(lines[place])
        place += 1
    if place == len(lines):
        if whole:
            raise DataError(f"{name}: empty; a header and data rows are needed")
        return None
    rest = lines[place:]
    texts = [line.decode("utf-8", "replace") for line in rest]
    if delimiter is None:
        # A comma that is a decimal mark separates cells only where nothing else does.
        candidates = sorted(DELIMITERS, key=lambda mark: mark == decimal)
        delimiter = find_delimiter(_whole_rows(texts, whole), name=name, candidates=candidates)
    head = _read_header(name, rest, start, Dialect(delimiter, decimal or ""), whole)
    if head is not None and nameless and are_numbers(head.names):
        raise DataError(f"{name}: the header names no column; put a line of names above the data")
    return head


def _read_header(
    name: str, lines: list[bytes], start: int, dialect: Dialect, whole: bool
) -> Head | None:
    taken: list[bytes] = []
    try:
        rows = csv.reader(_decoded(lines, taken), delimiter=dialect.delimiter)
        header = next(rows)
        if len(taken) == len(lines) and not whole:
            return None  # a quoted name may go on beyond
        n_bytes = sum(map(len, taken))
        if is_quote_open(b"".join(taken).decode(), dialect.delimiter):
            raise DataError(f"{name}: a quotation mark opened in the header is never closed")
        if not dialect.decimal:
            sample = []
            with suppress(csv.Error):  # such as a cell longer than that reader takes
                sample.extend(row for row, _ in zip(rows, range(ROWS_LOOKED_AT), strict=False))
            dialect = replace(dialect, decimal=find_decimal(sample, dialect.delimiter))
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: not text in UTF-8 ({error.reason}); save it as UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{name}: not a CSV file: {error}") from None
    return Head(header, start + n_bytes, dialect)


def _decoded(lines: list[bytes], taken: list[bytes]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line.decode("utf-8")


def _whole_rows(lines: list[str], whole: bool) -> list[str]:
    """The lines to look at: some more than rows, since a cell may hold line ends."""
    some = lines[: 2 * ROWS_LOOKED_AT]
    if whole and len(some) == len(lines):
        return some
    # A quotation mark that is open at the end would make the last row a wrong one.
    n_marks = sum(line.count('"') for line in some)
    while some and n_marks % 2:
        n_marks -= some.pop().count('"')
    return some


def _is_blank(line: bytes, delimiter: str | None) -> bool:
    marks = "".join(DELIMITERS) if delimiter is None else delimiter
    return not line.decode("latin-1").strip(' \t\r\n\x0b\x0c"' + marks)


def _refuse_other_formats(name: str, start: bytes) -> None:
    for signature, description in _SIGNATURES.items():
        if start.startswith(signature):
            raise DataError(f"{name}: not a CSV file but {description}")
    if b"\0" in start:
        raise DataError(f"{name}: not a CSV file: it holds binary data")
