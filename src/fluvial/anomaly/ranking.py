"""How well scores rank, with weights: the area under the curve, and the average precision."""

import numpy as np


class Ranking:
    """Scores and labels, sorted once for many weightings of the rows.

    Args:
        scores: `(n,)`, higher is more normal.
        is_anomaly: `(n,)` of truth values.

    Examples:
        >>> ranking = Ranking(np.array([-3.0, -1.0, -2.0, 0.0]), np.array([1, 0, 0, 0]) == 1)
        >>> ranking.auroc(), ranking.average_precision()
        (1.0, 1.0)
    """

    def __init__(self, scores: np.ndarray, is_anomaly: np.ndarray):
        self.order = np.argsort(scores, kind="stable")
        self.is_anomaly = is_anomaly[self.order]
        in_order = scores[self.order]
        # The last place of each group of equal scores.
        self.ends = np.flatnonzero(np.append(in_order[1:] != in_order[:-1], True))

    def auroc(self, weights: np.ndarray | None = None) -> float:
        """Return how often an anomaly scores below a normal row, ties by half; NaN without both."""
        hits, alarms = self._counts(weights)
        normal = alarms - hits
        if hits[-1] == 0 or normal[-1] == 0:
            return float("nan")
        here, above = np.diff(hits, prepend=0), normal[-1] - normal
        tied = np.diff(normal, prepend=0)
        return float(np.sum(here * (above + tied / 2)) / (hits[-1] * normal[-1]))

    def average_precision(self, weights: np.ndarray | None = None) -> float:
        """Return the mean precision over the anomalies found; NaN without anomalies."""
        hits, alarms = self._counts(weights)
        if hits[-1] == 0:
            return float("nan")
        precision = hits / np.maximum(alarms, np.finfo(float).tiny)
        return float(np.sum(np.diff(hits, prepend=0) * precision) / hits[-1])

    def _counts(self, weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Return the weight of the anomalies, and of all rows, up to each distinct score."""
        w = np.ones(len(self.order)) if weights is None else weights[self.order].astype(float)
        return np.cumsum(w * self.is_anomaly)[self.ends], np.cumsum(w)[self.ends]
