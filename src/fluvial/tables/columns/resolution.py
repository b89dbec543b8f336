"""What of a column is a step, what is an error of arithmetic, and what is no variation at all.

The three questions are decided here and nowhere else: whether a column varies, by how much its
different values differ at least, and whether a value departs from the one that is expected.
"""

import numpy as np

REPEATED = 0.9
"""A column is rounded where at most this share of its values are different."""

ROUNDING = 1e-9
"""Gaps smaller than this part of a column's largest magnitude are errors of arithmetic."""

TOLERANCE = 1e-6
"""A value departs where it differs by more than this part of its own or the expected magnitude."""


def is_constant(lowest: np.ndarray, highest: np.ndarray) -> np.ndarray:
    """Tell which columns do not vary, given their smallest and largest values."""
    return lowest == highest


def smallest_step(column: np.ndarray) -> float:
    """Return the step to which a column is rounded.

    Args:
        column: `(n,)`, finite.

    Returns:
        The smallest gap between different values where values repeat; zero for a column without
        repeated values, and for a constant one.

    Examples:
        >>> smallest_step(np.array([0.5, 1.0, 2.0, 1.0]))
        0.5
    """
    values = np.unique(column)
    if len(values) > REPEATED * len(column):
        return 0.0
    with np.errstate(over="ignore"):
        gaps = np.diff(values)
    gaps = gaps[(gaps > ROUNDING * np.abs(values).max()) & np.isfinite(gaps)]
    return float(gaps.min()) if len(gaps) else 0.0


def departs(values: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Tell which values differ from the expected ones by more than errors of arithmetic."""
    # Halves, because a difference may pass the largest float64.
    magnitude = np.maximum(np.abs(values), np.abs(expected))
    return np.abs(values / 2 - expected / 2) > TOLERANCE * (magnitude / 2)
