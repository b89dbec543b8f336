"""Normal rows that a model was not fitted to, kept to tell later whether rows have moved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.errors import ModelFileError

MOST_ROWS = 2_000
"""Rows that are kept."""

MOST_VALUES = 500_000
"""Values that are kept; with many columns fewer rows."""


@dataclass(frozen=True)
class Reference:
    """Rows and their scores.

    Attributes:
        rows: `(m, D)`, in the units of the columns; with a condition, its columns are the last.
        scores: `(m,)`, under what was not fitted to them.
    """

    rows: np.ndarray
    scores: np.ndarray

    @classmethod
    def some_of(cls, rows: np.ndarray, scores: np.ndarray) -> Self:
        """Return a reference of some of the rows `(n, D)` with scores `(n,)`, drawn at random."""
        most = min(MOST_ROWS, max(MOST_VALUES // rows.shape[1], 1))
        if len(rows) <= most:
            return cls(rows, scores)
        drawn = np.sort(np.random.default_rng(0).choice(len(rows), most, replace=False))
        return cls(rows[drawn], scores[drawn])

    def from_score(self, threshold: float) -> Self:
        """Return those rows that score at least `threshold`."""
        kept = self.scores >= threshold
        return type(self)(self.rows[kept], self.scores[kept])

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file holds."""
        return {"rows": np.ascontiguousarray(self.rows), "scores": self.scores}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], *, n_columns: int) -> Self | None:
        """Return what `to_arrays` described; None where a file of an earlier version lacks it.

        Raises:
            ModelFileError: where the arrays do not fit or are not finite.
        """
        if not arrays:
            return None
        rows, scores = arrays["rows"], arrays["scores"]
        for array, shape in ((rows, (len(scores), n_columns)), (scores, (len(scores),))):
            if array.dtype != np.float64 or array.shape != shape or not np.isfinite(array).all():
                raise ModelFileError(
                    f"reference rows must be finite, float64{list(shape)}, but are "
                    f"{array.dtype}{list(array.shape)}"
                )
        return cls(rows, scores)
