"""A table read from a file: its columns as they stand there, and as numbers."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fluvial.errors import DataError, DataWarning

if TYPE_CHECKING:
    import pyarrow as pa

    from fluvial.cli.rows import Rows

FORMATS = (".csv", ".parquet")


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
    def n_rows(self) -> int:
        """The number of data rows."""
        return self.columns.num_rows

    def select_rows(self, rows: Rows) -> TableFile:
        """Keep some of the rows; a range that ends beyond the last row is warned of.

        Raises:
            DataError: where none is left.
        """
        start, stop = rows.within(self.n_rows)
        if stop <= start:
            raise DataError(f"{self.path}: --rows {rows} selects none of its {self.n_rows} rows")
        if rows.stop is not None and rows.stop > self.n_rows:
            warnings.warn(
                f"{self.path}: --rows {rows} ends beyond its {self.n_rows} rows; it ends there",
                DataWarning,
                stacklevel=2,
            )
        kept = self.columns.slice(start, stop - start)
        return replace(self, columns=kept, first_row=self.first_row + start)


def file_format(path: Path, *, role: str) -> str:
    """The format of a table file, by its extension: ".csv" or ".parquet".

    Raises:
        DataError: for any other extension.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        found = f"the extension {path.suffix!r}" if path.suffix else "no extension"
        raise DataError(f"{path}: {role} must end in .csv or .parquet, but has {found}")
    return suffix


def read_table(path: Path, *, columns: list[str] | None = None) -> TableFile:
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
        from fluvial.cli.csv_input import read_csv

        table = read_csv(path)
        is_text = True
    else:
        from fluvial.cli.parquet_input import read_parquet

        table = read_parquet(path, columns=columns)
        is_text = False
    if table.num_rows == 0:
        raise DataError(f"{path}: holds a header and no data row")
    return TableFile(path, table, is_text)


def read_names(path: Path) -> list[str]:
    """The column names of a file, without reading its rows.

    Raises:
        DataError, OSError: as `read_table`.
    """
    if file_format(path, role="a table") == ".csv":
        from fluvial.cli.csv_input import read_csv_header

        return read_csv_header(path)
    from fluvial.cli.parquet_input import open_parquet

    with open_parquet(path) as file:
        return file.schema_arrow.names


def refuse_duplicates(path: Path, names: list[str]) -> None:
    """Refuse a table two columns of which have one name.

    Raises:
        DataError: naming the columns and their places.
    """
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        places = [place for place, name in enumerate(names) if name == twice[0]]
        more = f" (and {len(twice) - 1} more names)" if len(twice) > 1 else ""
        raise DataError(
            f"{path}: columns {' and '.join(map(str, places))} are both named {twice[0]!r}{more};"
            " every column needs a name of its own"
        )
