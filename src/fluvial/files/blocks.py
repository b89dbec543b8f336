"""How many rows of a table are held at one time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

CELLS_A_BLOCK = 2**21
"""Cells that are held at one time, so that memory depends neither on the rows nor the columns."""

ROWS_A_BLOCK = 65536
"""Rows that are held at one time at most."""

BYTES_A_BLOCK = 2**26
"""Bytes that rows may take which are held at one time, unless one of them takes more."""

MULTIPLE = 1024
"""Rows are held in multiples of this, which is what a density evaluates and draws at one time."""


def rows_a_block(n_columns: int) -> int:
    """The rows of a table of `n_columns` columns that are held at one time.

    Examples:
        >>> rows_a_block(5), rows_a_block(100), rows_a_block(10_000)
        (65536, 20480, 1024)
    """
    rows = CELLS_A_BLOCK // max(n_columns, 1) // MULTIPLE * MULTIPLE
    return min(max(rows, MULTIPLE), ROWS_A_BLOCK)


def regrouped(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Cut and join tables of equal columns into blocks of as many rows as `rows_a_block` says.

    Only the last one has fewer, and those of rows so long that they would pass `BYTES_A_BLOCK`.
    """
    import pyarrow as pa

    waiting: list[pa.Table] = []
    n_waiting = 0
    for table in tables:
        enough = rows_a_block(table.num_columns)
        start = 0
        while table.num_rows - start >= enough - n_waiting:
            taken = enough - n_waiting
            yield pa.concat_tables([*waiting, table.slice(start, taken)])
            waiting, n_waiting, start = [], 0, start + taken
        if start < table.num_rows:
            waiting.append(table.slice(start))
            n_waiting += waiting[-1].num_rows
        if sum(part.nbytes for part in waiting) > BYTES_A_BLOCK:
            yield pa.concat_tables(waiting)
            waiting, n_waiting = [], 0
    if waiting:
        yield pa.concat_tables(waiting)
