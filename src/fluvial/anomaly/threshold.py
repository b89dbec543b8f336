"""The log density below which a row is flagged."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fluvial.densities.ranges import real
from fluvial.weights import checked_weights, mean, numbers_of_rows

HELD_OUT_QUANTILE = 0.01
"""Quantile of the held-out rows' log densities that is the threshold without a contamination."""

MOST_FLAGGED = 0.5
"""Share of the rows beyond which equal scores are no longer flagged together."""

MIN_HELD_OUT = 20
"""Held-out rows below which all rows choose the threshold."""


def check_contamination(value: Any) -> None:
    """Refuse a contamination that is neither None nor in (0, 0.5].

    Raises:
        ValueError: saying what it is.
    """
    if value is not None:
        real("contamination", value, 0, 0.5, "(]")


def choose_threshold(
    held_out: np.ndarray,
    contamination: float | None,
    score_all: Callable[[], np.ndarray],
    *,
    held_out_weight: np.ndarray | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the log density below which rows are flagged.

    Args:
        held_out: log densities (m,) of rows that the density was fitted without.
        contamination: None takes the rows as normal, and the threshold is the 1 % quantile of the
            held-out rows (of all rows where fewer than 20 are held out). A number in (0, 0.5] is
            the share of the rows that is to be flagged.
        score_all: returns the log densities (n,) of all rows, anything for those of weight zero;
            called only where they are needed.
        held_out_weight: for how many rows each of them counts (m,), positive; None is one.
        sample_weight: weights (n,) of all rows, not negative; None where all are equal.

    Examples:
        >>> choose_threshold(np.zeros(0), 0.25, lambda: np.array([-9.0, -9.0, -2.0, -1.0, -1.0]))
        -5.5
    """
    if contamination is None and are_enough(held_out, held_out_weight):
        return _quantile(held_out, HELD_OUT_QUANTILE, held_out_weight)
    scores, weights = score_all(), None
    if sample_weight is not None:
        weights = checked_weights(sample_weight, len(scores))
        scores, weights = scores[weights > 0], numbers_of_rows(weights[weights > 0])
    if contamination is None:
        return _quantile(scores, HELD_OUT_QUANTILE, weights)
    return between_distinct(scores, contamination, weights)


def are_enough(held_out: np.ndarray, weight: np.ndarray | None) -> bool:
    """Tell whether held-out rows (m,), each for as many as it weighs, may choose a threshold."""
    return (len(held_out) if weight is None else weight.sum()) >= MIN_HELD_OUT


def _quantile(scores: np.ndarray, share: float, weights: np.ndarray | None) -> float:
    """Return the score below which a share of the scores (n,) lies.

    Weights (n,), positive, tell how often each score is there: it takes the places from its first
    to its last copy, and from there to the next score leads a straight line.
    """
    if weights is None:
        return float(np.quantile(scores, share))
    order = np.argsort(scores, kind="stable")
    weights = weights[order]
    ends = np.cumsum(weights)
    places = np.stack([ends - weights, ends - np.minimum(weights, 1)], axis=1).ravel()
    return float(np.interp(share * (ends[-1] - 1), places, np.repeat(scores[order], 2)))


def between_distinct(scores: np.ndarray, share: float, weights: np.ndarray | None = None) -> float:
    """Return the threshold below which as near as possible to a share of the scores (n,) lies.

    Where many scores are equal, none or all of them lie below: all, where that is nearer to the
    share or else nothing would be flagged, but never more than half of the rows.
    """
    threshold = _quantile(scores, share, weights)
    below, up_to = mean(scores < threshold, weights), mean(scores <= threshold, weights)
    higher = scores[scores > threshold]
    is_better = below == 0 or up_to - share < share - below
    if is_better and up_to <= MOST_FLAGGED and len(higher):
        return float(threshold + (higher.min() - threshold) / 2)
    return threshold
