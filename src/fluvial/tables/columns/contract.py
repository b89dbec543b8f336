"""What every kind of column can do: learn from rows, encode them for a flow, decode them again."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Self

import numpy as np

from fluvial.tables.columns.resolution import Resolution


class ColumnGroup(ABC):
    """Columns of one kind, and the invertible map from their values to what a flow sees.

    The contract is that of a group of like columns rather than of a single one, so that a table of
    thousands of columns is encoded in a few operations on whole matrices. A group of one column is
    a column. The map may change the number of columns. Everything is computed in float64.
    """

    @classmethod
    @abstractmethod
    def fit(
        cls,
        matrix: np.ndarray,
        *,
        resolution: Resolution | None = None,
        training: np.ndarray | None = None,
    ) -> Self:
        """Learn the map from the rows `(n, n_columns)`, all of which are finite.

        Args:
            matrix: the rows; every column varies in them.
            resolution: what is noise and what is a step in each column; decided from the rows where
                it is not given.
            training: the rows that the map is learned from, as an index or a mask; all of them
                where it is not given.
        """

    @property
    @abstractmethod
    def n_columns(self) -> int:
        """The number of columns of the table that the group encodes."""

    @property
    @abstractmethod
    def n_encoded(self) -> int:
        """The number of columns that a flow sees of them."""

    @abstractmethod
    def encode(self, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map rows `(n, n_columns)` to what a flow sees.

        Returns:
            `(n, n_encoded)` float64, and the log of the absolute Jacobian determinant, `(n,)`.
        """

    @abstractmethod
    def decode(self, encoded: np.ndarray) -> np.ndarray:
        """Map `(n, n_encoded)`, of any float type, back to finite rows `(n, n_columns)`."""

    @abstractmethod
    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file holds."""

    @classmethod
    @abstractmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Return the group that `to_arrays` described; other arrays are ignored."""
