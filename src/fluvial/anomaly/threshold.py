"""The log density below which a row is flagged."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fluvial.densities.ranges import real

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
    held_out: np.ndarray, contamination: float | None, score_all: Callable[[], np.ndarray]
) -> float:
    """Return the log density below which rows are flagged.

    Args:
        held_out: log densities (m,) of rows that the density was fitted without.
        contamination: None takes the rows as normal, and the threshold is the 1 % quantile of the
            held-out rows (of all rows where fewer than 20 are held out). A number in (0, 0.5] is
            the share of the rows that is to be flagged.
        score_all: returns the log densities (n,) of all rows; called only where they are needed.

    Examples:
        >>> choose_threshold(np.zeros(0), 0.25, lambda: np.array([-9.0, -9.0, -2.0, -1.0, -1.0]))
        -5.5
    """
    if contamination is not None:
        return _between_distinct(score_all(), contamination)
    scores = held_out if len(held_out) >= MIN_HELD_OUT else score_all()
    return float(np.quantile(scores, HELD_OUT_QUANTILE))


def _between_distinct(scores: np.ndarray, share: float) -> float:
    """Return the threshold below which as near as possible to a share of the scores (n,) lies.

    Where many scores are equal, none or all of them lie below: all, where that is nearer to the
    share or else nothing would be flagged, but never more than half of the rows.
    """
    threshold = float(np.quantile(scores, share))
    below, up_to = np.mean(scores < threshold), np.mean(scores <= threshold)
    higher = scores[scores > threshold]
    is_better = below == 0 or up_to - share < share - below
    if is_better and up_to <= MOST_FLAGGED and len(higher):
        return float(threshold + (higher.min() - threshold) / 2)
    return threshold
