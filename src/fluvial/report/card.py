"""What a model is, where its threshold came from, and what is promised of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fluvial._version import __version__
from fluvial.errors import DataError
from fluvial.estimators import FlowAnomalyDetector
from fluvial.training import History

PROMISES = (
    "The rows given to fit count as normal, but for those that were labelled as anomalies.",
    "Where new normal rows are exchangeable with the calibration rows, at most a share a of them "
    "has a p-value of a or less, whatever the model; the expected false alarms rest on that.",
    "Nothing is promised of rows that have drifted away from the calibration rows, or that depend "
    "on their neighbours more than these do. A p-value is not the probability that a row is an "
    "anomaly.",
    "Where nothing moves, the probability that drift is ever told is at most 1 %; rows that depend "
    "on their neighbours count as moving.",
)


@dataclass(frozen=True)
class ModelCard:
    """What a detector is.

    Attributes:
        file: what the model file is called; None where there is none.
        sha256: its checksum, likewise.
        libraries: the versions that wrote it.
        score: what rows are ranked by.
        summary: of the fit, in lines.
        rows: given to fit.
        columns: given to fit.
        threshold: its value, and how and by which rows it was chosen.
        calibration_rows: that p-values compare with; 0 where they are too few.
        calibration_source: where these come from, in words.
        history: of the training of the flow; None where there is no flow.
        window: rows of a window that it was fitted to; 1 where it was fitted to rows.
    """

    file: str | None
    sha256: str | None
    libraries: dict[str, str]
    score: str
    summary: str
    rows: int
    columns: int
    threshold: dict[str, Any]
    calibration_rows: int
    calibration_source: str | None
    history: History | None
    window: int = 1

    @property
    def promises(self) -> tuple[str, ...]:
        """What is promised, and under which assumptions."""
        if self.window == 1:
            return PROMISES
        return (
            f"Each row is judged with the {self.window - 1:,} before it. Such windows overlap and "
            "are not exchangeable, so that p-values, expected false alarms and drift are a guide, "
            "and what follows holds for windows that do not overlap alone.",
            *PROMISES,
        )

    @classmethod
    def of(
        cls,
        detector: FlowAnomalyDetector,
        *,
        file: str | None = None,
        sha256: str | None = None,
        libraries: Mapping[str, str] | None = None,
        window: int = 1,
    ) -> "ModelCard":
        """Return the card of a fitted detector.

        Args:
            detector: the detector.
            file: what its model file is called.
            sha256: the checksum of that.
            libraries: the versions that wrote it; None: this version of Fluvial.
            window: rows of a window that it was fitted to.
        """
        density, history = detector.density_, detector.density_.history_
        try:
            calibration = detector.calibrated()
        except DataError:
            calibration = None
        return cls(
            file=file,
            sha256=sha256,
            libraries={"fluvial": __version__} if libraries is None else dict(libraries),
            score=detector.get_params()["score"],
            summary=detector.summary(figures=False),
            rows=density.n_samples_fit_,
            columns=density.n_features_in_,
            threshold=detector.threshold_.to_json(),
            calibration_rows=0 if calibration is None else len(calibration.scores),
            calibration_source=None if calibration is None else calibration.source,
            history=history if history.train_loss else None,
            window=window,
        )
