"""The ways to set a threshold after the fit, and the record of how it was set."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np

from fluvial.anomaly.choosing import choose_by_cost
from fluvial.anomaly.cost_model import CostModel
from fluvial.anomaly.labels import anomalous
from fluvial.anomaly.tail import tail_threshold
from fluvial.anomaly.threshold import (
    HELD_OUT_QUANTILE,
    are_enough,
    between_distinct,
    check_contamination,
)
from fluvial.artifacts import Entries
from fluvial.artifacts.entries import is_real
from fluvial.densities.ranges import real
from fluvial.errors import DataError, ModelFileError, told

HELD_OUT = "rows that the fit left out"
GIVEN = "rows given to set_threshold"

UNIT, OF_ROWS, OF_TIMES = "tolerance_unit", "rows", "times"
"""The entry of a threshold's details that tells what its tolerance counts, and what that may be."""


@dataclass(frozen=True)
class Threshold:
    """A threshold and where it came from.

    Attributes:
        value: rows that score strictly below are flagged.
        method: how it was chosen.
        source: the rows that chose it, in words.
        n_rows: how many were given, anomalies that the method leaves out among them.
        details: numbers and words that belong to the method.
    """

    value: float
    method: str
    source: str
    n_rows: int
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, entries: Entries) -> Self:
        """Return what `to_json` described.

        Raises:
            KeyError: where an entry is missing.
            ModelFileError: where one is of another kind.
        """
        return cls(
            entries.real("value"),
            entries.text("method"),
            entries.text("source"),
            entries.whole("n_rows", 0),
            _checked(entries.below("details").values),
        )


def _checked(details: dict[str, Any]) -> dict[str, Any]:
    for name, value in details.items():
        if not (value is None or isinstance(value, str) or is_real(value)):
            raise ModelFileError(f"the threshold's {name!r} cannot be {told(value)}")
    return details


@dataclass(frozen=True)
class Judges:
    """The rows that choose a threshold.

    Attributes:
        scores: `(n,)`, in the order of the rows.
        y: their labels, or None.
        source: where they come from, in words.
    """

    scores: np.ndarray
    y: Any
    source: str

    def normal(self) -> np.ndarray:
        """Return the scores of the rows that are not labelled as anomalies.

        Raises:
            DataError: where there are none.
        """
        is_normal = np.ones(len(self.scores), bool)
        if self.y is not None:
            is_normal = ~anomalous(self.y, len(self.scores), both=False)
        if not is_normal.any():
            raise DataError(f"there are no normal rows among the {len(is_normal)} {self.source}")
        return self.scores[is_normal]


def chosen_at_fit(
    value: float,
    held_out: np.ndarray,
    held_out_weight: np.ndarray | None,
    contamination: float | None,
    n_rows: int,
) -> Threshold:
    """Return the record of a threshold that `choose_threshold` chose of n rows."""
    if contamination is not None:
        share = {"contamination": float(contamination)}
        return Threshold(value, "contamination", "rows given to fit", n_rows, share)
    level = {"quantile": HELD_OUT_QUANTILE}
    if are_enough(held_out, held_out_weight):
        return Threshold(value, "quantile", HELD_OUT, len(held_out), level)
    return Threshold(value, "quantile", "rows given to fit", n_rows, level)


def set_by(method: str, judges: Judges, options: dict[str, Any]) -> Threshold:
    """Return the threshold that a method chooses.

    Args:
        method: one of `METHODS`.
        judges: the rows that choose.
        options: keyword arguments of the method.

    Raises:
        DataError: where rows or labels are missing, or too few for what is asked.
        ValueError: for unknown methods and options, and options out of their range.

    Examples:
        >>> judges = Judges(np.arange(100.0), None, "an example")
        >>> set_by("quantile", judges, {"quantile": 0.1}).value
        9.9
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {list(METHODS)}, but is {told(method)}")
    known = options_of(method)
    unknown = [name for name in options if name not in known]
    if unknown:
        raise ValueError(f"{method!r} takes {known or 'no options'}, but not {unknown[0]!r}")
    value, details = METHODS[method](judges, **options)
    if not np.isfinite(value):
        raise DataError(f"the method {method!r} finds no finite threshold on these rows")
    return Threshold(float(value), method, judges.source, len(judges.scores), details)


def options_of(method: str) -> list[str]:
    """Return the names of the options of one of `METHODS`, or of "value".

    Examples:
        >>> options_of("tail"), options_of("max")
        (['false_positive_rate'], [])
    """
    return ["value"] if method == "value" else list(METHODS[method].__kwdefaults__ or {})


def _quantile(judges: Judges, *, quantile: float = 0.01):
    level = real("quantile", quantile, 0, 1, "[]")
    return np.quantile(judges.normal(), level), {"quantile": level}


def _false_positive_rate(judges: Judges, *, false_positive_rate: float = 0.01):
    rate = real("false_positive_rate", false_positive_rate, 0, 1, "()")
    scores = np.sort(judges.normal())
    # A new row lies below the k-th of n exchangeable ones with probability k / (n + 1) at most.
    k = int(np.floor(rate * (len(scores) + 1) * (1 + 1e-12)))
    if k < 1:
        needed = int(np.ceil(1 / rate)) - 1
        raise DataError(
            f"{len(scores)} normal rows cannot tell a rate of {rate:g}, which needs {needed}; "
            "give more rows, or extrapolate with method 'tail'"
        )
    return scores[k - 1], {"false_positive_rate": rate}


def _contamination(judges: Judges, *, contamination: float = 0.1):
    if contamination is None:
        raise ValueError("contamination must lie in (0, 0.5], but is None")
    check_contamination(contamination)
    share = float(contamination)
    return between_distinct(judges.scores, share), {"contamination": share}


def _max(judges: Judges):
    return judges.normal().min(), {}


def _tail(judges: Judges, *, false_positive_rate: float = 0.001):
    value = tail_threshold(judges.normal(), false_positive_rate)
    return value, {"false_positive_rate": float(false_positive_rate)}


def _cost(
    judges: Judges,
    *,
    false_alarm: Any = 1.0,
    miss: Any = 1.0,
    tolerance: float = 0.0,
    times: Any = None,
    prevalence: float | None = None,
    count: str = "rows",
    prefer: str = "gap",
):
    model = CostModel(false_alarm, miss, tolerance, prevalence, count)
    is_anomaly = anomalous(judges.y, len(judges.scores))
    chosen = choose_by_cost(judges.scores, is_anomaly, model, times=times, prefer=prefer)
    details = asdict(chosen)
    del details["threshold"]
    a_row = {"false_alarm": false_alarm, "miss": miss}
    details |= {k: float(v) if np.ndim(v) == 0 else "a cost for each row" for k, v in a_row.items()}
    details |= {"tolerance": float(tolerance), "prevalence": prevalence, "count": count}
    details[UNIT] = OF_ROWS if times is None else OF_TIMES
    return chosen.threshold, details | {"prefer": prefer}


METHODS: dict[str, Callable[..., tuple[float, dict[str, Any]]]] = {
    "quantile": _quantile,
    "false_positive_rate": _false_positive_rate,
    "contamination": _contamination,
    "max": _max,
    "cost": _cost,
    "tail": _tail,
}
"""How rows choose a threshold; "value" needs none, and is set by the detector itself."""
