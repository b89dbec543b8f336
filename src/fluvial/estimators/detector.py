"""Rows that do not belong, as a scikit-learn outlier detector."""

import os

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted

from fluvial.estimators import settings
from fluvial.estimators.density import FlowDensity

HELD_OUT_QUANTILE = 0.01
ENOUGH_HELD_OUT = 20


class FlowAnomalyDetector(OutlierMixin, BaseEstimator):
    """Flags rows of low probability density, learned by a normalizing flow.

    A `FlowDensity` and a threshold on its log density.

    Parameters
    ----------
    flow : {"auto", "neural_spline_flow", "maf", "iaf", "real_nvp", "nice"}, \
            default="neural_spline_flow"
        "auto" is a mixture of a neural spline flow, a Gaussian mixture and a kernel density,
        weighted on held-out rows (see `FlowDensity`); the others are one flow of that recipe of
        `fluvial.flows`. "real_nvp" and "nice" are quickest.
    n_layers : int or None, default=None
        Layers of the flow, at least 1 (2 for "real_nvp" and "nice"); None: chosen by recipe.
    hidden_sizes : tuple of int or None, default=None
        Units of each hidden layer of each layer's network; None: (128, 128), with "real_nvp" and
        up to four columns (64, 64).
    n_bins : int or None, default=None
        Bins of each spline, for "auto" and "neural_spline_flow" alone; None: 16 for "auto", else 8.
    batch_size : int, default=256
        Rows a training step; with "auto", fewer where rows are few.
    max_epochs : int, default=200
        Passes over the training rows at most; with "auto", `effort` bounds them too.
    max_seconds : float or None, default=None
        Limit of the wall time of training. Where it binds, results depend on the machine's speed.
        With "auto", folds that are not done by then are left out, one flow is trained with less
        than 40 seconds, and none with less than 10: Gaussian mixtures and kernels serve alone then,
        which a warning says.
    learning_rate : float, default=0.001
        Highest learning rate; "auto" takes three times as much, in fewer steps.
    validation_fraction : float, default=0.1
        Share of the rows held out to choose the best epoch and the threshold, in [0, 1).
    patience : int or None, default=None
        Epochs without a better held-out density after which training ends; None: 20 with held-out
        rows, no early stop without.
    verbose : int, default=0
        0 is silent; from 1 on, progress is shown on stderr.
    random_state : int, RandomState instance or None, default=None
        Determines the held-out rows, the starting parameters and the order of training; the same
        number gives bit-equal results on the same machine.
    contamination : float or None, default=None
        None: the rows given to fit are taken as normal, and the threshold is the 1 % quantile of
        the held-out rows' log densities (of all rows' where fewer than 20 are held out). A number
        in (0, 0.5]: that share of the rows given to fit is flagged.
    effort : {"fast", "balanced", "thorough"}, default="balanced"
        How much work "auto" takes, in steps and not in seconds, so that seeds reproduce: at most
        1,000, 4,000 or 20,000 training steps of each flow, or 1,000, 2,000 or 5,000 a fold where
        members are cross-fitted (see `FlowDensity`). Single recipes ignore it.

    Attributes
    ----------
    density_ : FlowDensity
        The fitted density; it also draws rows.
    offset_ : float
        The threshold: rows with a lower log density are flagged.
    n_features_in_ : int
        Columns given to fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all of them are strings.

    See Also
    --------
    FlowDensity : The density alone.

    Examples
    --------
    >>> import numpy as np
    >>> from fluvial import FlowAnomalyDetector
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> detector = FlowAnomalyDetector(flow="maf", max_epochs=5, random_state=0).fit(X)
    >>> detector.predict([[0.0, 0.0], [50.0, -50.0]])
    array([ 1, -1])
    """

    def __init__(
        self,
        flow=settings.DETECTOR_FLOW,
        n_layers=None,
        hidden_sizes=None,
        n_bins=None,
        batch_size=settings.BATCH_SIZE,
        max_epochs=settings.MAX_EPOCHS,
        max_seconds=None,
        learning_rate=settings.LEARNING_RATE,
        validation_fraction=settings.VALIDATION_FRACTION,
        patience=None,
        verbose=0,
        random_state=None,
        contamination=None,
        effort=settings.EFFORT,
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

    def fit(self, X, y=None):
        """Learn the density of the rows of a table, and the threshold.

        Parameters
        ----------
        X : array or pandas, polars or pyarrow table of shape (n_samples, n_features)
            Finite numbers; booleans count as 0 and 1. Not modified.
        y : Ignored
            Present for scikit-learn's conventions.

        Returns
        -------
        self : FlowAnomalyDetector
            The fitted estimator.

        Raises
        ------
        DataError
            For fewer than two rows, only constant columns, text, dates, missing values,
            infinities and equal column names; the message names the column and the row.
        TrainingError
            Where training diverges.
        ValueError
            Where a hyper-parameter is out of its range.
        """
        settings.check_contamination(self.contamination)
        chosen = self.get_params(deep=False)
        del chosen["contamination"]
        density = FlowDensity(**chosen)
        held_out = density._fit(X)
        quantile = HELD_OUT_QUANTILE if self.contamination is None else self.contamination
        if self.contamination is None and len(held_out) >= ENOUGH_HELD_OUT:
            scores = held_out
        else:
            scores = density.score_samples(X)
        self._adopt(density, offset=float(np.quantile(scores, quantile)))
        return self

    def score_samples(self, X):
        """Return the log density of each row.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers; columns of a table are found by name.

        Returns
        -------
        log_prob : ndarray of shape (n_samples,)
            Natural logarithm of the density in the units of the columns, float64 and finite;
            higher is more normal.

        Raises
        ------
        DataError
            Where columns are missing or unknown, and as `fit` does.
        """
        check_is_fitted(self)
        return self.density_.score_samples(X)

    def decision_function(self, X):
        """Return how far each row lies above the threshold.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
            `score_samples(X) - offset_`; negative for anomalies.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X):
        """Tell which rows belong.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers.

        Returns
        -------
        label : ndarray of shape (n_samples,)
            1 for rows that belong, -1 for anomalies.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def summary(self):
        """Tell what fit did: the density's summary, and the threshold.

        Returns
        -------
        summary : str
            The lines.
        """
        check_is_fitted(self)
        return f"{self.density_.summary()}\nthreshold     {self.offset_:.4f} nats"

    def save(self, path: str | os.PathLike) -> None:
        """Write a model file, whole or not at all; `fluvial.load` reads it.

        Parameters
        ----------
        path : str or path-like
            The file; one that exists is replaced.
        """
        from fluvial.estimators.persistence import save

        save(self, path)

    def _adopt(self, density: FlowDensity, *, offset: float) -> None:
        """Take over a fitted density and a threshold."""
        self.density_, self.offset_ = density, offset
        self.n_features_in_ = density.n_features_in_
        if hasattr(density, "feature_names_in_"):
            self.feature_names_in_ = density.feature_names_in_
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
