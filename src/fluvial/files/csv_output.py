"""Columns as the bytes of a CSV file whose numbers read back bit-equal."""

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from fluvial.files.dialect import Dialect

pc: Any = pyarrow.compute  # its functions arise at import, out of a type checker's sight


def header_bytes(names: Sequence[str], dialect: Dialect) -> bytes:
    """The line of the column names."""
    cells = [_whole(_quoted(pa.chunked_array([[name]]), dialect)) for name in names]
    return bytes(_lines(cells, dialect))


def rows_bytes(table: pa.Table, dialect: Dialect) -> memoryview:
    """The lines of some rows; their text must fit into 2 GB."""
    return _lines([_whole(_as_text(column, dialect)) for column in table.columns], dialect)


def _lines(columns: list[pa.Array], dialect: Dialect) -> memoryview:
    joined = pc.binary_join_element_wise(
        *columns, dialect.delimiter, null_handling="replace", null_replacement=""
    )
    lines = _whole(pc.binary_join_element_wise(joined, "", "\n"))
    # The text of all lines lies in one piece already: nothing is copied.
    _, ends, text = lines.buffers()
    offsets = np.frombuffer(ends, np.int32)
    return memoryview(text)[offsets[lines.offset] : offsets[lines.offset + len(lines)]]


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _as_text(column: pa.ChunkedArray, dialect: Dialect) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    kind = column.type
    if pa.types.is_floating(kind):
        return _float_text(column, dialect)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return pc.cast(column, pa.string())
    try:
        return _quoted(pc.cast(column, pa.string()), dialect)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        texts = [None if v is None else json.dumps(v, default=str) for v in column.to_pylist()]
        return _quoted(pa.chunked_array([pa.array(texts, pa.string())]), dialect)


def _float_text(column: pa.ChunkedArray, dialect: Dialect) -> pa.ChunkedArray:
    """The shortest text that reads back as the same float64, with a mark of a float in it."""
    text = pc.cast(pc.cast(column, pa.float64()), pa.string())
    whole = pc.match_substring_regex(text, r"^-?[0-9]+$")
    text = pc.if_else(whole, pc.binary_join_element_wise(text, ".0", ""), text)
    if dialect.decimal != ".":
        text = pc.replace_substring(text, ".", dialect.decimal)
    return _quoted(text, dialect) if dialect.decimal == dialect.delimiter else text


def _quoted(text: pa.ChunkedArray, dialect: Dialect) -> pa.ChunkedArray:
    """Enclose in quotation marks what needs them."""
    needs = pc.match_substring_regex(text, f'["\r\n{re.escape(dialect.delimiter)}]')
    if not pc.any(needs).as_py():
        return text
    doubled = pc.replace_substring(text, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise('"', doubled, '"', ""), text)
