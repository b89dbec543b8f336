"""Degrees of masked networks: who may depend on whom.

Column i (from 1) has degree i and conditions have degree 0. A hidden unit of degree d sees the
inputs of degree at most d, and the parameters of column i see the hidden units of degree below i.
Hidden degrees are sorted, so that all units of one degree are neighbours (Germain et al. 2015,
arXiv 1502.03509, section 4; the order is ours).

All depends on sizes alone, and is made once for each: the arrays are read-only.
"""

from functools import lru_cache

import numpy as np

N_KEPT = 256
"""Arrays that each function keeps."""


@lru_cache(N_KEPT)
def hidden_degrees(n_features: int, size: int, conditional: bool) -> np.ndarray:
    """Return the sorted degrees of `size` hidden units, spread evenly over `lowest...D-1`.

    The lowest is 1, but 0 with a condition, or p(x1 | condition) would not see it.
    """
    low = 0 if conditional else 1
    levels = max(n_features - low, 1)
    return _frozen(low + np.arange(size) * levels // size)


@lru_cache(N_KEPT)
def input_mask(n_features: int, size: int, condition_size: int) -> np.ndarray:
    """Return the mask (C + D, H) from the condition, then the columns, to `size` hidden units."""
    below = np.concatenate([np.zeros(condition_size, int), np.arange(1, n_features + 1)])
    return _frozen(below[:, None] <= hidden_degrees(n_features, size, condition_size > 0)[None, :])


@lru_cache(N_KEPT)
def hidden_mask(n_features: int, below: int, above: int, conditional: bool) -> np.ndarray:
    """Return the mask (H, H') from a hidden layer of `below` units to one of `above`."""
    of_below = hidden_degrees(n_features, below, conditional)
    return _frozen(of_below[:, None] <= hidden_degrees(n_features, above, conditional)[None, :])


@lru_cache(N_KEPT)
def output_mask(n_features: int, size: int, n_parameters: int, conditional: bool) -> np.ndarray:
    """Return the mask (H, P * D) from `size` hidden units to parameters, parameter by parameter."""
    degrees = hidden_degrees(n_features, size, conditional)
    mask = degrees[:, None] < np.arange(1, n_features + 1)[None, :]
    return _frozen(np.tile(mask, (1, n_parameters)))


def counts(degrees: np.ndarray, n_steps: int) -> np.ndarray:
    """Return how many units have each of the degrees 0...n_steps - 1, (n_steps,)."""
    return np.bincount(degrees, minlength=n_steps)[:n_steps]


def _frozen(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)
    return array
