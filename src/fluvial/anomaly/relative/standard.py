"""Rows as distances see them by the shapes of their columns: standardised, with log tails."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.errors import ModelFileError
from fluvial.tables.columns.tails import scale_rows
from fluvial.tables.stored import column_numbers


@dataclass(frozen=True)
class StandardView:
    """Columns standardised by mean and standard deviation; beyond ten of these logarithmic.

    Attributes:
        centre: `(D,)`, the means.
        scale: `(D,)`, the standard deviations, positive.

    Examples:
        >>> view = StandardView.fit(np.array([[1.0], [3.0]]))
        >>> view.images(np.array([[2.0], [3.0]])).tolist()
        [[0.0], [1.0]]
    """

    centre: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, rows: np.ndarray) -> Self:
        """Learn means and deviations of rows `(n, D)`, finite, of any magnitude."""
        magnitude = np.maximum(np.abs(rows).max(axis=0), np.finfo(float).tiny)
        parts = rows / magnitude
        deviation = np.maximum(parts.std(axis=0), np.finfo(float).eps)
        scale = np.maximum(magnitude * deviation, np.finfo(float).tiny)
        return cls(magnitude * parts.mean(axis=0), scale)

    def images(self, rows: np.ndarray) -> np.ndarray:
        """Return the images `(n, D)` of rows."""
        return scale_rows(rows, self.centre, self.scale)[0]

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file holds."""
        return {"centre": self.centre, "scale": self.scale}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], *, n_columns: int) -> Self:
        """Return what `to_arrays` described.

        Raises:
            KeyError: where an array is missing.
            ModelFileError: where one is of another shape, or a scale is not positive.
        """
        centre = column_numbers(arrays, "centre", n_columns=n_columns)
        scale = column_numbers(arrays, "scale", n_columns=n_columns)
        if not (scale > 0).all():
            raise ModelFileError("the scales of a view must be positive")
        return cls(centre, scale)
