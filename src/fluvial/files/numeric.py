"""From columns as a file holds them to numbers, and what is refused on the way.

`fluvial.tables` checks again what it is given; the checks here speak of the file: its data rows,
whichever of them were selected, and what a caller advises.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from fluvial.files.table_file import TableFile
from fluvial.files.text_cells import parse_cells
from fluvial.files.troubles import Troubles

pc: Any = pyarrow.compute  # its functions arise at import, out of a type checker's sight


def numeric_columns(
    table: TableFile, names: Sequence[str], *, advice: str, counted: np.ndarray | None = None
) -> pa.Table:
    """Take columns of a file as numbers.

    Args:
        table: the rows to take.
        names: the columns, in the order wanted.
        advice: what a message recommends; `{name}` stands for the column, as a shell wants it.
        counted: (n,) of bool, the rows in which values must not be missing or infinite; None is
            all of them.

    Returns:
        A table of integer, floating and boolean columns without missing or infinite values in the
        rows that count.

    Raises:
        DataError: naming the column, the count and the first data row (counted from 0 in the
            file) of text, dates, missing values or infinities.
    """
    troubles = Troubles(names, advice=advice, counted=counted)
    ((_, numbers),) = _numeric_blocks([table], names, troubles)
    return numbers


def numeric_blocks(
    blocks: Iterable[TableFile], names: Sequence[str], *, advice: str, skip_invalid: bool = False
) -> Iterator[tuple[TableFile, pa.Table]]:
    """Take columns of a file as numbers, some rows after the other.

    Args:
        blocks: the rows to take; where some are refused, the rest is read to count more like them.
        names: the columns, in the order wanted.
        advice: as for `numeric_columns`.
        skip_invalid: whether missing and infinite values are let through; `valid_rows` finds them.

    Yields:
        The rows as they stand in the file, and their columns as `numeric_columns` gives them.

    Raises:
        DataError: as `numeric_columns`, and where a column of CSV holds numbers in some rows and
            truth values in others.
    """
    troubles = Troubles(names, advice=advice, skip_invalid=skip_invalid)
    yield from _numeric_blocks(blocks, names, troubles)


def _numeric_blocks(
    blocks: Iterable[TableFile], names: Sequence[str], troubles: Troubles
) -> Iterator[tuple[TableFile, pa.Table]]:
    for block in blocks:
        columns = dict(zip(block.names, block.columns.columns, strict=True))
        arrays = [_numbers(columns[name], name, block) for name in names]
        troubles.look_at(block, [columns[name] for name in names], arrays)
        if not troubles.found:
            yield block, pa.table(arrays, names=list(names))
    troubles.refuse()


def valid_rows(numbers: pa.Table) -> np.ndarray:
    """Tell which rows `(n,)` of a table of numbers hold no missing and no infinite value."""
    valid = np.ones(numbers.num_rows, bool)
    for column in numbers.columns:
        if column.null_count or not all_finite(column):
            number = pc.cast(column, pa.float64(), safe=False).to_numpy()
            valid &= np.isfinite(number)  # nulls are NaN
    return valid


def all_finite(array: pa.ChunkedArray) -> bool:
    """Whether no value of a column of numbers is infinite or NaN; nulls are not asked."""
    return not pa.types.is_floating(array.type) or pc.all(pc.is_finite(array)).as_py() is not False


def _numbers(column: pa.ChunkedArray, name: str, block: TableFile) -> pa.ChunkedArray | None:
    if block.is_text:
        return parse_cells(column, name, decimal=block.decimal)
    return _from_typed(column)


def _from_typed(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """A Parquet column that holds numbers, or None."""
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    kind = column.type
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        return pc.cast(column, pa.float64())
    if pa.types.is_null(kind):
        return pc.cast(column, pa.float64())
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        return column
    return None
