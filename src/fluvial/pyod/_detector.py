"""The anomaly detector with PyOD's signs: higher is stranger, 1 is an anomaly."""

from typing import Any, Self

import numpy as np
from pyod.models.base import BaseDetector  # pyright: ignore[reportMissingImports]
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from fluvial.estimators import FlowAnomalyDetector


class FlowDetector(BaseDetector):
    """`FlowAnomalyDetector` as a detector of PyOD, for its combinations and comparisons.

    Parameters
    ----------
    contamination : float, default=0.1
        The share of the rows given to fit that is flagged, in (0, 0.5]; or a thresholder of
        PyThresh. As PyOD has it, be the rows normal or not; for other thresholds take
        `FlowAnomalyDetector` itself.
    detector : FlowAnomalyDetector or None, default=None
        Its hyperparameters, which are copied, but for its `contamination`; None: the defaults.
    random_state : int, RandomState instance or None, default=None
        Of the detector, where it has none of its own.

    Attributes
    ----------
    detector_ : FlowAnomalyDetector
        The fitted detector, with the same threshold: it explains, and saves to a file.
    decision_scores_ : ndarray of shape (n_samples,)
        Minus the scores of the rows given to fit; higher is stranger. With the default score each
        row is judged by the others.
    threshold_ : float
        Rows of a higher score are anomalies.
    labels_ : ndarray of int of shape (n_samples,)
        1 for anomalies among the rows given to fit, else 0.

    See Also
    --------
    fluvial.FlowAnomalyDetector : The detector with scikit-learn's signs.

    Examples
    --------
    >>> from fluvial.pyod import FlowDetector
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> detector = FlowDetector(contamination=0.05, random_state=0).fit(X)
    >>> detector.predict(np.array([[0.0, 0.0], [50.0, -50.0]])), int(detector.labels_.sum())
    (array([0, 1]), 10)
    """

    def __init__(self, contamination=0.1, detector=None, random_state=None):
        super().__init__(contamination=contamination)
        self.detector = detector
        self.random_state = random_state

    def fit(self, X, y=None) -> Self:
        """Learn the scores of the rows of a table, and the threshold.

        Parameters
        ----------
        X : array or pandas, polars or pyarrow table of shape (n_samples, n_features)
            Finite numbers.
        y : Ignored
            PyOD warns where it is given.

        Returns
        -------
        self : FlowDetector
            The fitted detector.

        Raises
        ------
        DataError
            As `FlowAnomalyDetector.fit`.
        """
        self._set_n_classes(y)
        given = FlowAnomalyDetector() if self.detector is None else self.detector
        detector: Any = clone(given)
        detector.set_params(contamination=None)
        if detector.random_state is None:
            detector.set_params(random_state=self.random_state)
        detector.fit(X)
        self.decision_scores_ = -detector.score_samples(X)
        self._process_decision_scores()
        self.detector_ = detector.set_threshold("value", value=-float(self.threshold_))
        return self

    def decision_function(self, X) -> np.ndarray:
        """Return the score of each row.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers; columns of a table are found by name.

        Returns
        -------
        score : ndarray of shape (n_samples,)
            Higher is stranger.
        """
        check_is_fitted(self, ["decision_scores_", "threshold_", "labels_"])
        return -self.detector_.score_samples(X)
