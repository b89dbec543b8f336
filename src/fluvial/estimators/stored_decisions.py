"""What a detector decides with, as the header and the arrays of a model file, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fluvial.anomaly.calibration import Calibration
from fluvial.anomaly.fingerprint import Fingerprint
from fluvial.anomaly.reference import Reference
from fluvial.anomaly.setting import Threshold
from fluvial.artifacts import Entries, ModelFile
from fluvial.errors import ModelFileError
from fluvial.estimators.stored_rankings import ranked_arrays, ranked_header, restored_ranked


def decisions_header(detector: Any) -> dict[str, Any]:
    """Return the entries of a model file's header."""
    calibration = detector.calibration_
    return {
        "offset": float(detector.offset_),
        "threshold": detector.threshold_.to_json(),
        "calibration": None if calibration is None else {"source": calibration.source},
        **ranked_header(detector.ranked_),
    }


def decisions_arrays(detector: Any) -> dict[str, np.ndarray]:
    """Return the arrays of a model file, named with a prefix."""
    parts = {"fitted_rows": detector.fitted_rows_, "reference": detector.reference_}
    arrays = ranked_arrays(detector.ranked_) | {
        f"{part}.{name}": array
        for part, value in parts.items()
        if value is not None
        for name, array in value.to_arrays().items()
    }
    if detector.calibration_ is not None:
        arrays["calibration.scores"] = detector.calibration_.scores
        if detector.calibration_.weights is not None:
            arrays["calibration.weights"] = detector.calibration_.weights
    return arrays


def restore_decisions(detector: Any, file: ModelFile) -> None:
    """Give a detector what a model file holds; files of earlier versions hold the threshold alone.

    Raises:
        KeyError: where an entry is missing.
        ModelFileError: where one is of another kind or out of its range.
    """
    header, arrays = Entries(file.header), file.arrays
    density = detector.density_.table_density_
    detector.ranked_ = restored_ranked(vars(detector)["score"], density, header, arrays)
    detector.offset_ = header.real("offset")
    if "threshold" in header.values:
        threshold = Threshold.from_json(header.below("threshold"))
        if threshold.value != detector.offset_:
            raise ModelFileError(
                f"the threshold is told twice, as {threshold.value} and as {detector.offset_}"
            )
        detector._threshold = threshold
    detector.fitted_rows_ = Fingerprint.from_arrays(_below("fitted_rows", arrays))
    n_columns = density.schema.n_columns
    if density.condition is not None:
        n_columns += density.condition.schema.n_columns
    detector.reference_ = Reference.from_arrays(_below("reference", arrays), n_columns=n_columns)
    detector.calibration_ = None
    if header.values.get("calibration") is not None:
        source = header.below("calibration").text("source")
        detector.calibration_ = _calibration(_below("calibration", arrays), source)


def _calibration(arrays: Mapping[str, np.ndarray], source: str) -> Calibration:
    scores, weights = arrays["scores"], arrays.get("weights")
    if scores.dtype != np.float64 or scores.ndim != 1 or not np.isfinite(scores).all():
        raise ModelFileError("the scores of calibration rows must be finite float64 numbers")
    if weights is not None:
        are_numbers = weights.dtype == np.float64 and weights.shape == scores.shape
        if not (are_numbers and np.isfinite(weights).all() and (weights > 0).all()):
            raise ModelFileError("the weights of calibration rows must be positive float64 numbers")
    return Calibration.of(scores, weights, source=source)


def _below(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    start = f"{prefix}."
    return {n.removeprefix(start): array for n, array in arrays.items() if n.startswith(start)}
