"""From a table to a float64 matrix with known columns, and the same columns again later."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from fluvial.errors import DataError, ModelFileError, listed, quoted, told
from fluvial.tables.index_columns import index_columns
from fluvial.tables.source import Source
from fluvial.tables.warning import warn_user
from fluvial.weights import counted_rows


@dataclass(frozen=True)
class Schema:
    """The columns of a table: what they are called, in which order, and of which type.

    Attributes:
        names: one name a column; `x0`, `x1`, ... where the table had none.
        types: one name of a data type a column, as the table had it.
        named: whether the names are the table's own.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    named: bool

    @property
    def n_columns(self) -> int:
        """The number of columns."""
        return len(self.names)

    def label(self, index: int) -> str:
        """Return what a message calls a column."""
        return f"column {quoted(self.names[index])}" if self.named else f"column {index}"

    def to_json(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return {"names": list(self.names), "types": list(self.types), "named": self.named}

    @classmethod
    def from_json(cls, form: dict[str, Any]) -> Self:
        """Return the schema that `to_json` described.

        Raises:
            KeyError: where an entry is missing.
            ModelFileError: where names or types are no texts, one a column, or names are equal.
        """
        if not isinstance(form, dict):
            raise ModelFileError(f"the schema must be an object, but is {told(form)}")
        names, types, named = form["names"], form["types"], form["named"]
        for what, texts in (("names", names), ("types", types)):
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                raise ModelFileError(f"the schema's {what} must be texts, but are {told(texts)}")
        if not names or len(names) != len(types) or len(set(names)) < len(names):
            raise ModelFileError(
                f"the schema must have one type for each of some different names, but has "
                f"{len(names)} names, {len(set(names))} of them different, and {len(types)} types"
            )
        if not isinstance(named, bool):
            raise ModelFileError(f"the schema's 'named' must be true or false, not {told(named)}")
        return cls(tuple(names), tuple(types), named)

    def align(self, table, *, owner: str = "this model", what: str = "X") -> np.ndarray:
        """Read another table with these columns, put into this order by name.

        Args:
            table: as for `read_table`.
            owner: what messages call the model that knows these columns.
            what: what they call the table.

        Returns:
            `(n, n_columns)` float64; `table` is not modified.

        Raises:
            DataError: where columns are missing, unknown or more or fewer than these, and as
                `read_table` does.
        """
        source = Source.of(table, keep=self.names)
        if source.names is None or not self.named:
            self._check_count(source, owner, what)
            source.check_rows(1)
            return source.matrix(range(self.n_columns), self.label)
        order = self._order(source.names, owner)
        source.check_rows(1)
        return source.matrix(order, self.label)

    def _order(self, names: Sequence[str], owner: str) -> list[int]:
        where = {name: index for index, name in enumerate(names)}
        missing = [name for name in self.names if name not in where]
        known = set(self.names)
        unknown = [name for name in names if name not in known]
        if missing:
            also = f"; unknown to it: {listed(unknown)}" if unknown else ""
            raise DataError(
                f"columns that {owner} was fitted with are missing: {listed(missing)}{also}"
            )
        if unknown:
            raise DataError(
                f"columns that {owner} was not fitted with: {listed(unknown)}; drop them"
            )
        return [where[name] for name in self.names]

    def _check_count(self, source: "Source", owner: str, what: str) -> None:
        if source.n_columns != self.n_columns:
            raise DataError(
                f"{what} has {source.n_columns} features, but {owner} is expecting "
                f"{self.n_columns} features as input"
            )
        if self.named and source.names is None:
            warn_user(
                f"{what} does not have valid feature names, but {owner} was fitted with feature "
                "names; its columns are taken in their order"
            )
        if source.names is not None and not self.named:
            warn_user(
                f"{what} has feature names, but {owner} was fitted without feature names; its "
                "columns are taken in their order"
            )


def read_table(
    table, *, minimum_rows: int = 1, sample_weight: ArrayLike | None = None
) -> tuple[np.ndarray, Schema]:
    """Read a table of numbers.

    Booleans become 0 and 1. A `DataWarning` tells of integers beyond 2^53, some of which float64
    cannot represent, and of an index that pandas wrote.

    Args:
        table: an array `(n, D)` or anything NumPy makes one of, or a pandas, polars or pyarrow
            table; not modified. Column names that are not all strings are ignored.
        minimum_rows: fewer rows are refused.
        sample_weight: `(n,)`, not negative; values of rows of weight zero may be missing or
            infinite.

    Returns:
        The matrix `(n, D)` in float64, and its schema.

    Raises:
        DataError: for too few rows or columns, equal column names, text or date columns, missing
            values and infinities; the message names the column and the row, counted from 0. For
            weights that are no numbers, negative or all zero.
        ShapeError: where there is not one weight a row.

    Examples:
        >>> matrix, schema = read_table([[1, 2.5], [3, 4.5]])
        >>> matrix.shape, schema.names
        ((2, 2), ('x0', 'x1'))
    """
    source = Source.of(table)
    source.check_rows(minimum_rows)
    _warn_of_index(source.names or ())
    names = source.names or tuple(f"x{i}" for i in range(source.n_columns))
    schema = Schema(names, source.types(), source.names is not None)
    counted = None if sample_weight is None else counted_rows(sample_weight, source.n_rows)
    return source.matrix(range(source.n_columns), schema.label, counted), schema


def _warn_of_index(names: Sequence[str]) -> None:
    """Tell of columns that pandas calls as it calls the index of a frame written to CSV."""
    index = [name for name in index_columns(names) if name]
    if index:
        warn_user(
            f"{listed(index)} may be the index that pandas wrote to a CSV file, and counts as a"
            " column like any other; drop it unless it is data"
        )
