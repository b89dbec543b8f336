"""Probability statements about scores: conformal p-values, and alarms by false-discovery rate."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from fluvial.densities.ranges import real
from fluvial.errors import DataError
from fluvial.tables.warning import warn_user

MOST_NEEDED = 0.1
"""The share of rows that may have to be strange before any is flagged, without a warning."""

MIN_ROWS = 20
"""Calibration rows below which no p-value is given."""


@dataclass(frozen=True)
class Calibration:
    """The scores of normal rows that a model was not fitted to, against which others are held.

    Attributes:
        scores: `(n,)`, ascending.
        weights: `(n,)`, of those rows, positive, in the same order; None counts each once.
        source: where the rows come from, in words.

    Examples:
        >>> calibration = Calibration.of(np.arange(99.0), source="an example")
        >>> calibration.p_values(np.array([-1.0, 4.0, 200.0]))
        array([0.01, 0.06, 1.  ])
    """

    scores: np.ndarray
    weights: np.ndarray | None
    source: str

    @classmethod
    def of(cls, scores: np.ndarray, weights: np.ndarray | None = None, *, source: str) -> Self:
        """Return the calibration by some scores, in any order.

        Raises:
            DataError: for fewer than 20 of them.
        """
        if len(scores) < MIN_ROWS:
            raise DataError(
                f"{len(scores)} calibration rows are too few for p-values, which need {MIN_ROWS} "
                "at least; give normal rows that the model was not fitted to"
            )
        order = np.argsort(scores, kind="stable")
        return cls(scores[order], None if weights is None else weights[order], source)

    @property
    def smallest_p(self) -> float:
        """The smallest p-value that there can be, of a row stranger than all of these."""
        if self.weights is None:
            return 1 / (len(self.scores) + 1)
        # A new row may have any weight of the old ones; the largest is on the safe side.
        return float(self.weights.max() / (self.weights.sum() + self.weights.max()))

    @property
    def effective_size(self) -> float:
        """Rows of equal weights that would say as much."""
        if self.weights is None:
            return float(len(self.scores))
        return float(self.weights.sum() ** 2 / (self.weights**2).sum())

    def p_values(
        self, scores: np.ndarray, *, randomised: bool = False, rng: Any = None
    ) -> np.ndarray:
        """Return how likely a normal row is to score no higher than each, `(m,)` in (0, 1].

        p = (1 + number of calibration scores at or below s) / (n + 1). With exchangeable rows
        P(p <= a) <= a for every a.

        Args:
            scores: `(m,)`.
            randomised: whether ties, the row itself among them, count by a random share, which
                makes p-values exactly uniform.
            rng: a NumPy generator, for randomised ones.

        References:
            Vovk, Gammerman and Shafer 2005, Algorithmic learning in a random world, chapter 2;
            Tibshirani et al. 2019, Conformal prediction under covariate shift, for weights.
        """
        below = np.searchsorted(self.scores, scores, side="left")
        up_to = np.searchsorted(self.scores, scores, side="right")
        each = np.ones(len(self.scores)) if self.weights is None else self.weights
        sums, own = np.concatenate([[0.0], np.cumsum(each)]), each.max()
        share = 1.0
        if randomised:
            share = 1 - (np.random.default_rng() if rng is None else rng).random(len(scores))
        counted = sums[below] + share * (sums[up_to] - sums[below] + own)
        return np.minimum(counted / (sums[-1] + own), 1.0)


def flag(p_values: np.ndarray, false_discovery_rate: float) -> np.ndarray:
    """Return which rows are anomalies, so that few of those flagged are normal, `(m,)`.

    By Benjamini and Hochberg: the expected share of normal rows among those flagged is at most the
    rate, for conformal p-values of exchangeable rows.

    Args:
        p_values: `(m,)`, of all the rows that are looked at together.
        false_discovery_rate: in (0, 1).

    References:
        Benjamini and Hochberg 1995; Bates et al. 2023, Testing for outliers with conformal
        p-values, theorem 2.

    Examples:
        >>> flag(np.array([0.001, 0.5, 0.9]), 0.1)
        array([ True, False, False])
    """
    from scipy.stats import false_discovery_control

    real("false_discovery_rate", false_discovery_rate, 0, 1, "()")
    if not len(p_values):
        return np.zeros(0, bool)
    # The bound itself counts: 0.1 * 1 / 10 is 0.01 but for its last bit.
    return false_discovery_control(p_values) <= false_discovery_rate * (1 + 1e-12)


def warn_if_too_small(calibration: Calibration, level: float) -> None:
    """Warn where more than a tenth of the rows would have to be strange before any is flagged.

    Args:
        calibration: the calibration.
        level: the false-discovery rate.
    """
    # With r of n rows at the smallest p-value, Benjamini and Hochberg flag where p <= level r / n.
    needed = calibration.smallest_p / level
    if needed > MOST_NEEDED:
        unless = f"unless {needed:.0%} of the rows or more are that strange"
        warn_user(
            f"{len(calibration.scores)} calibration rows give p-values of "
            f"{calibration.smallest_p:.2g} at best: at a false-discovery rate of {level:g} nothing "
            f"is flagged {unless if needed <= 1 else 'however strange rows are'}; "
            f"calibrate with {int(np.ceil(1 / (MOST_NEEDED * level)))} rows or more"
        )
