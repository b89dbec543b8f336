"""How rare the values of a row are in the columns that hold few of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.anomaly.relative.categories import Categories
from fluvial.errors import ModelFileError
from fluvial.tables.stored import column_numbers

MOST_VALUES, MOST_SHARE = 200, 0.2
"""A column counts where it holds no more values than these, and no more than this share of rows."""

PRIOR = 0.5
"""Rows that each value, and one that was never seen, has in addition."""


@dataclass(frozen=True)
class Frequencies:
    """Minus the log frequencies of the values of some columns, summed.

    Attributes:
        places: `(K,)`, the columns with few values.
        categories: of these.
        counts: for each, how many rows hold each value; 0 for others.
        n_rows: that were counted.

    Examples:
        >>> rows = np.repeat([[0.0], [1.0]], [98, 2], axis=0)
        >>> new = np.array([[0.0], [1.0], [2.0]])
        >>> Frequencies.fit(rows).strangeness(new, np.zeros(3, bool)).round(1).tolist()
        [0.0, 3.7, 5.3]
    """

    places: np.ndarray
    categories: Categories
    counts: tuple[np.ndarray, ...]
    n_rows: int

    @classmethod
    def fit(cls, rows: np.ndarray) -> Self | None:
        """Count the values of rows `(n, D)`; None where all columns hold many."""
        most = min(MOST_VALUES, int(MOST_SHARE * len(rows)))
        places = np.array([j for j, c in enumerate(rows.T) if len(np.unique(c)) <= most], np.int64)
        if not len(places):
            return None
        categories = Categories.fit(rows[:, places], most=most)
        codes, sizes = categories.codes(rows[:, places]), categories.sizes
        counts = [
            np.bincount(code, minlength=size).astype(float)
            for code, size in zip(codes.T, sizes, strict=True)
        ]
        return cls(places, categories, tuple(counts), len(rows))

    def strangeness(self, rows: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Return the sum `(n,)` of minus the log frequencies of the values of rows `(n, D)`.

        Args:
            rows: in the units of the columns.
            known: `(n,)` of bool, which of them were counted: each is judged by the others alone.
        """
        codes, own = self.categories.codes(rows[:, self.places]), known.astype(float)
        total = np.zeros(len(rows))
        for code, counts in zip(codes.T, self.counts, strict=True):
            all_rows = self.n_rows - own + PRIOR * len(counts)
            total -= np.log((counts[code] - own + PRIOR) / all_rows)
        return total

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file holds."""
        return {
            **self.categories.to_arrays(),
            "places": self.places,
            "counts": np.concatenate(self.counts),
            "n_rows": np.array([self.n_rows], np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], *, n_columns: int) -> Self | None:
        """Return what `to_arrays` described, or None where there is nothing.

        Raises:
            KeyError: where an array is missing.
            ModelFileError: where the arrays do not fit each other.
        """
        if not arrays:
            return None
        places = checked_places(arrays["places"], n_columns)
        categories = Categories.from_arrays(arrays, n_columns=len(places))
        sizes, n_rows = categories.sizes, arrays["n_rows"]
        counts = column_numbers(arrays, "counts", n_columns=int(sizes.sum()))
        if n_rows.shape != (1,) or n_rows.dtype != np.int64 or n_rows[0] < 1 or (counts < 0).any():
            raise ModelFileError("frequencies need counts of one row at least")
        parts = np.split(counts, np.cumsum(sizes)[:-1])
        return cls(places, categories, tuple(parts), int(n_rows[0]))


def checked_places(places: np.ndarray, n_columns: int) -> np.ndarray:
    """Return the places of some columns.

    Raises:
        ModelFileError: where they are none of these.
    """
    if places.ndim != 1 or places.dtype != np.int64 or not len(places):
        raise ModelFileError("the places of columns must be int64 numbers")
    if places.min() < 0 or places.max() >= n_columns:
        raise ModelFileError(f"the places of columns must be among {n_columns}")
    return places
