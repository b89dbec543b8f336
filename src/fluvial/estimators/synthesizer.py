"""Synthetic tables, as a scikit-learn estimator."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from sklearn.utils.validation import check_is_fitted

from fluvial.artifacts import ModelFile
from fluvial.densities.ranges import whole
from fluvial.errors import DataError, TrainingInterrupted
from fluvial.estimators.density import FlowDensity, sampling_seed
from fluvial.estimators.documentation import with_hyperparameters
from fluvial.estimators.parameters import FlowParameters
from fluvial.estimators.synthesis import Synthesis
from fluvial.estimators.writing import SaveMixin, write_estimator
from fluvial.files import table_writer


@with_hyperparameters
class FlowSynthesizer(SaveMixin, FlowParameters):
    """Synthetic tables: new rows like those given to fit, in a table of the same kind.

    It learns the density of the rows and draws from it. With labels it learns one density of the
    numbers given the class, so that classes share what they have in common, and draws rows of any
    class. Columns have their names and types again: integers are whole numbers, truth values are
    such, constants stay constant, and no value leaves the bounds that the column had at fit.

    Whether the rows are of use, and whether they are copies, tell `fluvial.evaluation`:
    `train_on_synthetic` trains classifiers on them and tests these on real rows, `copy_check` tells
    how close they are to rows given to fit, and `c2st` whether trees can tell them from real rows.
    Synthetic rows are no guarantee of privacy.

    Parameters
    ----------
    flow : str, default="auto"
        The density, as of `FlowDensity`. "auto" is the best and the slowest; given labels it is of
        flows alone, and "classical" takes no labels.
    {hyperparameters}

    Attributes
    ----------
    density_ : FlowDensity
        The density of the numbers, with labels given the class in one-hot form.
    classes_ : tuple or None
        The classes in order; None without labels.
    n_features_in_ : int
        Columns of numbers given to fit, without labels.

    See Also
    --------
    FlowDensity : The density alone.
    fluvial.evaluation.train_on_synthetic : What the rows are good for.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from fluvial import FlowSynthesizer
    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"size": rng.normal(size=100), "kind": ["a", "b"] * 50})
    >>> made = FlowSynthesizer("neural_spline_flow", n_layers=1, max_epochs=2, random_state=0)
    >>> made.fit(table, label="kind").sample(2, random_state=0, label="b")["kind"].tolist()
    ['b', 'b']
    """

    def fit(self, X, y=None, *, label=None, checkpoint=None):
        """Learn the rows of a table.

        Parameters
        ----------
        X : array or pandas, polars or pyarrow table of shape (n_samples, n_features)
            Finite numbers and truth values, but for the column of labels. Not modified.
        y : array-like of shape (n_samples,) or None, default=None
            The classes of the rows: texts, truth values or numbers.
        label : str or None, default=None
            The column of `X` that holds the classes, in place of `y`.
        checkpoint : Checkpoint or None, default=None
            As of `FlowDensity.fit`.

        Returns
        -------
        self : FlowSynthesizer
            The fitted estimator.

        Raises
        ------
        DataError
            As `FlowDensity.fit`; for labels that are missing, of several kinds, of one class or so
            many that they are no classes; where there is no column `label`.
        ShapeError
            Where there is not one label for each row.
        ValueError
            For `y` and `label` together, and where a hyper-parameter is out of its range.
        TrainingError, TrainingInterrupted
            As `FlowDensity.fit`.
        """
        rows, synthesis, condition = Synthesis.of(X, y, label)
        density = FlowDensity(**self.get_params(deep=False))
        try:
            density.fit(rows, condition=condition, checkpoint=checkpoint)
        except TrainingInterrupted as interrupted:
            if interrupted.flow is None:
                raise
            self.density_, self.synthesis_ = interrupted.flow, synthesis
            raise TrainingInterrupted(str(interrupted), self, interrupted.history) from None
        self.density_, self.synthesis_ = density, synthesis
        return self

    def sample(self, n_samples=1, random_state=None, *, label=None):
        """Draw new rows.

        Parameters
        ----------
        n_samples : int, default=1
            How many.
        random_state : int, RandomState instance or None, default=None
            The same number gives the same rows, and more of them where `n_samples` is larger.
        label : a class, array-like of shape (n_samples,), dict or None, default=None
            With labels: the class of all rows, or of each of them, or by class the share that is
            drawn of it; None draws classes as often as they were given to fit.

        Returns
        -------
        X : table or array of shape (n_samples, n_columns)
            Of the library and with the columns and types that were given to fit, the column of
            labels among them. Where labels were given as `y`, a pair of these rows and an array of
            their labels.

        Raises
        ------
        DataError
            For an unknown class, and for `label` where there were no labels.
        ShapeError
            Where `label` is not one class for each row.
        ValueError
            Where `n_samples` is no whole number of at least 1.
        """
        synthesis = self._fitted_synthesis()
        tables = self.sample_tables(n_samples, random_state, label=label)
        return synthesis.made(pa.concat_tables(tables))

    def sample_to(self, path, n_samples, random_state=None, *, label=None, replace=True):
        """Draw new rows into a file, some after the other, so that memory stays flat.

        Parameters
        ----------
        path : str or path-like
            Ends in .csv, .tsv, .csv.gz or .parquet; written whole or not at all. Labels that were
            given as `y` are a column of it.
        n_samples : int
            How many.
        random_state : int, RandomState instance or None, default=None
            As of `sample`, which draws the same rows.
        label : a class, array-like, dict or None, default=None
            As of `sample`.
        replace : bool, default=True
            Whether a file that exists is replaced.

        Raises
        ------
        DataError, ShapeError, ValueError
            As `sample`; for another extension.
        FileExistsError
            Where the file exists and is not to be replaced.
        OSError
            Where it cannot be written.
        """
        tables = self.sample_tables(n_samples, random_state, label=label)
        with table_writer(Path(path), replace=replace) as write:
            for table in tables:
                write(table)

    def sample_tables(self, n_samples, random_state=None, *, label=None) -> Iterator[pa.Table]:
        """Draw new rows as pyarrow tables, some after the other, of n_samples rows in all.

        Parameters
        ----------
        n_samples : int
            How many.
        random_state : int, RandomState instance or None, default=None
            As of `sample`, which draws the same rows.
        label : a class, array-like, dict or None, default=None
            As of `sample`.

        Returns
        -------
        tables : iterator of pyarrow.Table
            With a column of labels where there were labels.

        Raises
        ------
        DataError, ShapeError, ValueError
            As `sample`.
        """
        synthesis, n = self._fitted_synthesis(), whole("n_samples", n_samples)
        seed = sampling_seed(random_state)
        return synthesis.tables(self.density_.table_density_, n, seed=seed, label=label)

    def condition_of(self, labels):
        """Return the labels of rows as the condition that `density_` takes.

        Parameters
        ----------
        labels : array-like of shape (n_samples,)
            Classes that were given to fit.

        Returns
        -------
        condition : dict
            The name of each column of the one-hot form with its values, (n_samples,).

        Raises
        ------
        DataError
            For an unknown class, and where rows were fitted without labels.
        """
        classes = self._fitted_synthesis().classes
        if classes is None:
            raise DataError("rows were fitted without labels, so that there is no condition")
        return classes.condition(classes.codes_of(labels))

    @property
    def classes_(self) -> tuple[Any, ...] | None:
        """The classes in order; None without labels."""
        classes = self.synthesis_.classes
        return None if classes is None else classes.values

    @property
    def class_name(self) -> str | None:
        """The name of the column of classes; None without labels."""
        classes = self.synthesis_.classes
        return None if classes is None else classes.name

    @property
    def n_features_in_(self) -> int:
        """Columns of numbers given to fit."""
        return self.density_.n_features_in_

    def _fitted_synthesis(self) -> Synthesis:
        check_is_fitted(self, "density_")
        return self.synthesis_

    def _write(self, path: str | os.PathLike, **options: Any) -> ModelFile:
        synthesis = self.synthesis_
        return write_estimator(
            self,
            self.density_.table_density_,
            path,
            more_arrays=synthesis.to_arrays(),
            synthesis=synthesis.to_json(),
            **options,
        )
