"""From a model file to a fitted estimator."""

import os
from dataclasses import fields
from typing import Any

from fluvial.anomaly.over_density import Bumps
from fluvial.artifacts import Entries, ModelFile, naming, read_model
from fluvial.densities.storage import density_of
from fluvial.estimators.density import FlowDensity
from fluvial.estimators.density_ratio import BUMPS, DensityRatio
from fluvial.estimators.detector import FlowAnomalyDetector
from fluvial.estimators.parameters import detector_flow, read_parameters
from fluvial.estimators.stored_decisions import restore_decisions
from fluvial.estimators.synthesis import Synthesis
from fluvial.estimators.synthesizer import FlowSynthesizer

KINDS = ("DensityRatio", "FlowAnomalyDetector", "FlowDensity", "FlowSynthesizer")

Estimator = DensityRatio | FlowDensity | FlowAnomalyDetector | FlowSynthesizer


def load(path: str | os.PathLike) -> Any:
    """Read a fitted estimator from a model file.

    Its scores are bit-equal to those of the estimator that was saved, on the same machine and
    versions. Nothing in the file is executed.

    Args:
        path: what `save` wrote.

    Returns:
        A `FlowDensity`, a `FlowAnomalyDetector`, a `FlowSynthesizer` or a `DensityRatio`, as it
        was saved: the file decides, and no type checker.

    Raises:
        ModelFileError: where the file is not a model file, truncated, altered, of an unknown
            format version or kind; where a value in it is none that a fitted estimator has,
            whoever wrote it; where it holds a float64 model and float64 is switched off.
        OSError: where there is no such file, or it cannot be read.

    Examples:
        >>> X = np.random.default_rng(0).normal(size=(100, 2))
        >>> FlowDensity(flow="maf", max_epochs=2).fit(X).save("two.fluvial")
        >>> load("two.fluvial").n_features_in_
        2
    """
    return restore(read_model(path, kind=KINDS), where=os.fspath(path))


def restore(file: ModelFile, *, where: str) -> Estimator:
    """Return the estimator that a model file holds, once it is read.

    Args:
        file: of one of the kinds in `KINDS`.
        where: what messages call it.

    Raises:
        ModelFileError: where entries or arrays are missing or do not fit.
    """
    with naming(file.kind, where):
        return _restored(file)


def _restored(file: ModelFile) -> Estimator:
    made = _MADE[file.kind]
    parameters = read_parameters(file.header["parameters"], list(made().get_params()))
    Entries(file.header.get("notes") or {}, "'notes'")
    estimator = made(**parameters)
    if isinstance(estimator, FlowDensity):
        estimator.table_density_ = density_of(file)
        return estimator
    if isinstance(estimator, DensityRatio):
        return _with_parts(estimator, file)
    if isinstance(estimator, FlowAnomalyDetector):
        parameters["flow"] = detector_flow(estimator.flow, parameters.pop("score"))
        parameters.pop("contamination", None)
    density = estimator.density_ = FlowDensity(**parameters)
    density.table_density_ = density_of(file)
    if isinstance(estimator, FlowAnomalyDetector):
        restore_decisions(estimator, file)
    else:
        form = file.header["synthesis"]
        estimator.synthesis_ = Synthesis.from_stored(form, file.arrays, density.table_density_)
    return estimator


def _with_parts(ratio: DensityRatio, file: ModelFile) -> DensityRatio:
    """Give a ratio the reference and the bumps that a model file holds."""
    reference = FlowDensity()
    given = read_parameters(file.header["reference"], list(reference.get_params()))
    reference.set_params(**given).table_density_ = density_of(file)
    arrays = {field.name: file.arrays[f"{BUMPS}{field.name}"] for field in fields(Bumps)}
    ratio.bumps_ = Bumps.from_arrays(arrays, n_columns=reference.scaler_.n_kept)
    ratio.reference_ = reference
    return ratio


_MADE: dict[str, type[Estimator]] = dict(
    zip(KINDS, (DensityRatio, FlowAnomalyDetector, FlowDensity, FlowSynthesizer), strict=True)
)
