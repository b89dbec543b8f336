"""What all baselines share: reading tables, standardised columns, and which rows are held out."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple, Self

import jax
import numpy as np
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from fluvial.anomaly.relative.standard import StandardView
from fluvial.densities import evaluation
from fluvial.densities.held_out import held_out_rows
from fluvial.densities.ranges import real, whole
from fluvial.estimators.density import sampling_seed
from fluvial.estimators.fitted import feature_names
from fluvial.tables import Schema, TableScaler, read_table
from fluvial.tables.columns import NumericColumns


class Rows(NamedTuple):
    """Standardised rows, and which of them choose.

    Attributes:
        all: (n, D) float64, the columns that vary.
        training: (m,) places of those to fit to, in order.
        held_out: (n - m,) places of those that choose, in order; may be empty.
    """

    all: np.ndarray
    training: np.ndarray
    held_out: np.ndarray

    @property
    def fitted_to(self) -> np.ndarray:
        """The rows to fit to, (m, D)."""
        return self.all[self.training]

    @property
    def judges(self) -> np.ndarray:
        """The rows that choose, (n - m, D)."""
        return self.all[self.held_out]


def standardised(matrix: np.ndarray) -> TableScaler:
    """Return the map to columns of mean 0 and deviation 1, logarithmic beyond ten of these.

    Constant columns and copies are left out by the rules of the flows, so that densities compare.

    Raises:
        DataError: where there are fewer than two rows, or no column varies.

    Examples:
        >>> standardised(np.array([[1.0], [3.0]])).transform(np.array([[4.0]]))[0].tolist()
        [[2.0]]
    """
    left_out = TableScaler.fit(matrix, warn=False).left_out
    view = StandardView.fit(matrix[:, left_out.kept])
    return TableScaler(left_out, NumericColumns(view.centre, view.scale))


class Baseline(BaseEstimator, ABC):
    """An estimator that scores rows by their standardised columns; higher is more normal."""

    schema_: Schema
    scaler_: TableScaler
    _in_nats: ClassVar[bool] = True
    """Whether scores are log densities, which change with the units of the columns."""

    def fit(self, X, y=None) -> Self:
        """Learn from the rows of a table.

        Parameters
        ----------
        X : array or pandas, polars or pyarrow table of shape (n_samples, n_features)
            Finite numbers; booleans count as 0 and 1. Not modified.
        y : Ignored
            Present for scikit-learn's conventions.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        DataError
            For fewer than two rows, only constant columns, text, dates, missing values, infinities
            and equal column names; the message names the column and the row.
        ValueError
            Where a hyper-parameter is out of its range.
        """
        self._check_parameters()
        matrix, schema = read_table(X)
        rng = check_random_state(vars(self).get("random_state"))
        scaler = standardised(matrix)
        scaled, _ = scaler.transform(matrix, dtype=np.float64)
        held_out = held_out_rows(matrix, vars(self).get("validation_fraction", 0.0), rng)
        training = np.delete(np.arange(len(matrix)), held_out)
        self._learn(Rows(scaled, training, held_out), rng)
        self.schema_, self.scaler_ = schema, scaler
        return self

    def score_samples(self, X) -> np.ndarray:
        """Return the score of each row.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers; columns of a table are found by name.

        Returns
        -------
        score : ndarray of shape (n_samples,)
            float64 and finite; higher is more normal. The class tells what it is.

        Raises
        ------
        DataError
            Where columns are missing or unknown, and as `fit` does.
        """
        matrix = self._matrix(X)
        scaled, log_det = self.scaler_.transform(matrix, dtype=np.float64)
        if not self._in_nats:
            log_det = self.scaler_.left_out.penalty(matrix)
        return self._score(scaled) + log_det

    @property
    def n_features_in_(self) -> int:
        """Columns given to fit."""
        return self.schema_.n_columns

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns given to fit.

        Raises:
            AttributeError: where they had none, as scikit-learn wants it.
        """
        return feature_names(self.schema_)

    def _matrix(self, X) -> np.ndarray:
        """Return the rows (n, D) of a table, its columns in the order given to fit."""
        check_is_fitted(self)
        return self.schema_.align(X, owner=type(self).__name__)

    def _check_parameters(self) -> None:
        """Refuse hyperparameters out of their range; those that several have, here."""
        given = vars(self)
        if "validation_fraction" in given:
            real("validation_fraction", given["validation_fraction"], 0, 1, "[)")
        for name in ("n_neighbors", "batch_size", "max_epochs"):
            if name in given:
                whole(name, given[name])

    @abstractmethod
    def _learn(self, rows: Rows, rng: np.random.RandomState) -> None:
        """Learn from standardised rows."""

    @abstractmethod
    def _score(self, scaled: np.ndarray) -> np.ndarray:
        """Return the scores (n,) of standardised rows (n, D)."""


class DensityBaseline(DensityMixin, Baseline):
    """A density in the units of the columns, of which rows can be drawn."""

    def score(self, X, y=None) -> float:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the mean log density of the rows, in nats.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers.
        y : Ignored
            Present for scikit-learn's conventions.

        Returns
        -------
        log_prob : float
            The mean of `score_samples(X)`.
        """
        return float(np.mean(self.score_samples(X)))

    def sample(self, n_samples: int = 1, random_state: Any = None) -> np.ndarray:
        """Draw new rows.

        Parameters
        ----------
        n_samples : int, default=1
            How many.
        random_state : int, RandomState instance or None, default=None
            The same number gives the same rows.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features_in_)
            float64 rows in the units of the columns; constants and copies are restored.

        Raises
        ------
        ValueError
            Where `n_samples` is no whole number of at least 1.
        """
        check_is_fitted(self)
        n = whole("n_samples", n_samples)
        return self.scaler_.inverse_transform(self._draw(n, sampling_seed(random_state)))

    @abstractmethod
    def _draw(self, n: int, seed: int) -> np.ndarray:
        """Draw standardised rows (n, D)."""


class DistributionBaseline(DensityBaseline):
    """A density that is a distribution of this library, `distribution_`, of standardised rows."""

    distribution_: Any

    def _score(self, scaled: np.ndarray) -> np.ndarray:
        return evaluation.log_prob(self.distribution_, scaled.astype(self._dtype))

    def _draw(self, n: int, seed: int) -> np.ndarray:
        return evaluation.sample(self.distribution_, n, seed=seed, dtype=self._dtype)

    @property
    def _dtype(self) -> np.dtype:
        """The precision of the distribution, that of JAX when it was fitted."""
        return np.result_type(*(leaf.dtype for leaf in jax.tree.leaves(self.distribution_)))
