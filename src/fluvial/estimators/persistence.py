"""From a fitted estimator to a model file and back."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from fluvial.artifacts import ModelFile, read_model, tree_to_arrays, write_model
from fluvial.errors import ModelFileError
from fluvial.estimators.density import FlowDensity
from fluvial.estimators.detector import FlowAnomalyDetector
from fluvial.estimators.specification import rebuild
from fluvial.tables import Schema, TableScaler
from fluvial.training import History

KINDS = ("FlowAnomalyDetector", "FlowDensity")
CURVES = ("train_loss", "validation_loss", "learning_rate")


def save(
    model: FlowDensity | FlowAnomalyDetector,
    path: str | os.PathLike,
    *,
    notes: Mapping[str, Any] | None = None,
) -> str:
    """Write a fitted estimator to a model file, whole or not at all.

    Args:
        model: a fitted estimator.
        path: the file; one that exists is replaced.
        notes: more entries of what JSON holds, kept under "notes" in the header.

    Returns:
        The file's SHA-256.

    Raises:
        NotFittedError: where `model` is not fitted.
        OSError: where the file cannot be written.
    """
    check_is_fitted(model)
    header: dict[str, Any] = {"parameters": _plain_parameters(model)}
    if isinstance(model, FlowAnomalyDetector):
        density, header["offset"] = model.density_, model.offset_
    else:
        density = model
    header.update(_header(density))
    header["notes"] = dict(notes or {})
    return write_model(path, kind=type(model).__name__, header=header, arrays=_arrays(density))


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
    file = read_model(path, kind=KINDS)
    where = os.fspath(path)
    try:
        return _restored(file, where)
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(f"{where} lacks what a {file.kind} needs: {error!r}") from error


def _restored(file: ModelFile, where: str) -> FlowDensity | FlowAnomalyDetector:
    parameters = dict(file.header["parameters"])
    if parameters["hidden_sizes"] is not None:
        parameters["hidden_sizes"] = tuple(parameters["hidden_sizes"])
    if file.kind == "FlowDensity":
        return _density(parameters, file, where)
    detector = FlowAnomalyDetector(**parameters)
    del parameters["contamination"]
    detector._adopt(_density(parameters, file, where), offset=file.header["offset"])
    return detector


def _header(density: FlowDensity) -> dict[str, Any]:
    facts = asdict(density.history_)
    return {
        "schema": density.schema_.to_json(),
        "specification": density.specification_,
        "training": {
            "n_samples_fit": density.n_samples_fit_,
            "n_held_out": len(density.held_out_indices_),
            "held_out_score": density.held_out_score_,
            "held_out_standard_error": density.held_out_standard_error_,
            "gains": density.gains_,
            "epochs": len(density.history_.train_loss),
            "members": list(density.members_),
            **{name: value for name, value in facts.items() if name not in CURVES},
        },
    }


def _arrays(density: FlowDensity) -> dict[str, np.ndarray]:
    return {
        **_under("distribution", tree_to_arrays(density.distribution_)),
        **_under("scaler", density.scaler_.to_arrays()),
        **_under("history", {n: np.array(getattr(density.history_, n), float) for n in CURVES}),
        "held_out_indices": density.held_out_indices_,
        "rounding_steps": density.rounding_steps_,
    }


def _density(parameters: dict[str, Any], file: ModelFile, where: str) -> FlowDensity:
    header, arrays = file.header, file.arrays
    facts = dict(header["training"])
    density = FlowDensity(**parameters)
    density._remember_columns(Schema.from_json(header["schema"]))
    density.scaler_ = TableScaler.from_arrays(_below("scaler", arrays))
    density.specification_ = header["specification"]
    density.distribution_ = rebuild(
        header["specification"], _below("distribution", arrays), what=where
    )
    density.held_out_indices_ = arrays["held_out_indices"]
    density.members_ = tuple(facts["members"])
    density.n_samples_fit_ = facts["n_samples_fit"]
    density.rounding_steps_ = arrays["rounding_steps"]
    density.held_out_score_ = facts["held_out_score"]
    density.held_out_standard_error_ = facts["held_out_standard_error"]
    density.gains_ = facts["gains"]
    curves = {name: tuple(values.tolist()) for name, values in _below("history", arrays).items()}
    rest = {name: facts[name] for name in ("stop_reason", "best_epoch", "seconds")}
    density.history_ = History(**curves, **rest)
    return density


def _under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def _below(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    start = f"{prefix}."
    return {n.removeprefix(start): array for n, array in arrays.items() if n.startswith(start)}


def _plain_parameters(model: FlowDensity | FlowAnomalyDetector) -> dict[str, Any]:
    """Return the hyper-parameters as JSON holds them; a RandomState instance becomes None."""
    plain = {}
    for name, value in model.get_params(deep=False).items():
        if isinstance(value, np.generic):
            value = value.item()
        elif name == "hidden_sizes" and value is not None:
            value = [int(size) for size in value]
        elif isinstance(value, np.random.RandomState):
            value = None
        plain[name] = value
    return plain
