"""Reading a folder of Parquet files as one table, as data bases and data sets write them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa

from fluvial.errors import DataError, listed
from fluvial.files.parquet_input import ROWS_A_BATCH, ParquetTable

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""What stands in a folder's name for a missing value."""


@dataclass(frozen=True)
class Part:
    """One file of the folder, and the values that the names of its folders give its rows."""

    table: ParquetTable
    partition: dict[str, str | None]


class ParquetFolder:
    """The Parquet files of a folder and of the folders in it, in the order of their paths.

    A folder called `year=2020` gives all rows below it a column `year`, after those of the files,
    of integers where all its values are such, else of text. Files and folders whose names begin
    with a point or an underscore are passed over.

    Args:
        path: the folder.

    Raises:
        DataError: where a file is damaged, or its columns are not those of the first one.
        OSError: where something cannot be read.
    """

    def __init__(self, path: Path):
        self.path = path
        self._parts = [_part(file, path) for file in _files(path)]
        if not self._parts:
            raise DataError(f"{path}: a folder without Parquet files")
        self.schema: pa.Schema = self._common_schema()

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.path)

    def batches(
        self, *, columns: list[str] | None, n_rows: int = ROWS_A_BATCH
    ) -> Iterator[pa.Table]:
        """Yield the rows in order, some at a time; see `ParquetTable.batches`."""
        names = self.schema.names if columns is None else columns
        for part in self._parts:
            of_file = [name for name in names if name in part.table.schema.names]
            for batch in part.table.batches(columns=of_file, n_rows=n_rows):
                yield self._completed(part, batch, names)

    def _completed(self, part: Part, batch: pa.Table, names: list[str]) -> pa.Table:
        """Give rows of a file their partition's values, and the order and types of the table."""
        columns = []
        for name in names:
            field = self.schema.field(name)
            if name in part.table.schema.names:
                columns.append(batch.column(name).cast(field.type))
            else:
                value = part.partition[name]
                value = int(value) if value and pa.types.is_integer(field.type) else value
                repeated = pa.repeat(pa.scalar(value, field.type), batch.num_rows)
                columns.append(pa.chunked_array([repeated]))
        fields = [self.schema.field(name) for name in names]
        return pa.table(columns, schema=pa.schema(fields, self.schema.metadata))

    def _common_schema(self) -> pa.Schema:
        first = self._parts[0]
        for part in self._parts:
            wanted, found = (set(p.table.schema.names) | set(p.partition) for p in (first, part))
            if wanted != found:
                raise DataError(
                    f"{part.table.path}: its columns are not those of {first.table.path}; only one"
                    f" of the two has {listed(sorted(wanted ^ found))}"
                )
        try:
            schema = pa.unify_schemas(
                [part.table.schema for part in self._parts], promote_options="permissive"
            )
        except pa.ArrowException as error:
            raise DataError(f"{self.path}: columns of different types: {error}") from None
        for name in first.partition:
            if name not in schema.names:
                schema = schema.append(pa.field(name, self._partition_type(name)))
        return schema

    def _partition_type(self, name: str) -> pa.DataType:
        values = [part.partition[name] for part in self._parts]
        whole = all(value is None or value.lstrip("-").isdecimal() for value in values)
        # A zero before other digits is part of a code.
        plain = whole and all(value is None or str(int(value)) == value for value in values)
        return pa.int64() if plain else pa.string()


def _files(folder: Path) -> list[Path]:
    found = []
    for path in folder.rglob("*.parquet"):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith((".", "_")) for part in parts):
            found.append(path)
    return sorted(found)


def _part(file: Path, folder: Path) -> Part:
    pairs = [part.split("=", 1) for part in file.relative_to(folder).parts[:-1] if "=" in part]
    values = {unquote(name): unquote(value) for name, value in pairs}
    partition = {name: None if v == NULL_PARTITION else v for name, v in values.items()}
    return Part(ParquetTable(file), partition)
