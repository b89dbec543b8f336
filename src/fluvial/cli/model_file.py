"""Model files as the command line writes and reads them."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluvial.artifacts import ModelFile, naming, read_model
from fluvial.cli.description import columns_left_out, notes_of_fit, window_of
from fluvial.cli.selection import apart
from fluvial.errors import ModelFileError
from fluvial.estimators import DensityRatio, FlowAnomalyDetector, FlowDensity, FlowSynthesizer
from fluvial.estimators.loading import KINDS, Estimator, restore
from fluvial.tables.windows import columns_of_windows

if TYPE_CHECKING:
    import pyarrow as pa

STEM_KEPT = 40
"""Characters of a file's name that a rescued model keeps."""


@dataclass(frozen=True)
class FittedModel:
    """What a model file holds.

    Args:
        estimator: as it was saved.
        density: the estimator, or the density inside it; of a ratio that of its reference.
        features: the columns that it reads: those it was fitted to, or that its windows are made
            of; None where it was fitted to an array in Python.
        left_out: columns of the fitted file that it does not use.
        notes: the user's own entries of the file's header.
        sha256: the file's checksum.
        libraries: the versions that wrote it.
        condition: the columns that it is conditional on; empty where there are none.
        window: rows of a window that it was fitted to; 1 where it was fitted to rows.
    """

    estimator: FlowDensity | FlowAnomalyDetector | DensityRatio
    density: FlowDensity
    features: list[str] | None
    left_out: list[str]
    notes: dict[str, Any]
    sha256: str
    libraries: dict[str, str]
    condition: list[str] = field(default_factory=list)
    window: int = 1

    @property
    def needed(self) -> list[str] | None:
        """All the columns that it reads, those of its condition last; None as of `features`."""
        return None if self.features is None else [*self.features, *self.condition]

    def apart(self, numbers: pa.Table) -> tuple[pa.Table, pa.Table | None]:
        """Return the rows of a table of the needed columns, and their conditions, if any."""
        return apart(numbers, self.condition)

    @property
    def output_names(self) -> list[str]:
        """The names of sampled columns; what UTF-8 lacks, and so every file, is escaped."""
        names = self.density.schema_.names
        return [name.encode("utf-8", "backslashreplace").decode() for name in names]

    def output_types(self, *, raw: bool) -> list[str]:
        """The types of sampled columns: those of the fitted ones, unless they are drawn raw."""
        density = self.density.table_density_
        if raw or density.lattice is None:
            return ["float64"] * density.schema.n_columns
        return list(density.schema.types)


def save_model(
    estimator: Estimator,
    path: Path,
    *,
    left_out: Sequence[str],
    window: int = 1,
    force: bool,
) -> ModelFile:
    """Write a model file that remembers which columns may be ignored at scoring.

    Where it cannot be written, it is put somewhere else: a fit may have taken hours.

    Args:
        estimator: what was fitted.
        path: the file.
        left_out: columns of the fitted file that it does not use.
        window: rows of a window that it was fitted to; 1 where it was fitted to rows.
        force: whether a file that exists, or has appeared during the fit, is replaced.

    Returns:
        What was written.

    Raises:
        OSError: where the file cannot be written; it says where the model is instead.
    """
    notes = notes_of_fit(left_out, window)
    try:
        return estimator._write(path, notes=notes, replace=force)
    except OSError as error:
        place = _rescue(estimator, path, notes)
        if place is None:
            raise
        why = f"{error.strerror or error}; the model is in {str(place)!r} instead"
        raise OSError(error.errno, why, str(path)) from error


def _rescue(estimator: Estimator, path: Path, notes: Mapping[str, Any]) -> Path | None:
    """Write the model under a name of its own: beside the file, here, or among temporary files."""
    name = f"{path.stem[:STEM_KEPT]}-rescued-{secrets.token_hex(4)}.fluvial"
    for folder in (path.parent, Path.cwd(), Path(tempfile.gettempdir())):
        with suppress(OSError):
            estimator.save(folder / name, notes=notes, replace=False)
            return folder / name
    return None


def open_estimator(path: Path) -> FittedModel | FlowSynthesizer:
    """Read a model file of any kind.

    Raises:
        ModelFileError: where it is none, or is truncated, altered or of an unknown version.
        OSError: where it cannot be read.
    """
    file = read_model(path, kind=KINDS)
    estimator = restore(file, where=str(path))
    return estimator if isinstance(estimator, FlowSynthesizer) else _fitted(file, estimator, path)


def open_model(path: Path) -> FittedModel:
    """Read a model file that holds a density or a detector.

    Raises:
        ModelFileError, OSError: as `open_estimator`, and where the file holds a synthesizer or a
            ratio.
    """
    model = open_scorer(path)
    refuse_ratio(model, path)
    return model


def open_density(path: Path) -> tuple[FittedModel, FlowSynthesizer | None]:
    """Read a model file for its density, which may be that of a detector or of a synthesizer.

    Returns:
        The density, and the synthesizer where it draws rows given their class: the density's
        condition is then what this makes of the classes, and no columns of a file.

    Raises:
        ModelFileError, OSError: as `open_estimator`, and where the file holds a ratio.
    """
    file = read_model(path, kind=KINDS)
    estimator = restore(file, where=str(path))
    if not isinstance(estimator, FlowSynthesizer):
        model = _fitted(file, estimator, path)
        refuse_ratio(model, path)
        return model, None
    model = _fitted(file, estimator.density_, path)
    if estimator.classes_ is None:
        return model, None
    return replace(model, condition=[]), estimator


def refuse_ratio(model: FittedModel, path: Path) -> None:
    """Raise a ModelFileError for a ratio, which is no density and has no threshold."""
    if isinstance(model.estimator, DensityRatio):
        raise ModelFileError(
            f"{path} holds a DensityRatio, which tells where one sample is denser than another and"
            " nothing else; use fluvial score"
        )


def open_scorer(path: Path) -> FittedModel:
    """Read a model file that holds a density, a detector or a ratio.

    Raises:
        ModelFileError, OSError: as `open_estimator`, and where the file holds a synthesizer.
    """
    found = open_estimator(path)
    if isinstance(found, FlowSynthesizer):
        raise ModelFileError(
            f"{path} holds a {type(found).__name__}, which draws rows alone; use fluvial sample"
        )
    return found


def _fitted(
    file: ModelFile, estimator: FlowDensity | FlowAnomalyDetector | DensityRatio, path: Path
) -> FittedModel:
    with naming(file.kind, str(path)):
        left_out, window = columns_left_out(file), window_of(file)
    density = _density(estimator)
    schema = density.schema_
    if len(schema.names) % window:
        raise ModelFileError(
            f"{path}: windows of {window} rows cannot have {len(schema.names)} columns"
        )
    features = columns_of_windows(schema.names, window) if schema.named else None
    return FittedModel(
        estimator,
        density,
        features,
        left_out,
        notes=dict(file.header.get("notes") or {}),
        sha256=file.sha256,
        libraries=file.libraries,
        condition=_condition(density, path),
        window=window,
    )


def _density(estimator: FlowDensity | FlowAnomalyDetector | DensityRatio) -> FlowDensity:
    if isinstance(estimator, DensityRatio):
        return estimator.reference_
    return estimator.density_ if isinstance(estimator, FlowAnomalyDetector) else estimator


def _condition(density: FlowDensity, path: Path) -> list[str]:
    """Return the columns that a density is conditional on.

    Raises:
        ModelFileError: where they have no names to be found by in a file.
    """
    columns = density.condition_
    if columns is None:
        return []
    if not (columns.schema.named and density.schema_.named):
        raise ModelFileError(
            f"{path}: its columns, or those of its condition, have no names, by which files are"
            " read; fit it to tables, or use it in Python"
        )
    return list(columns.names)


def open_detector(path: Path) -> tuple[FlowAnomalyDetector, FittedModel]:
    """Read a model file that has a threshold.

    Raises:
        ModelFileError, OSError: as `open_model`, and where the file holds a density alone.
    """
    model = open_model(path)
    if not isinstance(model.estimator, FlowAnomalyDetector):
        raise ModelFileError(
            f"{path} holds a {type(model.estimator).__name__}, which has no threshold;"
            " this needs a FlowAnomalyDetector, as fluvial fit writes it"
        )
    return model.estimator, model
