"""What scoring adds to a table: decisions of a detector, the logarithm of a density or a ratio."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa

from fluvial.cli.model_file import FittedModel
from fluvial.cli.moving import Recent
from fluvial.cli.selection import LOG_PROB, LOG_RATIO, REASON, SCORED
from fluvial.errors import DataError
from fluvial.estimators import DensityRatio, FlowAnomalyDetector

Added = dict[str, "np.ndarray | list[str | None] | None"]
"""Columns by name; None where no row has a value."""


class Scorer(Protocol):
    """What scores the rows of a table.

    Attributes:
        added: the names of the columns that it adds.
        averaged: the one whose mean the summary tells.
    """

    @property
    def added(self) -> tuple[str, ...]: ...

    @property
    def averaged(self) -> str: ...

    def columns(self, numbers: pa.Table) -> Added:
        """Return the columns of some rows, at least one."""
        ...


@dataclass
class DetectorScorer:
    """Scores, decisions and p-values of a detector.

    Args:
        fitted: the model.
        detector: of it, what scores.
        reasons: whether alarms get theirs.
    """

    fitted: FittedModel
    detector: FlowAnomalyDetector
    reasons: bool
    anomalies: int = 0
    averaged: str = LOG_PROB
    recent: Recent = field(default_factory=Recent, repr=False)

    @property
    def added(self) -> tuple[str, ...]:
        """The names of the columns."""
        return (*SCORED, REASON) if self.reasons else SCORED

    def columns(self, numbers: pa.Table) -> Added:
        """Return the columns of some rows, at least one."""
        detector = self.detector
        rows, condition = self.fitted.apart(numbers)
        log_prob = detector.density_.score_samples(rows, condition=condition)
        score = detector.score_samples(rows, condition=condition)
        decision = score - detector.offset_
        is_anomaly = decision < 0
        self.anomalies += int(is_anomaly.sum())
        self.recent.add(numbers)
        values = (log_prob, score, decision, _p_values(detector, score), is_anomaly)
        added: Added = dict(zip(SCORED, values, strict=True))
        if self.reasons:
            texts: list[str | None] = [None] * len(score)
            for each in detector.explain(rows, condition=condition):
                texts[each.row] = each.in_words()
            added[REASON] = texts
        return added


@dataclass
class DensityScorer:
    """The log density of a model without a threshold, given its condition where it has one.

    Args:
        fitted: the model.
    """

    fitted: FittedModel
    anomalies: None = None
    averaged: str = LOG_PROB

    @property
    def added(self) -> tuple[str, ...]:
        """The name of the column."""
        return (LOG_PROB,)

    def columns(self, numbers: pa.Table) -> Added:
        """Return the column of some rows, at least one."""
        rows, condition = self.fitted.apart(numbers)
        return {LOG_PROB: self.fitted.density.score_samples(rows, condition=condition)}


@dataclass
class RatioScorer:
    """The log of a sample's density over its reference's.

    Args:
        ratio: what scores.
    """

    ratio: DensityRatio
    anomalies: None = None
    averaged: str = LOG_RATIO

    @property
    def added(self) -> tuple[str, ...]:
        """The name of the column."""
        return (LOG_RATIO,)

    def columns(self, numbers: pa.Table) -> Added:
        """Return the column of some rows, at least one."""
        return {LOG_RATIO: self.ratio.score_samples(numbers)}


def scorer_of(
    fitted: FittedModel, *, reasons: bool
) -> DetectorScorer | DensityScorer | RatioScorer:
    """Return what scores by a model; `reasons` is for detectors."""
    estimator = fitted.estimator
    if isinstance(estimator, FlowAnomalyDetector):
        return DetectorScorer(fitted, estimator, reasons)
    return RatioScorer(estimator) if isinstance(estimator, DensityRatio) else DensityScorer(fitted)


def _p_values(detector: FlowAnomalyDetector, score: np.ndarray) -> np.ndarray | None:
    """Return the p-values; None where calibration rows are too few."""
    try:
        return detector.calibrated().p_values(score)
    except DataError:
        return None
