"""How well a detector does on labelled rows."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fluvial.anomaly.blocks import interval, numbered_blocks
from fluvial.anomaly.cost_model import CostModel
from fluvial.anomaly.labels import anomalous, stretches
from fluvial.anomaly.ranking import Ranking
from fluvial.anomaly.times import checked_times
from fluvial.anomaly.windows import reach
from fluvial.errors import told


@dataclass(frozen=True)
class Detection:
    """A labelled stretch, and when it was detected.

    Attributes:
        start: the first anomalous row.
        stop: the row after its last.
        first_alarm: the first row with an alarm within the tolerance of the stretch; None where it
            was missed.
        delay: from its first row to that alarm, in rows or in the unit of the times; negative
            where the alarm came before, within the tolerance.
    """

    start: int
    stop: int
    first_alarm: int | None
    delay: float | None


@dataclass(frozen=True)
class Evaluation:
    """What a detector's scores and threshold are worth on labelled rows.

    Attributes:
        rows: how many.
        anomalies: how many of them are anomalous.
        auroc: how often an anomaly scores below a normal row.
        average_precision: the mean precision over the anomalies, the lowest score first.
        cost: by the cost model.
        false_alarm_cost: its part due to false alarms.
        miss_cost: its part due to misses.
        confusion: rows by label and alarm, without tolerance: "true_alarms", "false_alarms",
            "missed" and "quiet".
        detections: each labelled stretch.
        intervals: 95 % intervals of "auroc", "average_precision" and "cost" by a block bootstrap;
            None where there are too few rows.
    """

    rows: int
    anomalies: int
    auroc: float
    average_precision: float
    cost: float
    false_alarm_cost: float
    miss_cost: float
    confusion: dict[str, int]
    detections: list[Detection]
    intervals: dict[str, tuple[float, float] | None]

    def to_json(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return asdict(self)


def evaluate(
    scores: np.ndarray,
    y: Any,
    threshold: float,
    *,
    cost_model: CostModel | None = None,
    times: Any = None,
    seed: int = 0,
) -> Evaluation:
    """Judge scores and a threshold on labelled rows.

    Args:
        scores: `(n,)`, higher is more normal.
        y: `(n,)` labels, see `anomalous`.
        threshold: rows that score strictly below raise an alarm.
        cost_model: None costs 1 for each error, without tolerance.
        times: `(n,)`, not falling; None counts rows.
        seed: of the bootstrap.

    Raises:
        DataError: where labels are missing or of one class, or times go back.
        TypeError: where `cost_model` is none.

    Examples:
        >>> result = evaluate(np.array([0.0, -5, 0, 0, -6, 0]), [0, 1, 0, 0, 0, 0], -1.0)
        >>> result.auroc, result.cost, result.detections[0].delay
        (0.8, 1.0, 0.0)
    """
    model = CostModel() if cost_model is None else cost_model
    if not isinstance(model, CostModel):
        raise TypeError(f"cost_model must be a CostModel, not {told(cost_model)}")
    is_anomaly = anomalous(y, len(scores))
    when = checked_times(times, len(scores))
    alarm = scores < threshold
    terms, at = model.terms(scores, is_anomaly, times), np.array([threshold])
    ranking = Ranking(scores, is_anomaly)
    block = numbered_blocks(len(scores), tolerance=float(model.tolerance), times=times)
    of_blocks = terms.by_block(at, block)[:, 0]
    first = np.searchsorted(block, np.arange(len(of_blocks)))

    def cost(weights: np.ndarray) -> float:
        return float(weights[first] @ of_blocks)  # the rows of a block count equally often

    figures = {
        "auroc": ranking.auroc,
        "average_precision": ranking.average_precision,
        "cost": cost,
    }
    return Evaluation(
        rows=len(scores),
        anomalies=int(is_anomaly.sum()),
        auroc=ranking.auroc(),
        average_precision=ranking.average_precision(),
        cost=float(terms.costs(at)[0]),
        false_alarm_cost=float(terms.false_alarms(at)[0]),
        miss_cost=float(terms.missed(at)[0]),
        confusion={
            "true_alarms": int((alarm & is_anomaly).sum()),
            "false_alarms": int((alarm & ~is_anomaly).sum()),
            "missed": int((~alarm & is_anomaly).sum()),
            "quiet": int((~alarm & ~is_anomaly).sum()),
        },
        detections=detections(alarm, is_anomaly, when, float(model.tolerance)),
        intervals={name: interval(figure, block, seed=seed) for name, figure in figures.items()},
    )


def detections(
    alarm: np.ndarray, is_anomaly: np.ndarray, times: np.ndarray, tolerance: float
) -> list[Detection]:
    """Return when each labelled stretch was detected; see `Detection`."""
    rows, within = np.flatnonzero(alarm), reach(times, tolerance)
    found = []
    for start, stop in stretches(is_anomaly):
        place = np.searchsorted(times[rows], times[start] - within, side="left")
        first = int(rows[place]) if place < len(rows) else None
        if first is None or times[first] > times[stop - 1] + within:
            found.append(Detection(start, stop, None, None))
        else:
            found.append(Detection(start, stop, first, float(times[first] - times[start])))
    return found
