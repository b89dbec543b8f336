"""The column of a file that holds the classes of its rows."""

from typing import Any

import pyarrow as pa
import pyarrow.compute

from fluvial.files.table_file import TableFile
from fluvial.files.text_cells import MISSING, parse_cells

pc: Any = pyarrow.compute  # its functions arise at import, out of a type checker's sight


def class_column(table: TableFile, name: str) -> pa.ChunkedArray:
    """Return a column as it stands in Parquet; of CSV numbers, truth values, or else the texts.

    What stands for a missing value is null.
    """
    column = table.columns.column(name)
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    if not table.is_text:
        return column
    numbers = parse_cells(column, name, decimal=table.decimal)
    if numbers is not None:
        return numbers
    cells = pc.utf8_trim_whitespace(column)
    missing = pc.is_in(pc.utf8_lower(cells), pa.array(MISSING))
    return pc.if_else(missing, pa.scalar(None, cells.type), cells)
