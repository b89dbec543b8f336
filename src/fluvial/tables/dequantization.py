"""Noise of one step on rounded columns, so that a density finds no spikes at repeated values."""

import numpy as np

from fluvial.tables.columns.limits import LARGEST


def dequantised(
    matrix: np.ndarray, steps: np.ndarray, rng: np.random.RandomState | np.random.Generator
) -> np.ndarray:
    """Add uniform noise of one step to each column.

    Args:
        matrix: `(n, D)`, finite; not modified.
        steps: `(D,)`, the `step` of a `fluvial.tables.columns.Resolution`.
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
