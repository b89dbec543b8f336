"""Rows that a model draws given the rows of a table, written beside these, some at a time."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from fluvial.cli.model_file import FittedModel
from fluvial.cli.selection import needed_columns
from fluvial.estimators.density import sampling_seed
from fluvial.files.blocks import ROWS_A_BLOCK, regrouped
from fluvial.files.column_types import typed_column
from fluvial.files.numeric import numeric_blocks
from fluvial.files.table_file import TableInput

ADVICE = "the model draws rows given this column: correct or remove those rows"


def drawn_given(
    fitted: FittedModel, source: TableInput, n_each: int, *, seed: int, raw: bool
) -> Iterator[pa.Table]:
    """Draw rows for each row of a table.

    Args:
        fitted: a model with a condition.
        source: a table with the columns of the condition.
        n_each: how many rows are drawn for each of its rows, one after the other.
        seed: the same seed and table give the same rows.
        raw: whether columns of whole numbers keep the fractions that the density gives them.

    Yields:
        The columns that are drawn, then those of the condition.

    Raises:
        DataError: where a column of the condition is missing or holds what is no number.
    """
    conditions = _Conditions(fitted, source, n_each)
    density, types = fitted.density.table_density_, fitted.output_types(raw=raw)

    def tables() -> Iterator[pa.Table]:
        pieces = conditions.matrices()
        for rows in density.samples_given(pieces, seed=sampling_seed(seed), raw=raw):
            drawn = [typed_column(c, kind) for c, kind in zip(rows.T, types, strict=True)]
            beside = conditions.take(len(rows))
            names = [*fitted.output_names, *beside.column_names]
            yield pa.table([*drawn, *beside.columns], names=names)

    return regrouped(tables())


class _Conditions:
    """The rows of a table, repeated; those that are read and not yet taken are kept."""

    def __init__(self, fitted: FittedModel, source: TableInput, n_each: int):
        self._fitted, self._source, self._n_each = fitted, source, n_each
        self._names, _ = needed_columns(
            source.name, source.header, features=fitted.condition, left_out=[]
        )
        self._waiting: list[pa.Table] = []

    def matrices(self) -> Iterator[np.ndarray]:
        """Yield the conditions as the density takes them."""
        columns = self._fitted.density.condition_
        blocks = self._source.blocks(columns=self._names)
        for _, numbers in numeric_blocks(blocks, self._names, advice=ADVICE):
            n = numbers.num_rows * self._n_each
            for start in range(0, n, ROWS_A_BLOCK):
                places = np.arange(start, min(start + ROWS_A_BLOCK, n)) // self._n_each
                table = numbers.take(pa.array(places))
                self._waiting.append(table)
                if columns is not None:
                    yield columns.read(table)

    def take(self, n: int) -> pa.Table:
        """Return the next n rows of those that were read."""
        whole = pa.concat_tables(self._waiting)
        self._waiting = [whole.slice(n)]
        return whole.slice(0, n)
