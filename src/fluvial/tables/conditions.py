"""The columns that a conditional density is given: read, checked and standardised."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import narwhals as nw
import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fluvial.errors import DataError, ModelFileError, ShapeError, listed
from fluvial.tables.columns import LinearColumns, Resolution
from fluvial.tables.schema import Schema, read_table
from fluvial.tables.source import Source


@dataclass(frozen=True)
class Condition:
    """The conditions of some rows.

    Attributes:
        matrix: `(n, C)` float64, finite in rows that count.
        schema: names and types of the columns.

    Examples:
        >>> Condition.of([0.5, 1.5]).matrix.shape
        (2, 1)
    """

    matrix: np.ndarray
    schema: Schema

    @classmethod
    def of(
        cls, condition, *, n_rows: int | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Read the conditions of the rows of a table.

        Args:
            condition: an array `(n, C)`, or `(n,)` for one column, or a pandas, polars or pyarrow
                table or series, of numbers or truth values; not modified.
            n_rows: how many rows there must be; any number where it is None.
            sample_weight: `(n,)`; conditions of rows of weight zero may be missing.

        Raises:
            DataError: for what is no finite number, naming the column and the row.
            ShapeError: where there is not one condition for each row.
        """
        table = _as_table(condition)
        try:
            found = Source.of(table).n_rows
            if n_rows is not None and found != n_rows:
                raise ShapeError(
                    f"condition has {found} rows, but the table has {n_rows}; give one condition "
                    "for each row"
                )
            matrix, schema = read_table(table, sample_weight=sample_weight)
        except DataError as error:
            raise _of_condition(error) from None
        return cls(matrix, schema)


@dataclass(frozen=True)
class ConditionColumns:
    """The columns of a condition, and how a flow sees them: standardised.

    Attributes:
        schema: names and types of the columns.
        columns: their means and standard deviations over the rows that were trained on.

    Examples:
        >>> given = Condition.of([0.0, 1.0, 2.0])
        >>> ConditionColumns.fit(given).encode(given.matrix).ravel()
        array([-1.,  0.,  1.], dtype=float32)
    """

    schema: Schema
    columns: LinearColumns

    @classmethod
    def fit(cls, condition: Condition, *, training: np.ndarray | None = None) -> Self:
        """Learn how to standardise conditions.

        Args:
            condition: of all rows.
            training: the rows that are learned from, as an index; None is all of them.

        Raises:
            DataError: for a column that does not vary.
        """
        matrix, schema = condition.matrix, condition.schema
        resolution = Resolution.of(matrix)
        if resolution.constant.any():
            j = int(np.argmax(resolution.constant))
            raise DataError(
                f"condition: {schema.label(j)} is {matrix[0, j]:g} in all rows, which tells "
                "nothing of them; leave it out of the condition"
            )
        columns = LinearColumns.fit(matrix, resolution=resolution, training=training)
        return cls(schema, columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.schema.names

    def read(self, condition, *, owner: str = "this model") -> np.ndarray:
        """Read conditions with these columns, put into this order by name.

        Args:
            condition: as `Condition.of` takes it, of any number of rows.
            owner: what messages call the model that is conditional.

        Returns:
            `(n, C)` float64.

        Raises:
            ShapeError: for another number of columns.
            DataError: where columns of a table are missing or unknown, and as `Condition.of`.
        """
        table, n_columns = _as_table(condition), self.schema.n_columns
        if isinstance(table, np.ndarray) and table.ndim == 2 and table.shape[1] != n_columns:
            raise ShapeError(
                f"condition has shape {table.shape}, but {owner} was fitted with (n, {n_columns}): "
                f"give {listed(self.names)} for each row"
            )
        try:
            return self.schema.align(table, owner=owner, what="condition")
        except DataError as error:
            raise _of_condition(error) from None

    def encode(self, matrix: np.ndarray, *, dtype: DTypeLike = np.float32) -> np.ndarray:
        """Standardise conditions `(n, C)`."""
        return self.columns.encode(matrix)[0].astype(dtype)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file holds beside `schema.to_json()`."""
        return self.columns.to_arrays()

    @classmethod
    def from_stored(cls, form: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        """Return what was stored.

        Raises:
            KeyError: where an entry or an array is missing.
            ModelFileError: where they are none of a condition, or do not fit each other.
        """
        schema, columns = Schema.from_json(form), LinearColumns.from_arrays(arrays)
        if columns.n_columns != schema.n_columns:
            raise ModelFileError(
                f"the condition has {schema.n_columns} columns, but {columns.n_columns} scales"
            )
        return cls(schema, columns)


def _as_table(condition):
    """Return a table in place of a single column, anything else as it is."""
    frame = nw.from_native(condition, pass_through=True, allow_series=True)
    if isinstance(frame, nw.Series):
        return frame.to_frame().to_native()
    if isinstance(frame, nw.DataFrame | nw.LazyFrame) or hasattr(condition, "columns"):
        return condition
    if isinstance(condition, list | tuple) and condition and hasattr(condition[0], "keys"):
        return condition
    if isinstance(condition, Mapping) or getattr(getattr(condition, "dtype", None), "names", None):
        return condition
    array = np.asarray(condition)
    return array[:, None] if array.ndim == 1 else array


def _of_condition(error: DataError) -> DataError:
    return type(error)(f"condition: {error}")
