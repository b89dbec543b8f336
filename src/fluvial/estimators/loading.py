"""From a model file to a fitted estimator."""

import os

from fluvial.artifacts import Entries, ModelFile, naming, read_model
from fluvial.densities.storage import density_of
from fluvial.estimators.density import FlowDensity
from fluvial.estimators.detector import FlowAnomalyDetector
from fluvial.estimators.parameters import detector_flow, read_parameters
from fluvial.estimators.stored_decisions import restore_decisions

KINDS = ("FlowAnomalyDetector", "FlowDensity")


def load(path: str | os.PathLike) -> FlowDensity | FlowAnomalyDetector:
    """Read a fitted estimator from a model file.

    Its scores are bit-equal to those of the estimator that was saved, on the same machine and
    versions. Nothing in the file is executed.

    Args:
        path: what `save` wrote.

    Returns:
        A `FlowDensity` or a `FlowAnomalyDetector`, as it was saved.

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


def restore(file: ModelFile, *, where: str) -> FlowDensity | FlowAnomalyDetector:
    """Return the estimator that a model file holds, once it is read.

    Args:
        file: of one of the kinds in `KINDS`.
        where: what messages call it.

    Raises:
        ModelFileError: where entries or arrays are missing or do not fit.
    """
    with naming(file.kind, where):
        return _restored(file)


def _restored(file: ModelFile) -> FlowDensity | FlowAnomalyDetector:
    detecting = file.kind == "FlowAnomalyDetector"
    made = FlowAnomalyDetector if detecting else FlowDensity
    parameters = read_parameters(file.header["parameters"], list(made().get_params()))
    Entries(file.header.get("notes") or {}, "'notes'")
    fitted = density_of(file)
    if detecting:
        detector = FlowAnomalyDetector(**parameters)
        parameters["flow"] = detector_flow(detector.flow, parameters.pop("score"))
        parameters.pop("contamination", None)
        estimator = detector.density_ = FlowDensity(**parameters)
    else:
        detector, estimator = None, FlowDensity(**parameters)
    estimator.table_density_ = fitted
    if detector is not None:
        restore_decisions(detector, file)
    return estimator if detector is None else detector
