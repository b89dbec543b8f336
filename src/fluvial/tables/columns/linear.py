"""Columns of numbers under a line: standardised by mean and standard deviation, or as they are."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.tables.columns.centred import CentredColumns
from fluvial.tables.columns.limits import LARGEST, SMALLEST
from fluvial.tables.columns.resolution import Resolution, is_constant

FURTHEST = 1e30
"""Encoded values end here: beyond, a network would overflow for sure, and rows keep their order no
more."""


@dataclass(frozen=True)
class LinearColumns(CentredColumns):
    """`u = (x - centre) / scale`, nothing compressed.

    Attributes:
        centre: `(D,)`, in the units of the table.
        scale: `(D,)`, positive, in the units of the table.

    Examples:
        >>> columns = LinearColumns.fit(np.array([[1.0], [2.0], [3.0]]))
        >>> columns.encode(np.array([[1002.0]]))
        (array([[1000.]]), array([0.]))
    """

    _stored_as = "linear_"

    @classmethod
    def fit(
        cls,
        matrix: np.ndarray,
        *,
        resolution: Resolution | None = None,
        training: np.ndarray | None = None,
    ) -> Self:
        """Learn means and standard deviations, of n - 1; see `ColumnGroup.fit`.

        A column that varies in the other rows alone takes its scale from all of them.
        """
        noise = (Resolution.of(matrix) if resolution is None else resolution).noise
        seen = matrix if training is None else matrix[training]
        found = [_mean_and_deviation(column) for column in seen.T]
        for j in np.flatnonzero(is_constant(seen.min(axis=0), seen.max(axis=0), noise)):
            found[j] = found[j][0], _mean_and_deviation(matrix[:, j])[1]
        centre, scale = np.array(found).T
        return cls(centre.copy(), np.clip(scale, SMALLEST, LARGEST))

    @classmethod
    def unscaled(cls, n_columns: int) -> Self:
        """Return the map that leaves columns as they are."""
        return cls(np.zeros(n_columns), np.ones(n_columns))

    def encode(self, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scale rows; see `ColumnGroup.encode`. What would be beyond 1e30 ends there."""
        with np.errstate(over="ignore", under="ignore"):
            offset = matrix - self.centre
            encoded = offset / self.scale
            beyond = ~np.isfinite(offset)
            if beyond.any():
                halves = (matrix / 2 - self.centre / 2) / self.scale * 2
                encoded = np.where(beyond, halves, encoded)
        log_det = np.full(len(matrix), 0.0 - np.log(self.scale).sum())
        return np.clip(encoded, -FURTHEST, FURTHEST), log_det

    def decode(self, encoded: np.ndarray) -> np.ndarray:
        """Map scaled rows back; see `ColumnGroup.decode`."""
        with np.errstate(over="ignore", under="ignore"):
            rows = np.asarray(encoded, np.float64) * self.scale + self.centre
        return np.clip(rows, -LARGEST, LARGEST)


def _mean_and_deviation(values: np.ndarray) -> tuple[float, float]:
    """Return the mean and the standard deviation of n - 1, of finite values (n,)."""
    # Of magnitude one at most, so that no sum or square overflows.
    exponent = np.frexp(np.abs(values).max())[1]
    with np.errstate(over="ignore", under="ignore"):
        small = np.ldexp(values, -exponent)
        mean = small.mean()
        deviation = np.sqrt(np.square(small - mean).sum() / max(len(values) - 1, 1))
        return float(np.ldexp(mean, exponent)), float(np.ldexp(deviation, exponent))
