"""The density of a table, as a scikit-learn estimator."""

import os
from typing import Any

import numpy as np
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    DensityMixin,
    TransformerMixin,
)
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from fluvial.artifacts import ModelFile
from fluvial.densities import fit_table_density
from fluvial.densities.diagnostics import warn_of_effort, warn_of_fit
from fluvial.densities.ranges import whole
from fluvial.densities.summary import summarise
from fluvial.errors import ShapeError, TrainingInterrupted
from fluvial.estimators.documentation import with_hyperparameters
from fluvial.estimators.figures import WithFigures, figures_of_density
from fluvial.estimators.fitted import FittedAttributes
from fluvial.estimators.parameters import FlowParameters, hyperparameters_of
from fluvial.estimators.writing import SaveMixin, write_estimator
from fluvial.tables import Condition, read_table
from fluvial.weights import counted_rows


@with_hyperparameters
class FlowDensity(
    FittedAttributes,
    SaveMixin,
    WithFigures,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    DensityMixin,
    FlowParameters,
):
    """Probability density of a table of numbers, learned by normalizing flows.

    The columns are standardised robustly inside (median and a quantile range, a logarithmic
    tail beyond ten of these, never clipped) unless `scaling` says otherwise, and densities are in
    the units of the table's own columns. Constant columns and copies of other columns, equal up to
    errors of arithmetic, are left out of the density; a row that departs from them by more than
    1e-6 of their magnitude loses 1e6 nats a column. No finite row scores NaN or infinity.

    Parameters
    ----------
    flow : str, default="auto"
        "auto" is a mixture of flows, a Gaussian mixture and a kernel density, weighted on held-out
        rows (see Notes); "classical" is that without flows, in a second or a few. Others are one
        flow of a recipe of `fluvial.flows`: "bernstein", "bnaf", "gaussianization_flow", "iaf",
        "made", "maf", "naf", "neural_spline_flow", "nice", "real_nvp", "sos" or "umnn", of which
        "real_nvp" and "nice" are quickest.
    {hyperparameters}

    Attributes
    ----------
    table_density_ : fluvial.densities.TableDensity
        What was fitted, as a value without scikit-learn; the other attributes are parts of it.
    distribution_ : Flow or Mixture
        The fitted distribution, in scaled units.
    members_ : tuple of dict
        With "auto", each member of the mixture: its "name", its "weight" and its "nats", the mean
        log density of the rows that weighted it, in scaled units. Empty for one flow.
    scaler_ : fluvial.tables.TableScaler
        From rows of the table to scaled rows and back.
    schema_ : fluvial.tables.Schema
        Names and types of the columns.
    condition_ : fluvial.tables.ConditionColumns or None
        The columns of the condition, where `fit` was given one.
    history_ : fluvial.training.History
        Losses in scaled units and learning rate of each epoch, and why training ended.
    held_out_indices_ : ndarray of shape (n_held_out,)
        Places of the held-out rows among those given to fit; with cross-fits, of those that one of
        the fits left out.
    held_out_score_ : float or None
        Mean log density of the held-out rows, in nats, each under what was fitted without it; None
        without held-out rows.
    held_out_standard_error_ : float or None
        Standard error of that mean; None with fewer than two held-out rows.
    gains_ : dict
        By how many nats a held-out row scores better than under "gaussian" and, with "auto", under
        "gaussian_mixture" alone: the mean "gain" and its "standard_error".
    rounding_steps_ : ndarray of shape (n_features_in_,)
        The width of the noise that each column got in training; zero where values are not rounded.
    n_samples_fit_ : int
        Rows given to fit.
    specification_ : dict
        What `distribution_` is, in the form that a model file holds.
    n_features_in_ : int
        Columns given to fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all of them are strings.

    Notes
    -----
    `flow="auto"` fits a neural spline flow with LU maps between its layers, two with permutations,
    of strong and of weak weight decay, and an affine autoregressive flow; with `effort="fast"` two
    with LU maps alone, with "thorough" a further one of strong decay. Beside them it fits Gaussian
    mixtures of many sizes and a kernel density with a held-out bandwidth; the weights of their
    mixture, and of the sizes, maximise the likelihood of the held-out rows [1]_. Members of less
    than 1 % are dropped, but the best flow and the Gaussian mixtures, which keep 0.1 %: `transform`
    needs a flow; far from all rows the Gaussians decide. A flow whose training diverges is left
    out.

    Where rows are few, members are cross-fitted: three times up to 1,000 rows ("fast"), five times
    up to 5,000 ("balanced") or 20,000 ("thorough"), and always with fewer than 100 held-out rows.
    Each time another tenth (a sixth with "fast"; below 200 rows a fifth or third) of all rows is
    held out for choosing and weighting, whatever `validation_fraction`, and all these flows stay in
    the mixture: every row is fitted to, and judged by the fit that has not seen it. Below 12 rows
    weights are equal.

    With weights, a row that weighs more than the mean is some rows of about the mean weight, whose
    rounded columns get a noise each. Where small tables have whole weights, these are copies of the
    rows and nothing else.

    Columns whose values repeat are taken for rounded: the rows that are trained on get uniform
    noise of the column's smallest step. Scores are deterministic.

    With a condition, given to `fit`, the density is p(X | condition): every recipe takes one, and
    "auto" is then a mixture of flows alone, since its other members know none. Its gain over
    "gaussian" is that over the conditional density of one Gaussian of all columns.

    References
    ----------
    .. [1] Smyth and Wolpert 1998, Stacked density estimation.

    See Also
    --------
    FlowAnomalyDetector : Flags the rows that do not belong.
    fluvial.flows : The flows themselves.

    Examples
    --------
    >>> import numpy as np
    >>> from fluvial import FlowDensity
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> density = FlowDensity(flow="maf", max_epochs=5, random_state=0).fit(X)
    >>> density.score_samples(X).shape, density.sample(3).shape
    ((200,), (3, 2))
    """

    def fit(self, X, y=None, sample_weight=None, *, condition=None, checkpoint=None):
        """Learn the density of the rows of a table.

        Parameters
        ----------
        X : array or pandas, polars or pyarrow table of shape (n_samples, n_features)
            Finite numbers; booleans count as 0 and 1. Not modified.
        y : Ignored
            Present for scikit-learn's conventions.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            How much each row counts, not negative: 2 is the row twice, and 0 leaves it out, be it
            with missing values. Only ratios count, so that equal weights are none. They tell in all
            that is learned: scales, every member of the mixture and its weight, when training ends,
            and which rows
            are held out.
        condition : array or table of shape (n_samples, n_conditions), or (n_samples,), or None
            What each row is given: the density is then p(X | condition), a condition is needed
            wherever rows are scored or drawn, and "auto" is of flows alone. Finite numbers or truth
            values, which are standardised by the rows that are trained on; encode categories as
            numbers first.
        checkpoint : Checkpoint or None, default=None
            A `fluvial.densities.Checkpoint`, a file that keeps what takes long, so that a fit that
            was killed goes on from there bit by bit as it would have. Not together with
            `max_seconds`.

        Returns
        -------
        self : FlowDensity
            The fitted estimator.

        Raises
        ------
        DataError
            For fewer than two rows, only constant columns, text, dates, missing values,
            infinities and equal column names; the message names the column and the row. For a
            weight that is negative or no number, naming the row, and for none above zero. For a
            column of the condition that does not vary.
        ShapeError
            Where there is not one weight, or one condition, for each row.
        TrainingError
            Where training diverges.
        TrainingInterrupted
            After one Ctrl-C, a KeyboardInterrupt. Where an epoch of training had ended, this
            estimator is fitted with the best so far, and is the `flow` of the exception (a
            clone in `cross_val_score`, say, is reached that way); else it is as it was before.
            A second Ctrl-C ends at once and keeps nothing.
        ModelFileError, OSError
            Where the checkpoint is to be resumed and is damaged, of another fit, or absent.
        ValueError
            Where a hyper-parameter is out of its range; for a condition with "classical".
        """
        hyperparameters = hyperparameters_of(self)
        warn_of_effort(hyperparameters)
        matrix, schema = read_table(X, sample_weight=sample_weight)
        given = None
        if condition is not None:
            given = Condition.of(condition, n_rows=len(matrix), sample_weight=sample_weight)
        rng = check_random_state(self.random_state)
        # Replaced when all is learned: a fit that fails leaves the last one whole.
        try:
            self.table_density_ = fit_table_density(
                matrix,
                schema,
                hyperparameters,
                rng,
                sample_weight=sample_weight,
                condition=given,
                checkpoint=checkpoint,
            )
        except TrainingInterrupted as interrupted:
            if interrupted.flow is None:
                raise
            self.table_density_ = interrupted.flow
            raise TrainingInterrupted(str(interrupted), self, interrupted.history) from None
        if sample_weight is not None:
            matrix = matrix[counted_rows(sample_weight, len(matrix))]
        warn_of_fit(self.table_density_, matrix, hyperparameters.max_seconds)
        return self

    def score_samples(self, X, *, condition=None):
        """Return the log density of each row.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers; columns of a table are found by name.
        condition : array or table of shape (n_samples, n_conditions), of one row, or None
            Where the density was fitted with one: of each row, or one for all of them.

        Returns
        -------
        log_prob : ndarray of shape (n_samples,)
            Natural logarithm of the density in the units of the columns, float64 and finite;
            higher is more normal.

        Raises
        ------
        DataError
            Where columns are missing or unknown, and as `fit` does.
        ShapeError
            Where a condition is missing, not asked for, or has another number of rows or columns.
        """
        check_is_fitted(self)
        matrix = self.schema_.align(X, owner=type(self).__name__)
        return self.table_density_.log_prob(matrix, self._read_condition(condition))

    def score(self, X, y=None, *, condition=None):  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the mean log density of the rows.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers.
        y : Ignored
            Present for scikit-learn's conventions.
        condition : array or table, or None
            As of `score_samples`.

        Returns
        -------
        log_prob : float
            The mean of `score_samples(X)`, in nats a row.
        """
        return float(np.mean(self.score_samples(X, condition=condition)))

    def sample(self, n_samples=1, random_state=None, *, condition=None, raw=False):
        """Draw new rows.

        A column that held whole numbers alone at fit, or truth values (0 and 1), holds such again,
        between the smallest and the largest of them, and apart by the step that they had.

        Parameters
        ----------
        n_samples : int, default=1
            How many.
        random_state : int, RandomState instance or None, default=None
            The same number gives the same rows, and more of them where `n_samples` is larger.
        condition : array or table of shape (n_samples, n_conditions), of one row, or None
            Where the density was fitted with one: of each row that is drawn, or one for all.
        raw : bool, default=False
            True gives the density's own rows: columns of whole numbers have fractions, and their
            bounds may be passed.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features_in_)
            float64 rows in the units of the columns; constants and copies are restored.

        Raises
        ------
        ValueError
            Where `n_samples` is no whole number of at least 1.
        ShapeError
            As `score_samples`.
        """
        check_is_fitted(self)
        n = whole("n_samples", n_samples)
        seed = sampling_seed(random_state)
        given = self._read_condition(condition)
        return self.table_density_.sample(n, seed=seed, raw=raw, condition=given)

    def transform(self, X, *, condition=None):
        """Map rows to the latent space, in which the fitted rows are nearly standard normal.

        With `flow="auto"` this is the latent space of the mixture's best flow.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers.
        condition : array or table, or None
            As of `score_samples`.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_kept)
            float64 latents of the columns that are not left out.
        """
        check_is_fitted(self)
        matrix = self.schema_.align(X, owner=type(self).__name__)
        return self.table_density_.to_latent(matrix, self._read_condition(condition))

    def inverse_transform(self, Z, *, condition=None):
        """Map latents back to rows, constants and copies restored.

        Parameters
        ----------
        Z : array or table of shape (n_samples, n_kept)
            Latents, as `transform` gives them.
        condition : array or table, or None
            As of `score_samples`.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features_in_)
            float64 rows in the units of the columns.
        """
        check_is_fitted(self)
        latents, _ = read_table(Z)
        if latents.shape[1] != self.scaler_.n_kept:
            raise ShapeError(
                f"Z has shape {latents.shape}, but latents have {self.scaler_.n_kept} columns"
            )
        return self.table_density_.from_latent(latents, self._read_condition(condition))

    def summary(self, *, figures=True):
        """Tell what fit did.

        Parameters
        ----------
        figures : bool, default=True
            Whether the last lines are those that draw figures of the model.

        Returns
        -------
        summary : str
            Lines on the recipe and its sizes, the rows and epochs, the held-out density with its
            standard error and its gain over classical densities, and what was done to each column.
        """
        check_is_fitted(self)
        told = summarise(self.table_density_, effort=self.effort)
        return f"{told}\n{self._figures_in_words()}" if figures else told

    def _figures(self) -> list[str]:
        return figures_of_density(self.table_density_)

    def _read_condition(self, condition) -> np.ndarray | None:
        """Return the condition of rows as the density takes it."""
        columns = self.table_density_.condition
        if condition is None or columns is None:
            return condition
        return columns.read(condition, owner=type(self).__name__)

    def _write(self, path: str | os.PathLike, **options: Any) -> ModelFile:
        return write_estimator(self, self.table_density_, path, **options)

    @property
    def _n_features_out(self) -> int:
        return self.scaler_.n_kept


def sampling_seed(random_state) -> int:
    """Return the seed of the rows that `FlowDensity.sample` draws with a `random_state`."""
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
