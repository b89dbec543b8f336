"""Columns of numbers: centred at the median, divided by a robust scale, with logarithmic tails."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.tables.columns.centred import CentredColumns
from fluvial.tables.columns.resolution import Resolution
from fluvial.tables.columns.robust_scale import robust_centre_and_scale
from fluvial.tables.columns.tails import scale_rows, unscale_rows


@dataclass(frozen=True)
class NumericColumns(CentredColumns):
    """Robust standardisation, logarithmic beyond ten scales from the centre.

    Attributes:
        centre: `(D,)`, in the units of the table.
        scale: `(D,)`, positive, in the units of the table.

    Examples:
        >>> columns = NumericColumns.fit(np.array([[1.0], [2.0], [4.0]]))
        >>> columns.decode(columns.encode(np.array([[3.0]]))[0])
        array([[3.]])
    """

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

    def encode(self, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scale rows; see `ColumnGroup.encode` and `fluvial.tables.columns.tails`."""
        return scale_rows(matrix, self.centre, self.scale)

    def decode(self, encoded: np.ndarray) -> np.ndarray:
        """Map scaled rows back; see `ColumnGroup.decode`."""
        return unscale_rows(encoded, self.centre, self.scale)
