"""Columns that add nothing to a density: constants, and exact copies of earlier columns."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.tables.columns.resolution import departs, is_constant

PENALTY = 1e6
"""Nats that a row loses for each left-out column that departs."""

CONSTANT = -1


@dataclass(frozen=True)
class LeftOut:
    """Which columns of a table are left out, and how to restore them.

    Attributes:
        source: `(D,)` int64: for each column the kept column it equals, itself where it is kept,
            -1 where it is constant.
        values: `(D,)` float64: the value of each constant column, zero elsewhere.
    """

    source: np.ndarray
    values: np.ndarray

    @classmethod
    def find(cls, matrix: np.ndarray) -> Self:
        """Find the constant columns and the exact copies of `(n, D)` rows, n at least 1."""
        constant = is_constant(matrix.min(axis=0), matrix.max(axis=0))
        source = np.full(matrix.shape[1], CONSTANT, np.int64)
        first: dict[bytes, int] = {}
        for j in np.flatnonzero(~constant):
            # Adding zero turns -0.0 into 0.0, so that equal values have equal bytes.
            source[j] = first.setdefault((matrix[:, j] + 0.0).tobytes(), int(j))
        return cls(source, np.where(constant, matrix[0], 0.0))

    @property
    def kept(self) -> np.ndarray:
        """The places of the kept columns, in order."""
        return np.flatnonzero(self.source == np.arange(len(self.source)))

    @property
    def constant(self) -> np.ndarray:
        """The places of the constant columns."""
        return np.flatnonzero(self.source == CONSTANT)

    @property
    def copies(self) -> np.ndarray:
        """The places of the copies."""
        return np.flatnonzero(
            (self.source != CONSTANT) & (self.source < np.arange(len(self.source)))
        )

    def penalty(self, matrix: np.ndarray) -> np.ndarray:
        """Return what each row `(n, D)` loses, `(n,)`: -1e6 nats a departing column."""
        constant, copies = self.constant, self.copies
        n_departing = departs(matrix[:, constant], self.values[constant]).sum(axis=1)
        n_departing += departs(matrix[:, copies], matrix[:, self.source[copies]]).sum(axis=1)
        return 0.0 - PENALTY * n_departing

    def restore(self, kept: np.ndarray) -> np.ndarray:
        """Put constants and copies back beside the kept columns `(n, n_kept)`: `(n, D)`."""
        whole = np.empty((len(kept), len(self.source)))
        whole[:, self.kept] = kept
        whole[:, self.constant] = self.values[self.constant]
        whole[:, self.copies] = whole[:, self.source[self.copies]]
        return whole
