"""Writing tables: CSV whose numbers read back bit-equal, and Parquet, some rows after the other."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from fluvial.artifacts import atomic_path
from fluvial.files.csv_output import header_bytes, rows_bytes
from fluvial.files.dialect import Dialect
from fluvial.files.formats import file_format, is_text
from fluvial.files.standard_streams import whole_stdout

ROWS_A_WRITE = 65536
"""Rows whose text is held in memory at one time, while CSV is written."""

GZIP_LEVEL = 6
"""Of 1 (fast) to 9 (small): what the program gzip takes by default."""

Write = Callable[[pa.Table], None]


def write_table(table: pa.Table, path: Path | None, *, replace: bool = True) -> None:
    """Write a table to a file by its extension, or as CSV to stdout.

    Args:
        table: any columns; in CSV, dates are written in ISO 8601, nulls as empty cells, floating
            values with the fewest digits that read back as the same float64.
        path: ends in one of `fluvial.files.formats.FORMATS`; written whole or not at all. None for
            stdout.
        replace: whether a file that exists is replaced, be it one that appears meanwhile.

    Raises:
        DataError: for another extension.
        FileExistsError: where the file exists and is not to be replaced.
        OSError: where the file or stdout cannot be written; it names them.
    """
    with table_writer(path, replace=replace) as write:
        write(table)


@contextmanager
def table_writer(
    path: Path | None, *, dialect: Dialect | None = None, replace: bool = True
) -> Iterator[Write]:
    """Write a table some rows after the other; a file appears whole or not at all.

    Args:
        path: as for `write_table`.
        dialect: of CSV; commas and points by default. The delimiter of a .tsv file is always a tab.
        replace: as for `write_table`.

    Yields:
        A function that takes the next rows, as tables of equal columns; called once at least.

    Raises:
        DataError, OSError: as `write_table`.

    Examples:
        >>> with table_writer(Path("rows.csv")) as write:
        ...     for some in ([1, 2], [3]):
        ...         write(pa.table({"n": some}))
        >>> Path("rows.csv").read_text().split()
        ['n', '1', '2', '3']
    """
    dialect = dialect or Dialect()
    if path is None:
        with whole_stdout() as stream:
            yield _csv_writer(stream, dialect)
        return
    suffix = file_format(path, role="the output")
    if suffix.startswith(".tsv"):
        dialect = Dialect("\t", dialect.decimal)
    with atomic_path(path, replace=replace) as temporary:
        if not is_text(suffix):
            with _parquet_writer(temporary) as write:
                yield write
        else:
            with _open_bytes(temporary, compressed=suffix.endswith(".gz")) as stream:
                yield _csv_writer(stream, dialect)


@contextmanager
def _open_bytes(path: Path, *, compressed: bool) -> Iterator[IO[bytes] | gzip.GzipFile]:
    with path.open("wb") as file:
        if not compressed:
            yield file
            return
        # Neither a name nor a time, so that equal tables make equal files.
        with gzip.GzipFile("", "wb", GZIP_LEVEL, file, mtime=0) as stream:
            yield stream


def _csv_writer(stream: IO[bytes] | gzip.GzipFile, dialect: Dialect) -> Write:
    started = False

    def write(table: pa.Table) -> None:
        nonlocal started
        _write_csv(table, stream, dialect, header=not started)
        started = True

    return write


def _write_csv(
    table: pa.Table, stream: IO[bytes] | gzip.GzipFile, dialect: Dialect, *, header: bool
) -> None:
    if header:
        _write_all(stream, header_bytes(table.column_names, dialect))
    for start in range(0, table.num_rows, ROWS_A_WRITE):
        _write_all(stream, rows_bytes(table.slice(start, ROWS_A_WRITE), dialect))


def _write_all(stream: IO[bytes] | gzip.GzipFile, data: bytes | memoryview) -> None:
    """Write to the end: an unbuffered stream takes as much as it likes at a time."""
    rest = memoryview(data)
    while len(rest):
        rest = rest[stream.write(rest) or 0 :]


@contextmanager
def _parquet_writer(path: Path) -> Iterator[Write]:
    writer = None

    def write(table: pa.Table) -> None:
        nonlocal writer
        if "" in table.column_names:  # a rename loses the metadata, such as pandas'
            table = table.rename_columns(_names_for_parquet(table.column_names))
        if writer is None:
            writer = pq.ParquetWriter(path, table.schema)
        writer.write_table(table)

    try:
        yield write
    finally:
        if writer is not None:
            writer.close()


def _names_for_parquet(names: list[str]) -> list[str]:
    """Name the columns that have no name by their place, as pandas does: names must differ."""
    return [name or f"Unnamed: {place}" for place, name in enumerate(names)]
