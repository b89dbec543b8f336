"""Model files as the command line writes and reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fluvial.artifacts import ModelFile, naming, read_model
from fluvial.cli.description import columns_left_out, note_left_out
from fluvial.errors import ModelFileError
from fluvial.estimators import FlowAnomalyDetector, FlowDensity
from fluvial.estimators.loading import KINDS, restore
from fluvial.estimators.writing import write_detector


@dataclass(frozen=True)
class FittedModel:
    """What a model file holds.

    Args:
        estimator: as it was saved.
        density: the estimator, or the density inside it.
        features: the columns it was fitted to; None where it was fitted to an array in Python.
        left_out: columns of the fitted file that it does not use.
    """

    estimator: FlowDensity | FlowAnomalyDetector
    density: FlowDensity
    features: list[str] | None
    left_out: list[str]

    @property
    def output_names(self) -> list[str]:
        """The names of sampled columns; what UTF-8 lacks, and so every file, is escaped."""
        names = self.density.schema_.names
        return [name.encode("utf-8", "backslashreplace").decode() for name in names]


def save_model(detector: FlowAnomalyDetector, path: Path, *, left_out: Sequence[str]) -> ModelFile:
    """Write a model file that remembers which columns may be ignored at scoring.

    Returns:
        What was written.

    Raises:
        OSError: where the file cannot be written.
    """
    return write_detector(detector, path, notes=note_left_out(left_out))


def open_model(path: Path) -> FittedModel:
    """Read a model file of either kind.

    Raises:
        ModelFileError: where it is none, or is truncated, altered or of an unknown version.
        OSError: where it cannot be read.
    """
    file = read_model(path, kind=KINDS)
    estimator = restore(file, where=str(path))
    with naming(file.kind, str(path)):
        left_out = columns_left_out(file)
    density = estimator.density_ if isinstance(estimator, FlowAnomalyDetector) else estimator
    schema = density.schema_
    features = list(schema.names) if schema.named else None
    return FittedModel(estimator, density, features, left_out)


def open_detector(path: Path) -> tuple[FlowAnomalyDetector, FittedModel]:
    """Read a model file that has a threshold.

    Raises:
        ModelFileError, OSError: as `open_model`, and where the file holds a density alone.
    """
    model = open_model(path)
    if not isinstance(model.estimator, FlowAnomalyDetector):
        raise ModelFileError(
            f"{path} holds a {type(model.estimator).__name__}, which has no threshold;"
            " score needs a FlowAnomalyDetector, as fluvial fit writes it"
        )
    return model.estimator, model
