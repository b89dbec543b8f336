"""From a fitted estimator to a model file."""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from fluvial.artifacts import ModelFile, write_model
from fluvial.artifacts.model_file import FORMAT_VERSION, writer_versions
from fluvial.densities import TableDensity
from fluvial.densities.storage import arrays_of, header_of
from fluvial.estimators.parameters import stored_parameters
from fluvial.estimators.stored_decisions import decisions_arrays, decisions_header


class SaveMixin(ABC):
    """Gives an estimator `save`."""

    def save(
        self,
        path: str | os.PathLike,
        *,
        notes: Mapping[str, Any] | None = None,
        replace: bool = True,
    ) -> None:
        """Write a model file, whole or not at all; `fluvial.load` reads it.

        Parameters
        ----------
        path : str or path-like
            The file.
        notes : mapping or None, default=None
            Entries of what JSON holds, kept in the file's header.
        replace : bool, default=True
            Whether a file that exists is replaced, be it one that appears meanwhile.

        Raises
        ------
        FileExistsError
            Where the file exists and is not to be replaced.
        OSError
            Where it cannot be written.
        """
        check_is_fitted(self)
        self._write(path, notes=notes, replace=replace)

    @abstractmethod
    def _write(self, path: str | os.PathLike, **options: Any) -> ModelFile:
        """Write the fitted estimator, and return what was written; see `write_estimator`."""


def write_estimator(
    estimator: BaseEstimator,
    density: TableDensity,
    path: str | os.PathLike,
    *,
    notes: Mapping[str, Any] | None = None,
    replace: bool = True,
    more_arrays: Mapping[str, np.ndarray] | None = None,
    **entries: Any,
) -> ModelFile:
    """Write an estimator to a model file, whole or not at all.

    Args:
        estimator: for its kind and its hyperparameters.
        density: what it was fitted to.
        path: the file.
        notes: the user's own entries of what JSON holds, kept under "notes" in the header.
        replace: whether a file that exists is replaced, be it one that appears meanwhile.
        more_arrays: what else the estimator learned, of arrays.
        **entries: and of what JSON holds.

    Returns:
        What was written.

    Raises:
        FileExistsError: where the file exists and is not to be replaced.
        OSError: where the file cannot be written.
        ValueError: where the notes hold what JSON cannot, or a hyperparameter was set to what is
            out of its range.
    """
    kind = type(estimator).__name__
    arrays = {**arrays_of(density), **(more_arrays or {})}
    header = {"parameters": stored_parameters(estimator), **entries, **header_of(density)}
    header["notes"] = dict(notes or {})
    sha256 = write_model(path, kind=kind, header=header, arrays=arrays, replace=replace)
    return ModelFile(kind, FORMAT_VERSION, writer_versions(), sha256, header, arrays)


def write_detector(
    detector: Any,
    path: str | os.PathLike,
    *,
    notes: Mapping[str, Any] | None = None,
    replace: bool = True,
) -> ModelFile:
    """Write a detector with what it decides with; see `write_estimator`."""
    return write_estimator(
        detector,
        detector.density_.table_density_,
        path,
        notes=notes,
        replace=replace,
        more_arrays=decisions_arrays(detector),
        **decisions_header(detector),
    )
