"""Writing tables: CSV whose numbers read back bit-equal, and Parquet."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from fluvial.artifacts import atomic_path
from fluvial.files.formats import file_format

pc: Any = pyarrow.compute  # its functions arise at import, out of a type checker's sight

ROWS_A_WRITE = 65536
"""Rows whose text is held in memory at one time, while CSV is written."""


def write_table(table: pa.Table, path: Path | None) -> None:
    """Write a table to a file by its extension, or as CSV to stdout.

    Args:
        table: any columns; in CSV, dates are written in ISO 8601, nulls as empty cells, floating
            values with the fewest digits that read back as the same float64.
        path: ends in .csv or .parquet; replaced whole or not at all. None for stdout.

    Raises:
        DataError: for another extension.
        OSError: where the file cannot be written.
    """
    if path is None:
        # Bytes, so that neither the locale nor the platform's line ends change the table.
        stream = getattr(sys.stdout, "buffer", None)
        sys.stdout.flush()
        _write_csv(table, stream if stream is not None else sys.stdout.buffer)
        return
    suffix = file_format(path, role="the output")
    with atomic_path(path) as temporary:
        if suffix == ".parquet":
            pq.write_table(table, temporary)
        else:
            with temporary.open("wb") as stream:
                _write_csv(table, stream)


def _write_csv(table: pa.Table, stream: IO[bytes]) -> None:
    header = _join_cells([pa.array([name]) for name in map(_quoted_name, table.column_names)])
    stream.write(header)
    for start in range(0, table.num_rows, ROWS_A_WRITE):
        stream.write(_join_cells(list(_texts(table.slice(start, ROWS_A_WRITE)))))
    stream.flush()


def _texts(table: pa.Table) -> Iterator[pa.Array]:
    for column in table.columns:
        text = _as_text(column)
        yield text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def _join_cells(columns: list[pa.Array]) -> bytes:
    lines = pc.binary_join_element_wise(
        *columns, ",", null_handling="replace", null_replacement=""
    ).to_pylist()
    return ("\n".join(lines) + "\n").encode()


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    kind = column.type
    if pa.types.is_floating(kind):
        return _float_text(column)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return pc.cast(column, pa.string())
    try:
        return _quoted(pc.cast(column, pa.string()))
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        texts = [None if v is None else json.dumps(v, default=str) for v in column.to_pylist()]
        return _quoted(pa.chunked_array([pa.array(texts, pa.string())]))


def _float_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The shortest text that reads back as the same float64, with a mark of a float in it."""
    text = pc.cast(pc.cast(column, pa.float64()), pa.string())
    whole = pc.match_substring_regex(text, r"^-?[0-9]+$")
    return pc.if_else(whole, pc.binary_join_element_wise(text, ".0", ""), text)


def _quoted(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Enclose in quotation marks what needs them."""
    needs = pc.match_substring_regex(text, '[",\r\n]')
    if not pc.any(needs).as_py():
        return text
    doubled = pc.replace_substring(text, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise('"', doubled, '"', ""), text)


def _quoted_name(name: str) -> str:
    return _quoted(pa.chunked_array([[name]]))[0].as_py()
