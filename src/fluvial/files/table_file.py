"""A table in a file: its columns as they stand there, some rows at a time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fluvial.errors import DataError, DataWarning
from fluvial.files import blocks
from fluvial.files.dialect import Dialect
from fluvial.files.formats import input_format, is_text
from fluvial.files.row_range import RowRange
from fluvial.tables.index_columns import declared_index, index_columns

if TYPE_CHECKING:
    import pyarrow as pa

    from fluvial.files.csv_input import CsvFile
    from fluvial.files.parquet_folder import ParquetFolder
    from fluvial.files.parquet_input import ParquetTable


@dataclass(frozen=True)
class Header:
    """The columns of a file.

    Args:
        names: in the order of the file.
        index: those that are no data but an index that pandas wrote, or have no name.
    """

    names: Sequence[str]
    index: Sequence[str]


@dataclass(frozen=True)
class TableFile:
    """Rows of a file, unchanged.

    Args:
        path: the file, or what messages call it.
        columns: a Parquet file's columns with their types; a CSV file's as the text of each cell.
        is_text: whether the columns hold the text of a CSV file.
        first_row: the place in the file of the first of these rows; data rows count from 0.
        decimal: the decimal mark of a CSV file.
    """

    path: Path | str
    columns: pa.Table
    is_text: bool
    first_row: int = 0
    decimal: str = "."

    @property
    def names(self) -> list[str]:
        """The column names, in the order of the file."""
        return self.columns.column_names

    @property
    def n_rows(self) -> int:
        """The number of data rows."""
        return self.columns.num_rows


class TableInput:
    """A table that is read some rows at a time, so that memory does not grow with its rows.

    Args:
        source: what reads it.
    """

    def __init__(self, source: CsvFile | ParquetTable | ParquetFolder):
        self._source = source

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._source.name

    @property
    def is_text(self) -> bool:
        """Whether it is a CSV file, the cells of which are read as text."""
        return hasattr(self._source, "head")

    @property
    def dialect(self) -> Dialect:
        """The marks of a CSV file; commas and points for Parquet."""
        head = getattr(self._source, "head", None)
        return Dialect() if head is None else head.dialect

    @property
    def header(self) -> Header:
        """The columns."""
        head = getattr(self._source, "head", None)
        if head is not None:
            return Header(head.names, index_columns(head.names))
        schema = self._source.schema  # pyright: ignore[reportAttributeAccessIssue]
        return Header(schema.names, index_columns(schema.names, declared_index(schema.metadata)))

    def blocks(
        self, *, rows: RowRange | None = None, columns: list[str] | None = None
    ) -> Iterator[TableFile]:
        """Yield rows in order, as many at a time as `fluvial.files.blocks` says or fewer.

        A range that ends beyond the last row is warned of at the end.

        Args:
            rows: those wanted; all where it is None. What comes after them is not read.
            columns: the only columns that are needed, where some are not; reading then takes
                less time or memory. All must exist.

        Raises:
            DataError: where the file is damaged, or has ragged rows; where it holds no data row,
                or none of those wanted. Some rows may have been given before.
            OSError: where it cannot be read.
        """
        rows = rows or RowRange()
        n_rows = 0
        for table in blocks.regrouped(self._batches(columns)):
            start, stop = rows.within(n_rows + table.num_rows)
            start = max(start, n_rows)
            if start < stop:
                kept = table.slice(start - n_rows, stop - start)
                yield TableFile(self.name, kept, self.is_text, start, self.dialect.decimal)
            n_rows += table.num_rows
            if rows.stop is not None and n_rows >= rows.stop:
                return
        self._check_end(rows, n_rows)

    def read(self, *, rows: RowRange | None = None, columns: list[str] | None = None) -> TableFile:
        """Read all the rows that are wanted; see `blocks`."""
        import pyarrow as pa

        found = list(self.blocks(rows=rows, columns=columns))
        table = pa.concat_tables([block.columns for block in found])
        return TableFile(self.name, table, self.is_text, found[0].first_row, self.dialect.decimal)

    def _batches(self, columns: list[str] | None) -> Iterator[pa.Table]:
        from fluvial.files.csv_input import CsvFile

        if isinstance(self._source, CsvFile):
            batches = self._source.batches()
            return batches if columns is None else (table.select(columns) for table in batches)
        n_columns = len(self.header.names if columns is None else columns)
        return self._source.batches(columns=columns, n_rows=blocks.rows_a_block(n_columns))

    def _check_end(self, rows: RowRange, n_rows: int) -> None:
        if n_rows == 0:
            raise DataError(f"{self.name}: holds a header and no data row")
        if rows.start >= n_rows:
            raise DataError(f"{self.name}: {rows.name} {rows} selects none of its {n_rows} rows")
        if rows.stop is not None:
            warnings.warn(
                f"{self.name}: {rows.name} {rows} ends beyond its {n_rows} rows; it ends there",
                DataWarning,
                stacklevel=3,
            )


def open_table(
    path: Path, *, delimiter: str | None = None, decimal: str | None = None
) -> TableInput:
    """Open a table by its extension, a folder of Parquet files, or standard input as CSV.

    Args:
        path: the file, or `-` for standard input.
        delimiter: between the cells of CSV; found by looking where it is None.
        decimal: the decimal mark of CSV, likewise.

    Raises:
        DataError: where the file is empty, is not what its extension says, or has two columns of
            one name.
        OSError: where the file cannot be read.
    """
    suffix = input_format(path)
    if is_text(suffix):
        from fluvial.files.csv_input import CsvFile

        if suffix.startswith(".tsv") and delimiter is None:
            delimiter = "\t"
        return TableInput(CsvFile(path, delimiter=delimiter, decimal=decimal))
    if path.is_dir():
        from fluvial.files.parquet_folder import ParquetFolder

        return TableInput(ParquetFolder(path))
    from fluvial.files.parquet_input import ParquetTable

    return TableInput(ParquetTable(path))


def read_table_file(
    path: Path, *, rows: RowRange | None = None, columns: list[str] | None = None
) -> TableFile:
    """Read a whole table, or some of its rows and columns; see `open_table`.

    Raises:
        DataError, OSError: as `open_table` and `TableInput.blocks`.
    """
    return open_table(path).read(rows=rows, columns=columns)


def read_header(path: Path) -> Header:
    """The columns of a file, without reading its rows.

    Raises:
        DataError, OSError: as `open_table`.
    """
    return open_table(path).header
