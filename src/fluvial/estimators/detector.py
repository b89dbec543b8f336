"""Rows that do not belong, as a scikit-learn outlier detector."""

import os
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from fluvial.anomaly import check_contamination, choose_threshold
from fluvial.anomaly.rankings import (
    DENSITY,
    RELATIVE,
    Ranked,
    check_conditional,
    check_latents,
    check_score,
)
from fluvial.anomaly.setting import chosen_at_fit
from fluvial.artifacts import ModelFile
from fluvial.densities.hyperparameters import DEFAULTS
from fluvial.errors import TrainingInterrupted
from fluvial.estimators.decisions import Decisions
from fluvial.estimators.density import FlowDensity
from fluvial.estimators.documentation import with_hyperparameters
from fluvial.estimators.figures import WithFigures, figures_of_detector
from fluvial.estimators.fitted import feature_names
from fluvial.estimators.given_rows import given_rows
from fluvial.estimators.known_labels import known_anomalies
from fluvial.estimators.parameters import detector_flow
from fluvial.estimators.score_parameter import ScoreParameter
from fluvial.estimators.writing import SaveMixin, write_detector


@with_hyperparameters
class FlowAnomalyDetector(SaveMixin, Decisions, WithFigures, OutlierMixin, BaseEstimator):
    """Flags rows that do not belong.

    A score of how normal a row is, a threshold on it, and the density of the rows beside it.

    Parameters
    ----------
    flow : str or None, default=None
        The density. "classical" is a kernel density and Gaussian mixtures, in a second or a few;
        "auto" is a mixture of flows and these, weighted on held-out rows (see Notes of
        `FlowDensity`); the others are one flow of a recipe, as `FlowDensity` lists them. None:
        "classical" with `score="relative"`, which needs no flow, else "neural_spline_flow".
    {hyperparameters}
    contamination : float or None, default=None
        None: the rows given to fit are taken as normal, and the threshold is the 1 % quantile of
        the held-out rows' scores (of all rows' where fewer than 20 are held out). A number
        in (0, 0.5]: that share of the rows given to fit is flagged.
    score : {"relative", "density", "latent", "typicality"}, default="relative"
        What rows are ranked by. "relative": how strange a row is beside the rows given to fit,
        relative to the shapes of the columns (see Notes); no density is needed for it. "density":
        the log density in the units of the columns. "latent": minus the norm of the latents, of
        one flow. "typicality": minus how far the log density lies from its usual value, be it
        below or above. A parameter and no attribute, since scikit-learn takes an attribute of this
        name for a method; `get_params` tells it.

    Attributes
    ----------
    density_ : FlowDensity
        The fitted density; it also draws rows.
    ranking_ : object
        What scores rows; for "relative" a `fluvial.anomaly.relative.RelativeScore`.
    offset_ : float
        The threshold: rows with a lower score are flagged.
    threshold_ : fluvial.anomaly.Threshold
        Its value, and how and by which rows it was chosen.
    n_features_in_ : int
        Columns given to fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all of them are strings.

    Notes
    -----
    With a condition, given to `fit`, a row is strange or not given that condition: the scores are
    those of p(X | condition), and everything that scores rows takes a condition of each. That is
    for all scores but "relative", which knows none.

    "relative" joins several measures, since none ranks well on every table: the distance to the
    nearest row, in all columns and in random halves of them; a kernel density of the columns made
    Gaussian by their ranks; the frequencies of values in columns of few values, and of pairs of
    values along a tree of columns. Each becomes a p-value against the rows given to fit, each of
    these left out, and the score is the sum of their logarithms: 0 is as normal as can be, and it
    has no unit. A row that equals one given to fit is judged by the others, so that all rows
    choose the threshold and give p-values. Of more than 2,500 rows a random sample serves
    distances.

    See Also
    --------
    FlowDensity : The density alone.

    Examples
    --------
    >>> import numpy as np
    >>> from fluvial import FlowAnomalyDetector
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> detector = FlowAnomalyDetector(random_state=0).fit(X)
    >>> detector.predict([[0.0, 0.0], [50.0, -50.0]])
    array([ 1, -1])
    """

    score = ScoreParameter()

    def __init__(
        self,
        flow=None,
        n_layers=None,
        hidden_sizes=None,
        n_bins=None,
        batch_size=DEFAULTS.batch_size,
        max_epochs=DEFAULTS.max_epochs,
        max_seconds=None,
        learning_rate=DEFAULTS.learning_rate,
        validation_fraction=DEFAULTS.validation_fraction,
        patience=None,
        verbose=0,
        random_state=None,
        contamination=None,
        effort=DEFAULTS.effort,
        score=RELATIVE,
        weight_decay=None,
        min_delta=DEFAULTS.min_delta,
        scaling=DEFAULTS.scaling,
    ):
        self.flow = flow
        self.n_layers = n_layers
        self.hidden_sizes = hidden_sizes
        self.n_bins = n_bins
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.max_seconds = max_seconds
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.verbose = verbose
        self.random_state = random_state
        self.contamination = contamination
        self.effort = effort
        self.score = score
        self.weight_decay = weight_decay
        self.min_delta = min_delta
        self.scaling = scaling

    def get_params(self, deep=True):
        """Return the parameters; see `sklearn.base.BaseEstimator.get_params`.

        Parameters
        ----------
        deep : bool, default=True
            Without effect: no parameter is an estimator.

        Returns
        -------
        params : dict
            By name.
        """
        return {name: vars(self)[name] for name in self._get_param_names()}

    def fit(self, X, y=None, sample_weight=None, *, condition=None, checkpoint=None):
        """Learn the score of the rows of a table, their density, and the threshold.

        Parameters
        ----------
        X : array or pandas, polars or pyarrow table of shape (n_samples, n_features)
            Finite numbers; booleans count as 0 and 1. Not modified.
        y : array-like of shape (n_samples,) or None, default=None
            What is known of rows, in scikit-learn's signs: 1 normal, -1 an anomaly, 0 or a missing
            value unknown.
            Known anomalies take no part in what is learned of the others, and `score="relative"`
            gives more weight to the parts that find them: the more of them there are the more, so
            that a few wrong labels do little harm. What holds other values is ignored, as
            scikit-learn wants it; so is what holds no -1.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            How much each row counts, not negative: 2 is the row twice, and 0 leaves it out, be it
            with missing values. Only ratios count, so that equal weights are none. They tell in all
            that is learned: scales, every member of the mixture and its weight, when training ends,
            which rows are
            held out, and the threshold. What is decided after the fit, by p-values say, counts the
            held-out rows alike.
        condition : array or table of shape (n_samples, n_conditions), or (n_samples,), or None
            What each row is given, as in `FlowDensity.fit`. Not with `score="relative"`, the
            default: give "density", say.
        checkpoint : Checkpoint or None, default=None
            A `fluvial.densities.Checkpoint`, a file that keeps what takes long, so that a fit that
            was killed goes on from there bit by bit as it would have. Not together with
            `max_seconds`.

        Returns
        -------
        self : FlowAnomalyDetector
            The fitted estimator.

        Raises
        ------
        DataError
            For fewer than two rows, only constant columns, text, dates, missing values,
            infinities and equal column names; the message names the column and the row. For a
            weight that is negative or no number, naming the row, and for none above zero.
        ShapeError
            Where there is not one weight, one condition or one label a row.
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
            Where a hyper-parameter is out of its range; for a condition with "relative" or
            "classical".
        """
        check_contamination(self.contamination)
        is_known, sample_weight = known_anomalies(y, sample_weight, X)
        chosen = self.get_params(deep=False)
        check_score(chosen["score"])
        if condition is not None:
            check_conditional(chosen["score"])
        chosen["flow"] = detector_flow(chosen["flow"], chosen["score"])
        check_latents(chosen.pop("score"), chosen["flow"])
        del chosen["contamination"]
        try:
            density = FlowDensity(**chosen).fit(
                X, sample_weight=sample_weight, condition=condition, checkpoint=checkpoint
            )
            self._choose_threshold(density, X, sample_weight, condition, is_known)
        except TrainingInterrupted as interrupted:
            if interrupted.flow is None:
                raise
            self._choose_threshold(interrupted.flow, X, sample_weight, condition, is_known)
            raise TrainingInterrupted(str(interrupted), self, interrupted.history) from None
        return self

    def _choose_threshold(
        self, density: FlowDensity, X, sample_weight, condition, is_known: np.ndarray | None
    ) -> None:
        """Make the ranking beside a fitted density, choose the threshold, and keep all."""
        given, counted = given_rows(density, X, sample_weight, condition)
        matrix = given.rows
        kind, rng = vars(self)["score"], check_random_state(self.random_state)
        table = density.table_density_
        anomalies = None
        if is_known is not None:
            anomalies = matrix[is_known & np.isfinite(matrix).all(axis=1)]
        ranked = Ranked.fit(
            kind, table, matrix, counted, sample_weight, rng, anomalies, given.condition
        )

        def all_scores() -> np.ndarray:
            scores = np.zeros(len(matrix))
            seen = given.take(counted)
            scores[counted] = ranked.ranking.score(seen.rows, seen.condition)
            return scores

        value = choose_threshold(
            ranked.scores,
            self.contamination,
            all_scores,
            held_out_weight=ranked.weights,
            sample_weight=sample_weight,
        )
        self.density_, self.ranked_ = density, ranked
        self._threshold = chosen_at_fit(
            value, ranked.scores, ranked.weights, self.contamination, density.n_samples_fit_
        )
        self.offset_ = value
        self._remember(given.joined, counted)

    def score_samples(self, X, *, condition=None):
        """Return the score of each row; the density is at `density_.score_samples`.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers; columns of a table are found by name.
        condition : array or table of shape (n_samples, n_conditions), of one row, or None
            Where `fit` was given one: of each row, or one for all of them.

        Returns
        -------
        score : ndarray of shape (n_samples,)
            float64 and finite; higher is more normal. What it is tells the parameter `score`.

        Raises
        ------
        DataError
            Where columns are missing or unknown, and as `fit` does.
        ShapeError
            Where a condition is missing, not asked for, or has another number of rows or columns.
        """
        check_is_fitted(self)
        return self._score(self._read(X, condition))

    def decision_function(self, X, *, condition=None):
        """Return how far each row lies above the threshold.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers.
        condition : array or table, or None
            As of `score_samples`.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
            `score_samples(X) - offset_`; negative for anomalies.
        """
        return self.score_samples(X, condition=condition) - self.offset_

    def predict(self, X, *, condition=None):
        """Tell which rows belong.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers.
        condition : array or table, or None
            As of `score_samples`.

        Returns
        -------
        label : ndarray of shape (n_samples,)
            1 for rows that belong, -1 for anomalies.
        """
        return np.where(self.decision_function(X, condition=condition) < 0, -1, 1)

    def fit_predict(self, X, y=None, *, condition=None, **settings):
        """Fit to rows, and tell which of them belong.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers.
        y : array-like or None, default=None
            As of `fit`.
        condition : array or table, or None
            As of `fit`.
        **settings
            Of `fit`.

        Returns
        -------
        label : ndarray of shape (n_samples,)
            1 for rows that belong, -1 for anomalies.
        """
        fitted = self.fit(X, y, condition=condition, **settings)
        return fitted.predict(X, condition=condition)

    def summary(self, *, figures=True):
        """Tell what fit did: the density's summary, and the threshold.

        Parameters
        ----------
        figures : bool, default=True
            Whether the last lines are those that draw figures of the model.

        Returns
        -------
        summary : str
            The lines.
        """
        check_is_fitted(self)
        kind = vars(self)["score"]
        unit = " nats" if kind == DENSITY else f" of the score {kind!r}"
        of_density = self.density_.summary(figures=False)
        told = f"{of_density}\nthreshold     {self.offset_:.4f}{unit}"
        return f"{told}\n{self._figures_in_words()}" if figures else told

    def _figures(self) -> list[str]:
        return figures_of_detector(self)

    def _write(self, path: str | os.PathLike, **options: Any) -> ModelFile:
        return write_detector(self, path, **options)

    @property
    def ranking_(self):
        """What scores rows."""
        return self.ranked_.ranking

    @property
    def n_features_in_(self) -> int:
        """Columns given to fit."""
        return self.density_.n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns given to fit.

        Raises:
            AttributeError: where they had none, as scikit-learn wants it.
        """
        return feature_names(self.density_.schema_)
