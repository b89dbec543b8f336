"""The tail of normal scores, beyond what rows have shown."""

from typing import NamedTuple

import numpy as np

from fluvial.densities.ranges import real
from fluvial.errors import DataError

TAIL_SHARE = 0.1
"""The share of the rows, the lowest, that the tail is fitted to."""

MIN_TAIL = 20
"""Rows that the tail needs."""

MIN_ROWS = 2 * MIN_TAIL
"""At most half of the rows are tail."""


class Tail(NamedTuple):
    """A generalised Pareto fit to the lowest scores.

    Attributes:
        start: the score below which the tail begins.
        share: of the rows that lie there.
        shape: of the distribution; above 0 the tail is heavy, below 0 it ends.
        scale: of the distribution.
        n_rows: rows that it was fitted to.
    """

    start: float
    share: float
    shape: float
    scale: float
    n_rows: int

    def score_at(self, rate: float) -> float:
        """Return the score below which a share of normal rows lies, `rate` at most `share`."""
        from scipy.stats import genpareto

        beyond = genpareto.isf(rate / self.share, self.shape, scale=self.scale)
        return self.start - float(beyond)


def fit_tail(scores: np.ndarray) -> Tail:
    """Fit a generalised Pareto distribution to the lowest tenth of the scores of normal rows.

    Args:
        scores: `(n,)`, higher is more normal, n at least 40.

    Raises:
        DataError: for fewer rows, or where the lowest scores are all equal.

    References:
        Pickands 1975, Statistical inference using extreme order statistics; Siffer et al. 2017,
        Anomaly detection in streams with extreme value theory.

    Examples:
        >>> tail = fit_tail(-np.random.default_rng(0).exponential(size=5000))
        >>> bool(abs(tail.score_at(1e-4) - np.log(1e-4)) < 1.5)  # the exact quantile
        True
    """
    from scipy.stats import genpareto

    n = len(scores)
    if n < MIN_ROWS:
        raise DataError(f"the tail needs {MIN_ROWS} normal rows at least, but there are {n}")
    in_order = np.sort(scores)
    n_tail = max(MIN_TAIL, round(n * TAIL_SHARE))
    start = float(in_order[n_tail])
    excess = start - in_order[in_order < start]
    if len(excess) < MIN_TAIL // 2:
        raise DataError("the lowest scores are nearly all equal: there is no tail to fit")
    typical = float(excess.mean())
    # In units of their mean, so that the search starts well whatever the units of the scores.
    shape, _, scale = genpareto.fit(excess / typical, floc=0)
    return Tail(start, len(excess) / n, float(shape), float(scale) * typical, n)


def tail_threshold(scores: np.ndarray, rate: float) -> float:
    """Return the score below which a share of new normal rows is expected, also below 1 / n.

    Args:
        scores: `(n,)` of normal rows that the density has not seen.
        rate: the share, in (0, 0.5).

    Raises:
        DataError, ValueError: as `fit_tail`, and for a rate out of its range.
    """
    real("false_positive_rate", rate, 0, 0.5, "()")
    tail = fit_tail(scores)
    return tail.score_at(rate) if rate < tail.share else float(np.quantile(scores, rate))
