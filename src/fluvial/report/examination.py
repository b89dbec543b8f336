"""All that a detector tells of a table: what the page shows and the JSON holds."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fluvial.anomaly import (
    Calibration,
    CostModel,
    Drift,
    Evaluation,
    Explanation,
    evaluate,
    find_drift,
)
from fluvial.anomaly.labels import Stretch, anomalous, stretches
from fluvial.anomaly.times import checked_times, times_of
from fluvial.errors import DataError
from fluvial.estimators import FlowAnomalyDetector
from fluvial.report.card import ModelCard
from fluvial.report.ranges import ColumnRange, column_ranges
from fluvial.report.verdict import verdict

MOST_EXPLAINED = 12
"""Alarms that are explained: the strangest row of as many stretches of them."""

MOST_PAIRS = 3
"""Pairs of columns that are drawn."""


@dataclass(frozen=True)
class Alarm:
    """Rows that are flagged one after the other, and why the strangest of them is.

    Attributes:
        start: the first of them.
        stop: the row after the last.
        explanation: of the strangest, whose place it tells.
    """

    start: int
    stop: int
    explanation: Explanation


@dataclass(frozen=True, repr=False)
class Report:
    """What a detector tells of a table. Rows count from 0 in the rows given.

    Attributes:
        card: what the model is.
        table: what the table is called.
        first_row: the place of the first row in the table; pages and JSON count from there.
        names: of the D columns.
        rows: (n, D).
        scores: (n,), higher is more normal.
        threshold: rows of a lower score are flagged.
        normal: scores (m,) of normal rows that the model was calibrated with; empty where they are
            too few.
        expected_share: of normal rows that is flagged at most, on average, as conformal p-values
            promise it for rows exchangeable with these; None where unknown.
        training: training rows (k, D) that the model keeps; None where it keeps none.
        p_values: (n,); None where the model has too few rows to tell them.
        times: (n,) numbers or dates; None where rows have none.
        is_anomaly: (n,) by the labels; None without.
        cost_model: what errors cost.
        evaluation: by the labels; None without.
        quiet_cost: what no alarm at all would cost; None without labels.
        drift: None where the model has too few rows to tell.
        ranges: of each column.
        alarms: stretches of flagged rows, the strangest first.
        n_alarms: how many stretches there are in all.
    """

    card: ModelCard
    table: str
    first_row: int
    names: tuple[str, ...]
    rows: np.ndarray
    scores: np.ndarray
    threshold: float
    normal: np.ndarray
    expected_share: float | None
    training: np.ndarray | None
    p_values: np.ndarray | None
    times: np.ndarray | None
    is_anomaly: np.ndarray | None
    cost_model: CostModel
    evaluation: Evaluation | None
    quiet_cost: float | None
    drift: Drift | None
    ranges: list[ColumnRange]
    alarms: list[Alarm]
    n_alarms: int

    @property
    def flagged(self) -> np.ndarray:
        """Which rows are flagged, (n,)."""
        return self.scores < self.threshold

    @property
    def verdict(self) -> list[str]:
        """The findings, in sentences."""
        drift = None if self.drift is None else self.drift.from_row(self.first_row)
        return verdict(
            len(self.scores),
            int(self.flagged.sum()),
            expected_share=self.expected_share,
            drift=drift,
            evaluation=self.evaluation,
            quiet_cost=self.quiet_cost,
            ranges=self.ranges,
            window=self.card.window,
        )

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """The columns that alarms have most often as their two first reasons, by pairs."""
        counts: dict[tuple[int, int], int] = {}
        places = {name: place for place, name in enumerate(self.names)}
        for alarm in self.alarms:
            found = [places[each.column] for each in alarm.explanation.reasons[:2] if each.part > 0]
            if len(found) == 1 and len(places) > 1:
                found.append(next(place for place in places.values() if place != found[0]))
            if len(found) == 2:
                pair = (min(found), max(found))
                counts[pair] = counts.get(pair, 0) + 1
        return sorted(counts, key=lambda pair: -counts[pair])[:MOST_PAIRS]

    def when(self, row: int) -> str | None:
        """Return the time of a row in words; None where rows have none."""
        if self.times is None:
            return None
        time = self.times[row]
        if self.times.dtype.kind != "M":
            return f"{time:.10g}"
        return str(time.astype("datetime64[s]")).replace("T", " ")


def examine(
    detector: FlowAnomalyDetector,
    X: Any,
    y: Any = None,
    *,
    times: Any = None,
    cost_model: CostModel | None = None,
    card: ModelCard | None = None,
    table: str = "the table",
    first_row: int = 0,
) -> Report:
    """Let a detector tell all that it can of a table.

    Args:
        detector: a fitted one.
        X: (n, D) array or table, in the order of time where it has one, n at least 1.
        y: (n,) labels: 0 for normal rows and others for anomalies, or 1 and -1; None without.
        times: (n,) numbers, dates or timedeltas, not falling; None counts rows.
        cost_model: what errors cost; None: 1 each, without tolerance.
        card: what the model is; None tells it of the detector.
        table: what to call the table.
        first_row: the place of its first row in what it was taken from.

    Raises:
        DataError: where labels are missing or of one class, or times go back, for a model with a
            condition, and as `score_samples` does.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(200, 2))
        >>> detector = fluvial.FlowAnomalyDetector(random_state=0).fit(rows)
        >>> report = examine(detector, np.concatenate([rows[:30], [[9.0, -9.0]]]))
        >>> report.alarms[0].explanation.row
        30
    """
    if detector.density_.condition_ is not None:
        raise DataError(
            "the model has a condition, and a report shows rows by themselves; score, explain and "
            "evaluate take conditions"
        )
    matrix = detector.density_.schema_.align(X, owner=type(detector).__name__)
    scores, threshold = detector.score_samples(X), float(detector.offset_)
    checked_times(times, len(scores))
    costs = CostModel() if cost_model is None else cost_model
    calibration, reference = _calibration(detector), detector.reference_
    is_anomaly = evaluation = quiet = None
    if y is not None:
        is_anomaly = anomalous(y, len(scores))
        evaluation = evaluate(scores, y, threshold, cost_model=costs, times=times)
        terms = costs.terms(scores, is_anomaly, times)
        quiet = float(terms.costs(np.array([-np.inf]))[0])
    runs = stretches(scores < threshold)
    training = None if reference is None else reference.rows
    return Report(
        card=ModelCard.of(detector) if card is None else card,
        table=table,
        first_row=first_row,
        names=tuple(detector.density_.schema_.names),
        rows=matrix,
        scores=scores,
        threshold=threshold,
        normal=np.zeros(0) if calibration is None else calibration.scores,
        expected_share=None if calibration is None else _share_below(calibration, threshold),
        training=training,
        p_values=None if calibration is None else calibration.p_values(scores),
        times=None if times is None else times_of(times),
        is_anomaly=is_anomaly,
        cost_model=costs,
        evaluation=evaluation,
        quiet_cost=quiet,
        drift=_drift_of(detector, matrix, scores),
        ranges=column_ranges(detector.density_.schema_.names, matrix, training),
        alarms=_alarms(detector, matrix, scores, runs),
        n_alarms=len(runs),
    )


def _calibration(detector: FlowAnomalyDetector) -> Calibration | None:
    """Return the calibration of a detector; None where it has too few rows."""
    try:
        return detector.calibrated()
    except DataError:
        return None


def _share_below(calibration: Calibration, threshold: float) -> float:
    """Return the p-value of a row just below the threshold."""
    return float(calibration.p_values(np.array([np.nextafter(threshold, -np.inf)]))[0])


def _drift_of(
    detector: FlowAnomalyDetector, matrix: np.ndarray, scores: np.ndarray
) -> Drift | None:
    """Return what `detector.drift` would; None where it has too few rows to compare with."""
    known, names = detector.reference_, detector.density_.schema_.names
    if known is None:
        return None
    try:
        return find_drift(known.rows, known.scores, matrix, scores, detector.offset_, names)
    except DataError:
        return None


def _alarms(
    detector: FlowAnomalyDetector, matrix: np.ndarray, scores: np.ndarray, runs: list[Stretch]
) -> list[Alarm]:
    """Return the stretches of flagged rows whose strangest rows are strangest."""
    found = [(start + int(np.argmin(scores[start:stop])), start, stop) for start, stop in runs]
    found = sorted(found, key=lambda each: scores[each[0]])[:MOST_EXPLAINED]
    if not found:
        return []
    some = matrix[[row for row, *_ in found]]
    schema = detector.density_.schema_
    named = dict(zip(schema.names, some.T, strict=True))
    try:
        explained = detector.explain(named if schema.named else some)
    except DataError:  # a model with too few rows to compare with
        return []
    return [
        Alarm(start, stop, replace(each, row=row))
        for (row, start, stop), each in zip(found, explained, strict=True)
    ]
