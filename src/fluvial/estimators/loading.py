"""From a model file to a fitted estimator."""

import os

from fluvial.artifacts import ModelFile, read_model
from fluvial.densities.storage import density_of
from fluvial.errors import ModelFileError
from fluvial.estimators.density import FlowDensity
from fluvial.estimators.detector import FlowAnomalyDetector

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
            format version or kind; where it holds a float64 model and float64 is switched off.
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
    try:
        return _restored(file, where)
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(f"{where} lacks what a {file.kind} needs: {error!r}") from error


def _restored(file: ModelFile, where: str) -> FlowDensity | FlowAnomalyDetector:
    parameters = dict(file.header["parameters"])
    if parameters["hidden_sizes"] is not None:
        parameters["hidden_sizes"] = tuple(parameters["hidden_sizes"])
    fitted = density_of(file, where)
    if file.kind == "FlowAnomalyDetector":
        detector = FlowAnomalyDetector(**parameters)
        del parameters["contamination"]
        detector.offset_ = file.header["offset"]
        estimator = detector.density_ = FlowDensity(**parameters)
    else:
        detector, estimator = None, FlowDensity(**parameters)
    estimator.table_density_ = fitted
    return estimator if detector is None else detector
