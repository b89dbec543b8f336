"""Columns in a few categories: their values where these are few, else bins of equal counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.errors import ModelFileError
from fluvial.tables.stored import column_numbers


@dataclass(frozen=True)
class Categories:
    """The categories of each column.

    Attributes:
        edges: for each column its values, ascending, or the upper ends of its bins but the last.
        by_value: `(D,)` of bool: whether these are its values.

    Examples:
        >>> rows = np.array([[0.0, 1.0], [5.0, 2.0], [5.0, 3.0], [0.0, 4.0]])
        >>> categories = Categories.fit(rows, most=3)
        >>> categories.codes(np.array([[5.0, 9.0], [7.0, 0.0]])).tolist()
        [[1, 2], [2, 0]]
    """

    edges: tuple[np.ndarray, ...]
    by_value: np.ndarray

    @classmethod
    def fit(cls, rows: np.ndarray, *, most: int) -> Self:
        """Find the categories of rows `(n, D)`, at most `most` values or bins a column."""
        edges, by_value = [], []
        for column in rows.T:
            values = np.unique(column)
            by_value.append(len(values) <= most)
            if len(values) > most:
                values = np.unique(np.quantile(column, np.arange(1, most) / most))
            edges.append(values)
        return cls(tuple(edges), np.array(by_value, bool))

    @property
    def sizes(self) -> np.ndarray:
        """The number of categories of each column, `(D,)`: the last of values is that of others."""
        return np.array([len(edges) + 1 for edges in self.edges], np.int64)

    def codes(self, rows: np.ndarray) -> np.ndarray:
        """Return the category of each value of rows, `(n, D)`, from 0 on."""
        codes = np.empty(rows.shape, np.int64)
        for j, edges in enumerate(self.edges):
            column = rows[:, j]
            place = np.searchsorted(edges, column, side="left")
            if self.by_value[j]:
                known = edges[np.minimum(place, len(edges) - 1)] == column
                place = np.where(known, place, len(edges))
            codes[:, j] = place
        return codes

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file holds."""
        return {
            "n_edges": np.array([len(edges) for edges in self.edges], np.int64),
            "edges": np.concatenate(self.edges),
            "by_value": self.by_value,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], *, n_columns: int) -> Self:
        """Return what `to_arrays` described.

        Raises:
            KeyError: where an array is missing.
            ModelFileError: where the arrays do not fit each other, or values do not ascend.
        """
        n_edges, by_value = arrays["n_edges"], arrays["by_value"]
        if n_edges.shape != (n_columns,) or n_edges.dtype != np.int64 or (n_edges < 1).any():
            raise ModelFileError(f"categories need one number of edges for {n_columns} columns")
        if by_value.shape != (n_columns,) or by_value.dtype != np.bool_:
            raise ModelFileError(f"categories need one kind for each of {n_columns} columns")
        edges = column_numbers(arrays, "edges", n_columns=int(n_edges.sum()))
        parts = np.split(edges, np.cumsum(n_edges)[:-1])
        if any((part[1:] <= part[:-1]).any() for part in parts):
            raise ModelFileError("the edges of categories must ascend")
        return cls(tuple(parts), by_value)
