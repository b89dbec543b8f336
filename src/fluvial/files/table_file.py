"""A table read from a file: its columns as they stand there."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fluvial.errors import DataError, DataWarning
from fluvial.files.formats import file_format
from fluvial.tables.index_columns import declared_index, index_columns

if TYPE_CHECKING:
    import pyarrow as pa

    from fluvial.files.row_range import RowRange


@dataclass(frozen=True)
class Header:
    """The columns of a file.

    Args:
        names: in the order of the file.
        index: those that are no data but an index that pandas wrote.
    """

    names: Sequence[str]
    index: Sequence[str]


@dataclass(frozen=True)
class TableFile:
    """Rows of a file, unchanged.

    Args:
        path: the file.
        columns: a Parquet file's columns with their types; a CSV file's as the text of each cell.
        is_text: whether the columns hold the text of a CSV file.
        first_row: the place in the file of the first of these rows; data rows count from 0.
    """

    path: Path
    columns: pa.Table
    is_text: bool
    first_row: int = 0

    @property
    def names(self) -> list[str]:
        """The column names, in the order of the file."""
        return self.columns.column_names

    @property
    def header(self) -> Header:
        """The columns of the file that were read."""
        return _header(self.columns.schema)

    @property
    def n_rows(self) -> int:
        """The number of data rows."""
        return self.columns.num_rows

    def select_rows(self, rows: RowRange) -> TableFile:
        """Keep some of the rows; a range that ends beyond the last row is warned of.

        Raises:
            DataError: where none is left.
        """
        start, stop = rows.within(self.n_rows)
        chosen = f"{rows.name} {rows}"
        if stop <= start:
            raise DataError(f"{self.path}: {chosen} selects none of its {self.n_rows} rows")
        if rows.stop is not None and rows.stop > self.n_rows:
            warnings.warn(
                f"{self.path}: {chosen} ends beyond its {self.n_rows} rows; it ends there",
                DataWarning,
                stacklevel=2,
            )
        kept = self.columns.slice(start, stop - start)
        return replace(self, columns=kept, first_row=self.first_row + start)


def read_table_file(path: Path, *, columns: list[str] | None = None) -> TableFile:
    """Read a CSV or Parquet file, by its extension.

    Args:
        path: the file; the case of its extension does not matter.
        columns: the only columns that are needed, where some are not; a Parquet file is then
            read faster. All must exist.

    Raises:
        DataError: where the file is empty, holds no data row, is not what its extension says,
            has rows of different lengths or two columns of one name.
        OSError: where the file cannot be read.
    """
    if file_format(path, role="a table") == ".csv":
        from fluvial.files.csv_input import read_csv

        table = read_csv(path)
        is_text = True
    else:
        from fluvial.files.parquet_input import read_parquet

        table = read_parquet(path, columns=columns)
        is_text = False
    if table.num_rows == 0:
        raise DataError(f"{path}: holds a header and no data row")
    return TableFile(path, table, is_text)


def read_header(path: Path) -> Header:
    """The columns of a file, without reading its rows.

    Raises:
        DataError, OSError: as `read_table_file`.
    """
    if file_format(path, role="a table") == ".csv":
        from fluvial.files.csv_input import read_csv_header

        names = read_csv_header(path)
        return Header(names, index_columns(names))
    from fluvial.files.parquet_input import open_parquet

    with open_parquet(path) as file:
        return _header(file.schema_arrow)


def _header(schema: pa.Schema) -> Header:
    names = schema.names
    return Header(names, index_columns(names, declared_index(schema.metadata)))
