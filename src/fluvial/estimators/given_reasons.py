"""Why rows are flagged, each beside normal rows of much the same condition."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fluvial.anomaly.rankings import Ranking
from fluvial.anomaly.reasons import Explainer, Explanation
from fluvial.anomaly.reference import Reference
from fluvial.densities import TableDensity
from fluvial.estimators.given_rows import GivenRows

NEAREST, FEWEST = 0.25, 50
"""Share of the normal rows, those of the nearest conditions, that a row is compared with; at least
so many."""


@dataclass(frozen=True)
class Reasons:
    """What tells reasons.

    Attributes:
        ranking: what scores.
        density: for the columns, and those of the condition.
        normal: normal rows, with their conditions as further columns.
        threshold: rows that score below are flagged.
    """

    ranking: Ranking
    density: TableDensity
    normal: Reference
    threshold: float

    def of(self, given: GivenRows, places: Sequence[int], method: str) -> list[Explanation]:
        """Return the reasons of flagged rows at some places of a table.

        Raises:
            DataError: where normal rows are too few.
            ValueError: for an unknown method.
        """
        if given.condition is None:
            explainer = Explainer(
                self.ranking.score, self.normal.rows, self.threshold, self.density.schema.names
            )
            return explainer.explain(given.rows, places, method)
        found = []
        for row, condition, place in zip(given.rows, given.condition, places, strict=True):
            found += self._beside(condition).explain(row[None], [place], method)
        return found

    def _beside(self, condition: np.ndarray) -> Explainer:
        """Return what explains rows of one condition `(C,)`."""
        n_columns = self.density.schema.n_columns
        rows, conditions = np.split(self.normal.rows, [n_columns], axis=1)
        near = self._nearest(conditions, condition)
        return Explainer(
            lambda matrix: self.ranking.score(matrix, condition[None]),
            rows[near],
            self.threshold,
            self.density.schema.names,
            usual=float(np.median(self.normal.scores[near])) if len(near) else None,
        )

    def _nearest(self, conditions: np.ndarray, condition: np.ndarray) -> np.ndarray:
        columns = self.density.condition
        if columns is None or not len(conditions):
            return np.arange(len(conditions))
        scaled = columns.encode(np.vstack([condition, conditions]), dtype=np.float64)
        distances = np.linalg.norm(scaled[1:] - scaled[0], axis=1)
        n = max(int(NEAREST * len(conditions)), FEWEST)
        return np.sort(np.argsort(distances, kind="stable")[:n])
