"""Noise of one step on rounded columns, so that a density finds no spikes at repeated values."""

import numpy as np

from fluvial.tables.columns.limits import LARGEST
from fluvial.tables.columns.resolution import smallest_step


def rounding_steps(matrix: np.ndarray) -> np.ndarray:
    """Return the step to which each column is rounded.

    Args:
        matrix: `(n, D)`, finite.

    Returns:
        `(D,)`: the smallest gap between different values where values repeat; zero for columns
        without repeated values, and for constant ones.

    Examples:
        >>> rounding_steps(np.array([[0.5, 1.2], [1.0, 3.4], [2.0, 5.1], [1.0, 7.7]]))
        array([0.5, 0. ])
    """
    return np.array([smallest_step(column) for column in matrix.T])


def dequantised(
    matrix: np.ndarray, steps: np.ndarray, rng: np.random.RandomState | np.random.Generator
) -> np.ndarray:
    """Add uniform noise of one step to each column.

    Args:
        matrix: `(n, D)`, finite; not modified.
        steps: `(D,)`, as `rounding_steps` gives them.
        rng: draws the noise.

    Returns:
        `(n, D)`: each value moved by less than half a step.

    Examples:
        >>> rows = np.array([[3.0], [4.0]])
        >>> dequantised(rows, np.ones(1), np.random.RandomState(0)).round().tolist()
        [[3.0], [4.0]]
    """
    noisy = matrix + steps * rng.uniform(-0.5, 0.5, matrix.shape)
    return np.clip(noisy, -LARGEST, LARGEST)
