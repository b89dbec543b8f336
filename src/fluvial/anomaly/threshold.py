"""The log density below which a row is flagged."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fluvial.densities.ranges import real

HELD_OUT_QUANTILE = 0.01
"""Quantile of the held-out rows' log densities that is the threshold without a contamination."""

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
        >>> choose_threshold(np.zeros(0), 0.5, lambda: np.array([-3.0, -2.0, -1.0]))
        -2.0
    """
    quantile = HELD_OUT_QUANTILE if contamination is None else contamination
    judged_by_held_out = contamination is None and len(held_out) >= MIN_HELD_OUT
    return float(np.quantile(held_out if judged_by_held_out else score_all(), quantile))
