"""A report for machines."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from fluvial.anomaly import Drift, Evaluation
from fluvial.report.examination import Alarm, Report

LEVELS = (0.001, 0.01, 0.05, 0.1)
"""P-values at which the shares of rows are told."""


def to_json(report: Report) -> dict[str, Any]:
    """Return what a page tells in a form that JSON can hold: all but the rows and their scores.

    Rows count from the first row of what the table was taken from. Numbers that are not finite,
    which JSON has not, are None.

    Args:
        report: what is told.
    """
    share, n, first = report.expected_share, len(report.scores), report.first_row
    told = {
        "verdict": report.verdict,
        "input": report.table,
        "rows": n,
        "first_row": first,
        "flagged": int(report.flagged.sum()),
        "threshold": report.threshold,
        "expected_false_alarms": None if share is None else share * n,
        "drift": None if report.drift is None else _drift(report.drift.from_row(first)),
        "evaluation": None if report.evaluation is None else _evaluation(report, report.evaluation),
        "p_values": None if report.p_values is None else _shares(report.p_values),
        "columns": [asdict(each) for each in report.ranges],
        "alarms": [_alarm(report, each) for each in report.alarms],
        "n_alarms": report.n_alarms,
        "model": asdict(report.card) | {"promises": report.card.promises},
    }
    return _plain(told)


def _drift(drift: Drift) -> dict[str, Any]:
    columns = [each._asdict() for each in drift.columns]
    return asdict(drift) | {"columns": columns, "in_words": drift.in_words()}


def _evaluation(report: Report, evaluation: Evaluation) -> dict[str, Any]:
    told = evaluation.to_json()
    for each in told["detections"]:
        for name in ("start", "stop", "first_alarm"):
            each[name] = None if each[name] is None else each[name] + report.first_row
    costs = asdict(report.cost_model)
    return told | {"cost_without_alarms": report.quiet_cost, "cost_model": costs}


def _alarm(report: Report, alarm: Alarm) -> dict[str, Any]:
    row, first = alarm.explanation.row, report.first_row
    return alarm.explanation.to_json() | {
        "row": row + first,
        "start": alarm.start + first,
        "stop": alarm.stop + first,
        "time": report.when(row),
    }


def _shares(p_values: np.ndarray) -> list[dict[str, float]]:
    return [{"level": level, "share": float(np.mean(p_values <= level))} for level in LEVELS]


def _plain(value: Any) -> Any:
    """Return a value as lists and dictionaries of texts, truth values and finite numbers."""
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
