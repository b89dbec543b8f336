"""Columns of numbers: centred at the median, divided by a robust scale, with logarithmic tails."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.errors import ModelFileError
from fluvial.tables.columns.contract import ColumnGroup
from fluvial.tables.columns.resolution import Resolution
from fluvial.tables.columns.robust_scale import robust_centre_and_scale
from fluvial.tables.columns.tails import scale_rows, unscale_rows
from fluvial.tables.stored import column_numbers


@dataclass(frozen=True)
class NumericColumns(ColumnGroup):
    """Robust standardisation, logarithmic beyond ten scales from the centre.

    Attributes:
        centre: `(D,)`, in the units of the table.
        scale: `(D,)`, positive, in the units of the table.

    Examples:
        >>> columns = NumericColumns.fit(np.array([[1.0], [2.0], [4.0]]))
        >>> columns.decode(columns.encode(np.array([[3.0]]))[0])
        array([[3.]])
    """

    centre: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(
        cls,
        matrix: np.ndarray,
        *,
        resolution: Resolution | None = None,
        training: np.ndarray | None = None,
    ) -> Self:
        """Learn centres and scales; see `ColumnGroup.fit`.

        A column that varies in the other rows alone takes its scale from all of them.
        """
        resolution = Resolution.of(matrix) if resolution is None else resolution
        noise, step = resolution.noise, resolution.step
        seen = matrix if training is None else matrix[training]
        centre, scale = robust_centre_and_scale(seen, noise=noise, step=step)
        still = scale == 0
        if still.any():
            found = robust_centre_and_scale(matrix[:, still], noise=noise[still], step=step[still])
            scale[still] = found[1]
        return cls(centre, scale)

    @property
    def n_columns(self) -> int:
        """The number of columns."""
        return len(self.centre)

    @property
    def n_encoded(self) -> int:
        """The number of columns that a flow sees: as many."""
        return len(self.centre)

    def encode(self, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scale rows; see `ColumnGroup.encode` and `fluvial.tables.columns.tails`."""
        return scale_rows(matrix, self.centre, self.scale)

    def decode(self, encoded: np.ndarray) -> np.ndarray:
        """Map scaled rows back; see `ColumnGroup.decode`."""
        return unscale_rows(encoded, self.centre, self.scale)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return centres and scales."""
        return {"centre": self.centre, "scale": self.scale}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Return the columns that `to_arrays` described.

        Raises:
            ModelFileError: where a centre is not finite, or a scale not positive and finite.
        """
        centre = column_numbers(arrays, "centre")
        scale = column_numbers(arrays, "scale", n_columns=len(centre))
        if not (scale > 0).all():
            raise ModelFileError(f"scales must be positive, but one is {scale.min()}")
        return cls(centre, scale)
