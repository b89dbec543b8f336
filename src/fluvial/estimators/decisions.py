"""What a fitted detector decides: its threshold, p-values, alarms, and whether normal has moved."""

import numbers
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from fluvial.anomaly.calibration import Calibration, flag, warn_if_too_small
from fluvial.anomaly.cost_model import CostModel
from fluvial.anomaly.drift import Drift, find_drift
from fluvial.anomaly.evaluation import Evaluation, evaluate
from fluvial.anomaly.fingerprint import Fingerprint
from fluvial.anomaly.labels import anomalous
from fluvial.anomaly.rankings import Ranked
from fluvial.anomaly.reasons import Explanation, check_method
from fluvial.anomaly.reference import Reference
from fluvial.anomaly.reweighting import reweighted
from fluvial.anomaly.setting import GIVEN, HELD_OUT, METHODS, Judges, Threshold, set_by
from fluvial.densities.ranges import real
from fluvial.errors import DataError, told
from fluvial.estimators.density import FlowDensity, sampling_seed
from fluvial.estimators.given_reasons import Reasons
from fluvial.estimators.given_rows import GivenRows


class Decisions:
    """The methods of a detector that need no more than its scores."""

    density_: FlowDensity
    ranked_: Ranked
    offset_: float
    # None where a model is of an earlier version.
    fitted_rows_: Fingerprint | None = None
    reference_: Reference | None = None
    calibration_: Calibration | None = None
    _threshold: Threshold | None = None

    @property
    def threshold_(self) -> Threshold:
        """The threshold, and how and by which rows it was chosen."""
        known = self._threshold
        if known is not None and known.value == self.offset_:
            return known
        return Threshold(float(self.offset_), "value", "unknown", 0)

    def score_samples(self, X, *, condition=None) -> np.ndarray:
        """Return the score of each row; higher is more normal."""
        raise NotImplementedError

    def set_threshold(self, method: str, X=None, y=None, *, condition=None, **options: Any) -> Self:
        """Set the threshold without fitting again.

        Parameters
        ----------
        method : {"quantile", "false_positive_rate", "contamination", "value", "max", "cost", \
                "tail"}
            "quantile": the `quantile` (default 0.01) of the scores of normal rows.
            "false_positive_rate": the highest threshold at which a new normal row is flagged with
            at most that probability (default 0.01); refused where rows are too few to tell.
            "tail": a generalised Pareto distribution fitted to the lowest tenth, for a
            `false_positive_rate` (default 0.001) also below what the rows show.
            "contamination": that share (default 0.1) of the rows is flagged.
            "max": none of the rows is flagged, be they rows that were given to fit.
            "value": the score `value` itself.
            "cost": what errors cost on labelled rows; see `fluvial.anomaly.CostModel` for
            `false_alarm`, `miss`, `tolerance`, `prevalence` and `count`; `times` (n_samples,),
            numbers, dates or timedeltas, gives the tolerance another unit than rows (of dates and
            timedeltas seconds); `prefer="gap"` (default) takes, among thresholds
            whose cost a block bootstrap cannot tell from the lowest, the one in the widest gap of
            the scores, "cost" the lowest cost.
        X : array or table of shape (n_samples, n_features) or None, default=None
            Rows that the model was not fitted to, in the order of time for "cost"; None takes those
            that the fit left out.
        y : array of shape (n_samples,) or None, default=None
            Labels of X: 0 for normal rows and others for anomalies, or 1 and -1. With methods other
            than "cost" and "contamination" the anomalies are left out.
        condition : array or table, or None
            Of X, as of `score_samples`.
        **options
            Of the method.

        Returns
        -------
        self : FlowAnomalyDetector
            With a new `offset_` and `threshold_`.

        Raises
        ------
        DataError
            Where labels are missing or all of one class, rows were given to fit, time goes back, or
            rows are too few for the rate. The old threshold stays.
        ValueError
            For unknown methods and options, and options out of their range.

        Examples
        --------
        >>> X = np.random.default_rng(0).normal(size=(300, 2))
        >>> detector = FlowAnomalyDetector(flow="maf", max_epochs=2, random_state=0).fit(X)
        >>> detector.set_threshold("value", value=-8.0).offset_
        -8.0
        """
        check_is_fitted(self)
        if method == "value":
            threshold = _given(options)
        else:
            if not isinstance(method, str) or method not in METHODS:
                raise ValueError(f"method must be one of {[*METHODS, 'value']}, not {told(method)}")
            threshold = set_by(method, self._judges(method, X, y, condition), options)
        self.offset_, self._threshold = threshold.value, threshold
        return self

    def calibrate(self, X, *, condition=None, weighting: str | None = None) -> Self:
        """Freeze other normal rows as those that p-values and drift compare with.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            At least 20 normal rows that the model was not fitted to, recent ones where normal has
            moved.
        condition : array or table, or None
            As of `score_samples`.
        weighting : {"density_ratio"} or None, default=None
            None compares with X alone. "density_ratio" compares with the earlier calibration rows
            as well, each weighted by how much denser recent rows are at its score: p-values reach
            lower, as `calibration_.smallest_p` and `calibration_.effective_size` tell. They are as
            good as that estimate, and hold for rows exchangeable with X.

        Returns
        -------
        self : FlowAnomalyDetector
            With `calibration_` set.

        Raises
        ------
        DataError
            Where rows were given to fit, or are too few. The old calibration stays.
        ValueError
            For another weighting.

        References
        ----------
        Tibshirani et al. 2019, Conformal prediction under covariate shift, equation 7.
        """
        check_is_fitted(self)
        if weighting not in (None, "density_ratio"):
            raise ValueError(f"weighting must be 'density_ratio' or None, not {told(weighting)}")
        given = self._read(X, condition)
        self._refuse_fitted(given)
        scores = self._score(given)
        if weighting is None:
            calibration = Calibration.of(scores, source="rows given to calibrate")
        else:
            calibration = reweighted(self.calibrated().scores, scores)
        self.calibration_, self.reference_ = calibration, Reference.some_of(given.joined, scores)
        return self

    def p_values(self, X, *, condition=None, randomised: bool = False, random_state: Any = None):
        """Return how likely a normal row is to be at least as strange as each.

        p = (1 + number of calibration rows that score no higher) / (n + 1), against rows that the
        model was not fitted to: those that the fit left out, or those given to `calibrate`.

        What is promised: where new normal rows are exchangeable with the calibration rows, at most
        a share a of them has p <= a, whatever the score. It says nothing about rows that have
        drifted away from these, and p is not the probability that a row is an anomaly.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers.
        condition : array or table, or None
            As of `score_samples`.
        randomised : bool, default=False
            Whether ties are broken at random, which makes the p-values of normal rows uniform.
        random_state : int, RandomState instance or None, default=None
            Of the ties.

        Returns
        -------
        p_value : ndarray of shape (n_samples,)
            In (0, 1], never below 1 / (n + 1).

        Raises
        ------
        DataError
            For fewer than 20 calibration rows.
        """
        calibration = self.calibrated()
        rng = np.random.default_rng(_seed(random_state))
        scores = self.score_samples(X, condition=condition)
        return calibration.p_values(scores, randomised=randomised, rng=rng)

    def flag(self, X, false_discovery_rate: float = 0.1, *, condition=None):
        """Tell which rows are anomalies, such that few of those flagged are normal.

        By Benjamini and Hochberg on the p-values of all rows together: on average at most the share
        `false_discovery_rate` of the flagged rows is normal, as long as normal rows are
        exchangeable with the calibration rows.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers.
        false_discovery_rate : float, default=0.1
            In (0, 1).
        condition : array or table, or None
            As of `score_samples`.

        Returns
        -------
        is_anomaly : ndarray of bool of shape (n_samples,)
            True for anomalies.

        Warns
        -----
        DataWarning
            Where the calibration rows are so few that nothing is flagged unless more than a tenth
            of the rows is strange.
        """
        calibration = self.calibrated()
        real("false_discovery_rate", false_discovery_rate, 0, 1, "()")
        p = calibration.p_values(self.score_samples(X, condition=condition))
        warn_if_too_small(calibration, false_discovery_rate)
        return flag(p, false_discovery_rate)

    def evaluate(
        self, X, y, *, condition=None, cost_model: CostModel | None = None, times=None
    ) -> Evaluation:
        """Judge the scores and the threshold on labelled rows.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers, in the order of time.
        y : array of shape (n_samples,)
            Labels, as in `set_threshold`.
        condition : array or table, or None
            As of `score_samples`.
        cost_model : fluvial.anomaly.CostModel or None, default=None
            None: each error costs 1, without tolerance.
        times : array of shape (n_samples,) or None, default=None
            When each row was, numbers, or dates or timedeltas, which count in seconds; None counts
            rows.

        Returns
        -------
        evaluation : fluvial.anomaly.Evaluation
            AUROC, average precision, cost, confusion, the delay of each stretch, and intervals by a
            block bootstrap.
        """
        check_is_fitted(self)
        scores = self.score_samples(X, condition=condition)
        return evaluate(scores, y, self.offset_, cost_model=cost_model, times=times)

    def drift(self, X, *, condition=None) -> Drift:
        """Tell whether rows that are not flagged have left the calibrated range, and where.

        A conformal martingale on the scores and on each column, against rows that the model was not
        fitted to. Where nothing moves, the probability that it ever warns is at most 1 %, however
        many rows there are; that assumes that rows are exchangeable, and so that those of a log
        do not depend on their neighbours. Fitting again is suggested, never done. With a condition
        the scores alone are watched: columns may well move with it.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers, in the order of time.
        condition : array or table, or None
            As of `score_samples`.

        Returns
        -------
        drift : fluvial.anomaly.Drift
            Whether, at which row and since when, and the columns that moved.

        Raises
        ------
        DataError
            Where the model has fewer than 20 rows to compare with.
        """
        check_is_fitted(self)
        given, reference = self._read(X, condition), self._compared()
        scores, names = self._score(given), self.density_.schema_.names
        names = names if given.condition is None else ()
        old, new = (rows[:, : len(names)] for rows in (reference.rows, given.rows))
        return find_drift(old, reference.scores, new, scores, self.offset_, names)

    def explain(self, X, *, condition=None, method: str = "leave_out") -> list[Explanation]:
        """Tell why rows are flagged: which columns, how much, and what would be normal.

        With a condition: what would be normal given that of the row, beside the normal rows whose
        conditions are nearest.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers.
        condition : array or table, or None
            As of `score_samples`.
        method : {"leave_out", "surprise", "path"}, default="leave_out"
            "leave_out": the score gained by replacing columns one after the other by their best
            value, each time the column that gains most, until the row is normal. "surprise": how
            strange each column is given the others, by integration over the column's normal
            values. "path": integrated gradients along the straight path to the nearest normal row,
            which sum to the score of that row less that of the flagged one.

        Returns
        -------
        explanations : list of fluvial.anomaly.Explanation
            One for each row that is flagged, in their order.

        Raises
        ------
        DataError
            Where the model has fewer than 5 normal rows to compare with.
        """
        check_is_fitted(self)
        check_method(method)
        given = self._read(X, condition)
        flagged = np.flatnonzero(self._score(given) < self.offset_)
        if not len(flagged):
            return []
        normal = self._compared().from_score(self.offset_)
        table = self.density_.table_density_
        reasons = Reasons(self.ranked_.ranking, table, normal, float(self.offset_))
        return reasons.of(given.take(flagged), flagged.tolist(), method)

    def _remember(self, matrix: np.ndarray, counted: np.ndarray) -> None:
        """Keep of the rows given to fit, but for those of weight zero, what decisions need.

        Args:
            matrix: the rows, with their conditions as further columns.
            counted: `(n,)`, which have a weight.
        """
        places, scores = self._held_out()
        self.fitted_rows_ = Fingerprint.of(matrix[counted])
        self.reference_ = Reference.some_of(matrix[places], scores)
        self.calibration_ = None

    def _held_out(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the places of the rows that the fit left out, in order, and their scores."""
        return self.ranked_.indices, self.ranked_.scores

    def _compared(self) -> Reference:
        if self.reference_ is None:
            raise DataError(
                "the model has no rows to compare with; give it normal ones with calibrate"
            )
        return self.reference_

    def calibrated(self) -> Calibration:
        """Return the calibration that p-values are told by.

        Returns
        -------
        calibration : fluvial.anomaly.Calibration
            By the rows that the fit left out, or those given to `calibrate`.

        Raises
        ------
        DataError
            For fewer than 20 of them.
        """
        check_is_fitted(self)
        if self.calibration_ is not None:
            return self.calibration_
        return Calibration.of(self._known_held_out(), source=HELD_OUT)

    def _known_held_out(self) -> np.ndarray:
        scores = self._held_out()[1]
        if np.isnan(scores).any():
            raise DataError("the model file is of an earlier version without scores; give rows")
        return scores

    def _judges(self, method: str, X, y, condition) -> Judges:
        """Return the rows that choose a threshold."""
        if method == "cost" and (X is None or y is None):
            raise DataError("the method 'cost' needs labelled rows: X and y")
        if X is None:
            if y is not None or condition is not None:
                what = "a condition needs its" if y is None else "labels y need their"
                raise DataError(f"{what} rows X")
            scores = self._known_held_out()
            if not len(scores):
                raise DataError("the fit left no rows out; give rows X to choose the threshold by")
            return Judges(scores, None, HELD_OUT)
        given = self._read(X, condition)
        if y is not None:  # before rows are scored, which takes longer
            anomalous(y, len(given.rows), both=method == "cost")
        if method != "max":
            self._refuse_fitted(given)
        return Judges(self._score(given), y, GIVEN)

    def _refuse_fitted(self, given: GivenRows) -> None:
        if self.fitted_rows_ is not None:
            self.fitted_rows_.refuse_known(given.joined)

    def _read(self, X, condition) -> GivenRows:
        return GivenRows.read(self.density_, X, condition)

    def _score(self, given: GivenRows) -> np.ndarray:
        return self.ranked_.ranking.score(given.rows, given.condition)


def _seed(random_state: Any) -> int | None:
    if random_state is None:
        return None
    whole = isinstance(random_state, numbers.Integral)
    return int(random_state) if whole else sampling_seed(random_state)


def _given(options: dict[str, Any]) -> Threshold:
    if set(options) != {"value"}:
        raise ValueError(f"the method 'value' takes value= alone, but not {list(options)}")
    number = real("value", options["value"], -np.inf, np.inf, "()")
    return Threshold(number, "value", "given", 0, {})
