"""Degrees of masked networks: who may depend on whom.

Column i (from 1) has degree i and conditions have degree 0. A hidden unit of degree d sees the
inputs of degree at most d, and the parameters of column i see the hidden units of degree below i.
Hidden degrees are sorted, so that all units of one degree are neighbours (Germain et al. 2015,
arXiv 1502.03509, section 4; the order is ours).
"""

import numpy as np


def hidden_degrees(n_features: int, size: int, *, conditional: bool) -> np.ndarray:
    """Return the sorted degrees of `size` hidden units, spread evenly over `lowest...D-1`.

    The lowest is 1, but 0 with a condition, or p(x1 | condition) would not see it.
    """
    low = 0 if conditional else 1
    levels = max(n_features - low, 1)
    return low + np.arange(size) * levels // size


def input_mask(n_features: int, degrees: np.ndarray, condition_size: int) -> np.ndarray:
    """Return the mask (C + D, H) from the condition, then the columns, to hidden units."""
    below = np.concatenate([np.zeros(condition_size, int), np.arange(1, n_features + 1)])
    return below[:, None] <= degrees[None, :]


def hidden_mask(below: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Return the mask (H, H') from one hidden layer to the next."""
    return below[:, None] <= above[None, :]


def output_mask(degrees: np.ndarray, n_features: int, n_parameters: int) -> np.ndarray:
    """Return the mask (H, P * D) from hidden units to parameters, parameter by parameter."""
    mask = degrees[:, None] < np.arange(1, n_features + 1)[None, :]
    return np.tile(mask, (1, n_parameters))


def counts(degrees: np.ndarray, n_steps: int) -> np.ndarray:
    """Return how many units have each of the degrees 0...n_steps - 1, (n_steps,)."""
    return np.bincount(degrees, minlength=n_steps)[:n_steps]
