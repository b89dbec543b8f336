"""Reading CSV: every cell as the text that stands in the file.

Text, because the scored file must hold the input's columns unchanged (007 stays 007, 1.50 stays
1.50); `numeric.py` turns the columns that a model uses into numbers.
"""

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv

from fluvial.errors import DataError
from fluvial.files.column_names import refuse_duplicates

LONGEST_ROW = 16 * 2**20
"""Bytes that a row may have: the reader takes as many at one time, and joins no halves of rows."""

_SIGNATURES = {
    b"PAR1": "a Parquet file; name it .parquet",
    b"\x1f\x8b": "one compressed with gzip; decompress it first",
    b"PK\x03\x04": "a ZIP archive or a spreadsheet; export it as CSV first",
    b"\xff\xfe": "text in UTF-16; save it as UTF-8",
    b"\xfe\xff": "text in UTF-16; save it as UTF-8",
}


def read_csv(path: Path) -> pa.Table:
    """Read a comma-separated file in UTF-8 with a header, every cell as text.

    Quoted cells may hold commas, quotation marks (doubled) and line ends; blank lines are skipped,
    but in a file of one column they are empty cells, except at its end.

    Returns:
        A table of string columns.

    Raises:
        DataError: where the file is empty, binary, not UTF-8, ragged, or has two columns of one
            name.
        OSError: where it cannot be read.
    """
    header = read_csv_header(path)
    table = _read_cells(path, len(header))
    table = table.slice(1)  # the header was read as a row, so that its names need not be unique
    if len(header) == 1:
        table = _without_blank_end(table)
    _refuse_open_quote(path, table)
    return table.rename_columns(header)


def read_csv_header(path: Path) -> list[str]:
    """The names in the first line that is not blank.

    Raises:
        DataError, OSError: as `read_csv`.
    """
    _refuse_other_formats(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            header = next((row for row in csv.reader(lines) if row), None)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not text in UTF-8 ({error.reason}); save it as UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path}: not a CSV file: {error}") from None
    if header is None:
        raise DataError(f"{path}: empty; a header and data rows are needed")
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        mark = "semicolons" if ";" in header[0] else "tabs"
        raise DataError(f"{path}: separated by {mark}; a CSV file needs commas")
    refuse_duplicates(path, header)
    return header


def _refuse_other_formats(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(65536)
    for signature, description in _SIGNATURES.items():
        if start.startswith(signature):
            raise DataError(f"{path}: not a CSV file but {description}")
    if b"\0" in start:
        raise DataError(f"{path}: not a CSV file: it holds binary data")


def _read_cells(path: Path, n_columns: int) -> pa.Table:
    """All rows, the header among them, as text columns f0, f1, ..."""
    ragged = []

    def remember(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row)
        return "error"

    try:
        return arrow_csv.read_csv(
            path,
            # One thread, because several do not know the number of a row that is refused.
            arrow_csv.ReadOptions(
                use_threads=False, autogenerate_column_names=True, block_size=LONGEST_ROW
            ),
            arrow_csv.ParseOptions(
                newlines_in_values=True,
                ignore_empty_lines=n_columns > 1,
                invalid_row_handler=remember,
            ),
            arrow_csv.ConvertOptions(
                column_types={f"f{place}": pa.string() for place in range(n_columns)},
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        if ragged:
            raise DataError(_describe_ragged(path, ragged[0])) from None
        if "UTF8" in str(error):
            raise DataError(f"{path}: not text in UTF-8; save it as UTF-8") from None
        raise DataError(f"{path}: not a CSV file: {error}") from None


def _describe_ragged(path: Path, row: arrow_csv.InvalidRow) -> str:
    place = "a data row" if row.number is None else f"data row {row.number - 2}"
    return (
        f"{path}: {place} has {row.actual_columns} cells where the header has"
        f" {row.expected_columns} names; correct or remove that row"
    )


def _without_blank_end(table: pa.Table) -> pa.Table:
    """Drop the empty cells of blank lines at the end of a file of one column."""
    n_rows = table.num_rows
    column = table.column(0)
    while n_rows and not column[n_rows - 1].as_py().strip():
        n_rows -= 1
    return table.slice(0, n_rows)


def _refuse_open_quote(path: Path, table: pa.Table) -> None:
    """A quotation mark that is never closed swallows the rest of the file without an error."""
    if not table.num_rows:
        return
    last_row = [column[-1].as_py() for column in table.columns]
    if any("\n" in cell for cell in last_row) and path.read_bytes().count(b'"') % 2:
        row = table.num_rows - 1
        raise DataError(f"{path}: the quotation mark opened in data row {row} is never closed")
