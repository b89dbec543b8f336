"""What errors cost: false alarms and misses of anomalies, with a tolerance in time."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fluvial.anomaly.labels import stretches
from fluvial.anomaly.times import checked_times
from fluvial.anomaly.windows import earlier_minima, near, window_minima
from fluvial.densities.ranges import real
from fluvial.errors import DataError, told

COUNTS = ("rows", "stretches")


@dataclass(frozen=True)
class CostModel:
    """The cost of a threshold on labelled rows.

    A row raises an alarm where its score lies strictly below the threshold. With `count="rows"`:

    * an alarm that is farther than `tolerance` from every anomalous row is a false alarm;
    * an anomalous row without any alarm within `tolerance`, before or after it, is a miss.

    With `count="stretches"`, false alarms no farther than `tolerance` (or one row) from the one
    before count once together, and so do the rows of a labelled stretch, which is missed where
    none of its rows has an alarm within `tolerance`.

    Args:
        false_alarm: cost of a false alarm, at least 0; or one `(n,)` for each row.
        miss: cost of a miss, at least 0; or one `(n,)` for each row; of a stretch, that of its
            first row counts.
        tolerance: in rows, or in the unit of the times where rows have any; at least 0.
        prevalence: share of anomalies where the detector will be used, in (0, 1): costs are
            weighted as if the labelled rows had that share. None: the share that they have.
        count: "rows" or "stretches".

    Examples:
        >>> scores, is_anomaly = np.array([-9.0, 0, 0, 0, -9]), np.array([0, 0, 1, 0, 0]) == 1
        >>> CostModel(miss=5).cost(scores, is_anomaly, -1.0)  # two false alarms, one miss
        7.0
        >>> CostModel(miss=5, tolerance=2).cost(scores, is_anomaly, -1.0)
        0.0
    """

    false_alarm: Any = 1.0
    miss: Any = 1.0
    tolerance: float = 0.0
    prevalence: float | None = None
    count: str = "rows"

    def __post_init__(self):
        for name in ("false_alarm", "miss"):
            costs = np.asarray(getattr(self, name))
            is_cost = costs.dtype.kind in "iuf" and np.isfinite(costs).all() and (costs >= 0).all()
            if not is_cost or costs.ndim > 1:
                given = told(getattr(self, name))
                raise ValueError(f"{name} must be at least 0, one number or one a row, not {given}")
        real("tolerance", self.tolerance, 0, np.inf, "[)")
        if self.prevalence is not None:
            real("prevalence", self.prevalence, 0, 1, "()")
        if self.count not in COUNTS:
            raise ValueError(f"count must be one of {COUNTS}, but is {told(self.count)}")

    def cost(
        self, scores: np.ndarray, is_anomaly: np.ndarray, threshold: float, times: Any = None
    ) -> float:
        """Return the cost of one threshold.

        Args:
            scores: `(n,)`, higher is more normal.
            is_anomaly: `(n,)` of truth values.
            threshold: rows below raise an alarm.
            times: `(n,)`, not falling; None counts rows.
        """
        return float(self.terms(scores, is_anomaly, times).costs(np.array([threshold]))[0])

    def terms(self, scores: np.ndarray, is_anomaly: np.ndarray, times: Any = None) -> "CostTerms":
        """Return what the cost of every threshold is a sum of; arguments as in `cost`."""
        n = len(scores)
        when = checked_times(times, n)
        tolerance = float(self.tolerance)
        weights = self._weights(is_anomaly)
        of_alarms = _a_row("false_alarm", self.false_alarm, n) * weights
        of_misses = _a_row("miss", self.miss, n) * weights
        far = np.flatnonzero(~near(when, when[is_anomaly], tolerance))
        lowest = window_minima(scores, when, tolerance)
        if self.count == "rows":
            missed = np.flatnonzero(is_anomaly)
            return CostTerms.of(
                _Side(far, scores[far], of_alarms[far]),
                _Side(missed, lowest[missed], of_misses[missed]),
            )
        apart = tolerance if tolerance > 0 or times is not None else 1.0
        before = np.maximum(scores[far], earlier_minima(scores[far], when[far], apart))
        found = stretches(is_anomaly)
        starts = np.array([each.start for each in found], np.int64)
        levels = np.array([lowest[each.start : each.stop].min() for each in found])
        # A run of alarms begins at a row below the threshold with none below it shortly before.
        begun = _Side(
            np.concatenate([far, far]),
            np.concatenate([scores[far], before]),
            np.concatenate([of_alarms[far], -of_alarms[far]]),
        )
        return CostTerms.of(begun, _Side(starts, levels, of_misses[starts]))

    def _weights(self, is_anomaly: np.ndarray) -> np.ndarray:
        """Return by how much each row `(n,)` counts, so that anomalies have the prevalence."""
        share = is_anomaly.mean()
        if self.prevalence is None or not 0 < share < 1:
            return np.ones(len(is_anomaly))
        ratio = self.prevalence / share, (1 - self.prevalence) / (1 - share)
        return np.where(is_anomaly, *ratio)


@dataclass(frozen=True)
class _Side:
    """Amounts (m,) that are due, at rows (m,), once the threshold passes levels (m,)."""

    rows: np.ndarray
    levels: np.ndarray
    amounts: np.ndarray

    def due(self, thresholds: np.ndarray) -> np.ndarray:
        """Return the sum of the amounts of all levels below each threshold, at least 0."""
        order = np.argsort(self.levels, kind="stable")
        # Amounts that end with others of a stretch are negative, and leave a rounding error.
        sums = np.maximum(np.concatenate([[0.0], np.cumsum(self.amounts[order])]), 0.0)
        return sums[np.searchsorted(self.levels[order], thresholds, side="left")]

    def not_due(self, thresholds: np.ndarray) -> np.ndarray:
        """Return the sum of the amounts, none negative, of all other levels."""
        order = np.argsort(self.levels, kind="stable")
        sums = np.concatenate([np.cumsum(self.amounts[order][::-1])[::-1], [0.0]])
        return sums[np.searchsorted(self.levels[order], thresholds, side="left")]

    def take(self, chosen: np.ndarray) -> "_Side":
        return _Side(self.rows[chosen], self.levels[chosen], self.amounts[chosen])


@dataclass(frozen=True)
class CostTerms:
    """The cost as a function of the threshold: steps at levels of the scores.

    Attributes:
        alarms: false alarms, which cost where their level lies below the threshold.
        misses: anomalies, which cost unless their level lies below the threshold.
    """

    alarms: _Side
    misses: _Side

    @classmethod
    def of(cls, alarms: _Side, misses: _Side) -> "CostTerms":
        """Return the terms of both sides."""
        return cls(alarms, misses)

    def costs(self, thresholds: np.ndarray) -> np.ndarray:
        """Return the cost `(m,)` of each threshold `(m,)`."""
        return self.false_alarms(thresholds) + self.missed(thresholds)

    def false_alarms(self, thresholds: np.ndarray) -> np.ndarray:
        """Return what the false alarms of each threshold cost, `(m,)`."""
        return self.alarms.due(thresholds)

    def missed(self, thresholds: np.ndarray) -> np.ndarray:
        """Return what the misses of each threshold cost, `(m,)`."""
        return self.misses.not_due(thresholds)

    def by_block(self, thresholds: np.ndarray, block: np.ndarray) -> np.ndarray:
        """Return the costs `(n_blocks, m)` of the rows of each block, numbered by `block` (n,)."""
        n_blocks = int(block[-1]) + 1
        parts = np.empty((n_blocks, len(thresholds)))
        of_alarms, of_misses = block[self.alarms.rows], block[self.misses.rows]
        for k in range(n_blocks):
            part = CostTerms(
                self.alarms.take(of_alarms == k),
                self.misses.take(of_misses == k),
            )
            parts[k] = part.costs(thresholds)
        return parts


def _a_row(name: str, costs: Any, n: int) -> np.ndarray:
    given = np.asarray(costs, np.float64)
    if given.ndim and given.shape != (n,):
        raise DataError(f"{n} rows need one {name} or {n}, not {given.shape}")
    return np.broadcast_to(given, (n,))
