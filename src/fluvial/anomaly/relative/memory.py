"""Which rows were fitted to, so that each of them can be judged by the others alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.errors import ModelFileError

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""An odd number without a pattern: 2^64 over the golden ratio."""


@dataclass(frozen=True)
class Memory:
    """A number for each row that was fitted to, and its place among the references.

    Attributes:
        keys: `(K,)` uint64, ascending, each once.
        places: `(K,)`, the place of such a row among the references, -1 where it has none.

    Examples:
        >>> rows = np.array([[1.0, 2.0], [3.0, 4.0]])
        >>> memory = Memory.of(rows, np.array([1]))
        >>> memory.places_of(np.array([[3.0, 4.0], [1.0, 2.0], [9.0, 9.0]]))[1].tolist()
        [0, -1, -1]
    """

    keys: np.ndarray
    places: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, references: np.ndarray) -> Self:
        """Remember rows `(n, D)`, given which of them are references, in their order."""
        of_rows = row_keys(rows)
        keys = np.unique(of_rows)
        places = np.full(len(keys), -1, np.int64)
        places[np.searchsorted(keys, of_rows[references])] = np.arange(len(references))
        return cls(keys, places)

    def places_of(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return which of some rows are known, `(n,)`, and their places among the references."""
        wanted = row_keys(rows)
        found = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        known = self.keys[found] == wanted
        return known, np.where(known, self.places[found], -1)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file holds."""
        return {"keys": self.keys, "places": self.places}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], *, n_references: int) -> Self:
        """Return what `to_arrays` described.

        Raises:
            KeyError: where an array is missing.
            ModelFileError: where the arrays do not fit each other.
        """
        keys, places = arrays["keys"], arrays["places"]
        if keys.dtype != np.uint64 or keys.ndim != 1 or not len(keys):
            raise ModelFileError("the keys of rows must be uint64 numbers")
        if (keys[1:] <= keys[:-1]).any():
            raise ModelFileError("the keys of rows must ascend")
        if places.dtype != np.int64 or places.shape != keys.shape:
            raise ModelFileError(f"the places of rows must be int64[{len(keys)}]")
        if places.min() < -1 or places.max() >= n_references:
            raise ModelFileError(f"the places of rows must be among {n_references}")
        return cls(keys, places)


def row_keys(rows: np.ndarray) -> np.ndarray:
    """Return a number `(n,)` for each row: of equal rows the same, as a rule of no others."""
    keys = np.zeros(len(rows), np.uint64)
    for column in rows.T:
        # Adding zero turns -0.0 into 0.0, so that equal values have equal bits.
        keys = (keys ^ (column + 0.0).view(np.uint64)) * MULTIPLIER
        keys ^= keys >> np.uint64(32)
    return keys
