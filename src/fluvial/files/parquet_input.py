"""Reading Parquet, some rows after the other: every column with its type."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fluvial.errors import DataError
from fluvial.files.column_names import refuse_duplicates

_MAGIC = b"PAR1"

ROWS_A_BATCH = 65536
"""Rows that are read at one time at most."""


class ParquetTable:
    """A Parquet file.

    Args:
        path: the file.

    Raises:
        DataError: where it is no Parquet file, or a truncated or damaged one, or has two columns
            of one name.
        OSError: where it cannot be read.
    """

    def __init__(self, path: Path):
        self.path = path
        with open_parquet(path) as file:
            self.schema: pa.Schema = file.schema_arrow

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.path)

    def batches(
        self, *, columns: list[str] | None, n_rows: int = ROWS_A_BATCH
    ) -> Iterator[pa.Table]:
        """Yield the rows in order, some at a time.

        Args:
            columns: the only ones that are needed, where some are not.
            n_rows: rows at a time at most.

        Raises:
            DataError: where the file is damaged.
        """
        with open_parquet(self.path) as file:
            try:
                for batch in file.iter_batches(min(n_rows, ROWS_A_BATCH), columns=columns):
                    yield pa.Table.from_batches([batch])
            except (pa.ArrowException, OSError) as error:
                raise DataError(f"{self.path}: a damaged Parquet file: {error}") from None


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file and read its schema.

    Raises:
        DataError, OSError: as `ParquetTable`.
    """
    _refuse_other_formats(path)
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: a damaged Parquet file: {error}") from None
    refuse_duplicates(path, file.schema_arrow.names)
    return file


def read_parquet(path: Path, *, columns: list[str] | None = None) -> pa.Table:
    """Read a Parquet file, or some of its columns.

    Raises:
        DataError, OSError: as `ParquetTable`.
    """
    with open_parquet(path) as file:
        try:
            return file.read(columns=columns)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path}: a damaged Parquet file: {error}") from None


def _refuse_other_formats(path: Path) -> None:
    """Look at the first and last bytes, for a clearer message than the reader's own."""
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
        size = file.seek(0, 2)
        file.seek(max(0, size - len(_MAGIC)))
        end = file.read()
    if size == 0:
        raise DataError(f"{path}: empty; not a Parquet file")
    if start != _MAGIC:
        raise DataError(f"{path}: not a Parquet file, whatever its extension says")
    if end != _MAGIC or size < 12:
        raise DataError(f"{path}: a truncated Parquet file: its end is missing")
