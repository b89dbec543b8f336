"""Each column's part of what a path to a normal row gains."""

import numpy as np

from fluvial.anomaly.replacement import Score

STEPS = 16
"""Pieces of the path."""

FAR = 3.0
"""Robust widths beyond which a column is no farther when the nearest normal row is looked for."""


def nearest_normal(row: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return the normal row `(D,)` that is nearest to a row in most columns.

    Distances are summed over columns in robust widths, none beyond 3: a column that is far off
    does not decide which normal row resembles the others.

    Args:
        row: `(D,)`.
        reference: normal rows `(m, D)`.
    """
    low, high = np.quantile(reference, [0.16, 0.84], axis=0)
    width = (high - low) / 2
    width = np.where(width > 0, width, np.maximum(reference.std(axis=0), np.finfo(float).tiny))
    with np.errstate(over="ignore"):
        distance = np.minimum(np.abs(reference - row) / width, FAR).sum(axis=1)
    return reference[np.argmin(distance)]


def path_parts(score: Score, row: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return each column's part `(D,)` of the gain along a straight path to a normal row.

    Integrated gradients, by differences: along each piece of the path the columns are moved one
    after the other, once from the first to the last and once back, so that parts sum to the whole
    gain exactly, and need no gradient of the score.

    Args:
        score: of rows.
        row: `(D,)`.
        reference: normal rows `(m, D)`, to the nearest of which the path leads.

    References:
        Sundararajan, Taly and Yan 2017, Axiomatic attribution for deep networks, equation 1.

    Examples:
        >>> falling = lambda rows: -rows @ np.array([1.0, 2.0])
        >>> path_parts(falling, np.array([3.0, 3.0]), np.zeros((1, 2)))
        array([3., 6.])
    """
    target, n_columns = nearest_normal(row, reference), len(row)
    moved = np.arange(n_columns + 1)[:, None] > np.arange(n_columns)  # the first k columns
    parts = np.zeros(n_columns)
    for k in range(STEPS):
        # Between the ends, so that no value overflows.
        here = row * (1 - k / STEPS) + target * (k / STEPS)
        there = row * (1 - (k + 1) / STEPS) + target * ((k + 1) / STEPS)
        forth = np.diff(score(np.where(moved, there, here)))
        back = -np.diff(score(np.where(moved, here, there)))
        parts += (forth + back) / 2
    return parts
