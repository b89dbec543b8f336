"""Reading CSV, some rows after the other: every cell as the text that stands in the file.

Text, because the scored file must hold the input's columns unchanged (007 stays 007, 1.50 stays
1.50); `numeric.py` turns the columns that a model uses into numbers.
"""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv

from fluvial.errors import DataError
from fluvial.files.byte_source import ByteSource
from fluvial.files.csv_head import LONGEST_ROW, Head, read_head
from fluvial.files.dialect import is_quote_open

BYTES_A_READING = 2**21
"""Bytes that are read at one time, unless a row is longer."""


class _LongRow(Exception):
    """A row is longer than what is read at one time."""


class CsvFile:
    """A text file of cells with a header.

    Quoted cells may hold delimiters, quotation marks (doubled) and line ends; blank lines are
    skipped, but in a file of one column they are empty cells, except at its beginning and end.

    Args:
        path: the file, or `-` for standard input.
        delimiter: between cells; None finds it by looking, as `decimal`.
        decimal: the decimal mark.

    Raises:
        DataError: where the file is empty, binary, not UTF-8, or has two columns of one name.
        OSError: where it cannot be read.
    """

    def __init__(self, path: Path, *, delimiter: str | None = None, decimal: str | None = None):
        self._source = ByteSource(path)
        with _plain_words(self.name):
            self.head: Head = read_head(self._source, delimiter=delimiter, decimal=decimal)

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._source.name

    def batches(self) -> Iterator[pa.Table]:
        """Yield the rows in order, some at a time, as string columns.

        Raises:
            DataError: where rows are ragged, a quotation mark is never closed, or text is not
                UTF-8; some rows may have been given before.
        """
        batches = self._cells()
        if len(self.head.names) == 1:
            batches = _without_blank_end(batches)
        last, n_rows = None, 0
        for batch in batches:
            if batch.num_rows:
                last, n_rows = batch.slice(batch.num_rows - 1), n_rows + batch.num_rows
                yield batch
        if last is not None:
            self._refuse_open_quote(last, n_rows - 1)

    def _cells(self) -> Iterator[pa.Table]:
        """The rows, with the names of the columns; again in larger pieces where a row is long."""
        n_rows = 0
        for block_size in (BYTES_A_READING, LONGEST_ROW):
            n_passed = 0
            try:
                for table in self._pieces(block_size):
                    n_new = n_passed + table.num_rows - n_rows
                    n_passed += table.num_rows
                    if n_new > 0:
                        n_rows += n_new
                        yield table.slice(table.num_rows - n_new)
                return
            except _LongRow:
                pass
        raise DataError(
            f"{self.name}: a quotation mark opened in data row {n_rows} or later is never closed,"
            f" or a row is longer than {LONGEST_ROW >> 20} MB"
        )

    def _pieces(self, block_size: int) -> Iterator[pa.Table]:
        ragged = []

        def remember(row: arrow_csv.InvalidRow) -> str:
            ragged.append(row)
            return "error"

        with self._source.open() as stream, _plain_words(self.name):
            _pass_over(stream, self.head.start)
            try:
                for batch in self._reader(stream, remember, block_size):
                    yield pa.Table.from_batches([batch]).rename_columns(self.head.names)
            except pa.ArrowInvalid as error:
                if str(error) == "Empty CSV file":
                    return
                if ragged:
                    raise DataError(self._describe_ragged(ragged[0])) from None
                if "straddl" in str(error) or "out of sync" in str(error):
                    raise _LongRow from None
                if "UTF8" in str(error):
                    raise DataError(f"{self.name}: not text in UTF-8; save it as UTF-8") from None
                raise DataError(f"{self.name}: not a CSV file: {error}") from None

    def _reader(self, stream, handler, block_size: int) -> arrow_csv.CSVStreamingReader:
        places = [f"f{place}" for place in range(len(self.head.names))]
        return arrow_csv.open_csv(
            stream,
            # One thread, because several do not know the number of a row that is refused.
            arrow_csv.ReadOptions(use_threads=False, column_names=places, block_size=block_size),
            arrow_csv.ParseOptions(
                delimiter=self.head.dialect.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=len(places) > 1,
                invalid_row_handler=handler,
            ),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(places, pa.string()), strings_can_be_null=False
            ),
        )

    def _describe_ragged(self, row: arrow_csv.InvalidRow) -> str:
        place = "a data row" if row.number is None else f"data row {row.number - 1}"
        if is_quote_open(row.text, self.head.dialect.delimiter):
            return f"{self.name}: the quotation mark opened in {place} is never closed"
        n_lines = len(row.text.splitlines())
        over = f", and goes on over {n_lines} lines within quotation marks" if n_lines > 1 else ""
        return (
            f"{self.name}: {place} has {row.actual_columns} cells where the header has"
            f" {row.expected_columns} names{over}; correct or remove that row"
        )

    def _refuse_open_quote(self, last_row: pa.Table, place: int) -> None:
        """A quotation mark that is never closed swallows the rest of the file without an error."""
        if not any("\n" in column[0].as_py() for column in last_row.columns):
            return
        n_marks = 0
        with self._source.open() as stream:
            while data := stream.read(2**20):
                n_marks += data.count(b'"')
        if n_marks % 2:
            raise DataError(
                f"{self.name}: the quotation mark opened in data row {place} is never closed"
            )


def read_csv(path: Path) -> pa.Table:
    """Read a whole file; see `CsvFile`.

    Returns:
        A table of string columns.

    Raises:
        DataError, OSError: as `CsvFile` and its `batches`.
    """
    file = CsvFile(path)
    batches = list(file.batches())
    if not batches:
        return pa.table([pa.array([], pa.string())] * len(file.head.names), names=file.head.names)
    return pa.concat_tables(batches)


def _pass_over(stream, n_bytes: int) -> None:
    while n_bytes:
        n_bytes -= len(stream.read(n_bytes))


def _without_blank_end(batches: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Drop the empty cells of blank lines at the end of a file of one column."""
    blank: list[pa.Table] = []  # what has been read since the last cell that is not blank
    for batch in batches:
        n_rows = batch.num_rows
        column = batch.column(0)
        while n_rows and not column[n_rows - 1].as_py().strip():
            n_rows -= 1
        if n_rows:
            yield from blank
            blank = []
            yield batch.slice(0, n_rows)
        blank.append(batch.slice(n_rows))


@contextmanager
def _plain_words(name: str) -> Iterator[None]:
    """Say what is wrong with a compressed file."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{name}: not a whole file compressed with gzip: {error}") from None
