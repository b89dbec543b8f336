"""From a fitted estimator to a model file."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from fluvial.artifacts import write_model
from fluvial.densities import TableDensity
from fluvial.densities.storage import arrays_of, header_of


def write_estimator(
    estimator: BaseEstimator,
    density: TableDensity,
    path: str | os.PathLike,
    *,
    notes: Mapping[str, Any] | None = None,
    **entries: Any,
) -> None:
    """Write an estimator to a model file, whole or not at all.

    Args:
        estimator: for its kind and its hyperparameters.
        density: what it was fitted to.
        path: the file; one that exists is replaced.
        notes: the user's own entries of what JSON holds, kept under "notes" in the header.
        **entries: more that the estimator learned, of what JSON holds.

    Raises:
        OSError: where the file cannot be written.
        ValueError: where the notes hold what JSON cannot.
    """
    header = {"parameters": _plain_parameters(estimator), **entries, **header_of(density)}
    header["notes"] = dict(notes or {})
    write_model(path, kind=type(estimator).__name__, header=header, arrays=arrays_of(density))


def _plain_parameters(estimator: BaseEstimator) -> dict[str, Any]:
    """Return the hyperparameters as JSON holds them; a RandomState instance becomes None."""
    plain = {}
    for name, value in estimator.get_params(deep=False).items():
        if isinstance(value, np.generic):
            value = value.item()
        elif name == "hidden_sizes" and value is not None:
            value = [int(size) for size in value]
        elif isinstance(value, np.random.RandomState):
            value = None
        plain[name] = value
    return plain
