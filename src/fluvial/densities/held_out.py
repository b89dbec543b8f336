"""Which rows are held out from training."""

from hashlib import blake2b

import numpy as np


def held_out_rows(matrix: np.ndarray, fraction: float, rng: np.random.RandomState) -> np.ndarray:
    """Choose rows to hold out, identical rows on one side wherever that leaves enough to choose.

    A row that is held out and trained on at once would make the held-out density look better than
    it is.

    Args:
        matrix: `(n, D)`.
        fraction: share to hold out, in [0, 1).
        rng: a random state.

    Returns:
        The places of the held-out rows in order; at least two rows are left to train on.

    Examples:
        >>> held_out_rows(np.arange(20.0)[:, None], 0.1, np.random.RandomState(0)).shape
        (2,)
    """
    n = len(matrix)
    wanted = max(min(round(n * fraction), n - 2), 0)
    if not wanted:
        return np.empty(0, np.int64)
    group = _groups(matrix)
    counts = np.bincount(group)
    # A row that fills the share by itself is best left to training.
    candidates = rng.permutation(np.flatnonzero(counts <= max(wanted // 2, 1)))
    chosen = candidates[np.cumsum(counts[candidates]) <= wanted]
    if counts[chosen].sum() < wanted / 2:
        return np.sort(rng.permutation(n)[:wanted])
    return np.flatnonzero(np.isin(group, chosen))


def fold_numbers(matrix: np.ndarray, n_folds: int, rng: np.random.RandomState) -> np.ndarray:
    """Number the fold of each row, identical rows in one fold wherever that leaves enough folds.

    Args:
        matrix: `(n, D)`, with n at least `n_folds`.
        n_folds: how many folds of about equal size.
        rng: a random state.

    Returns:
        `(n,)`, from 0 to `n_folds - 1`; -1 for rows that are repeated too often to be in a fold.

    Examples:
        >>> np.bincount(fold_numbers(np.arange(20.0)[:, None], 5, np.random.RandomState(0)))
        array([4, 4, 4, 4, 4])
    """
    n = len(matrix)
    group = _groups(matrix)
    counts = np.bincount(group)
    candidates = rng.permutation(np.flatnonzero(counts <= max(n / n_folds / 2, 1)))
    ends = np.cumsum(counts[candidates])
    if not len(ends) or ends[-1] < n / 2:
        return rng.permutation(n) % n_folds
    number = np.full(len(counts), -1)
    number[candidates] = (ends - 1) * n_folds // ends[-1]
    return number[group]


def _groups(matrix: np.ndarray) -> np.ndarray:
    """Number the different rows in the order of their first appearance."""
    # Adding zero turns -0.0 into 0.0, so that equal values have equal bytes.
    rows = np.ascontiguousarray(matrix + 0.0)
    numbers: dict[bytes, int] = {}
    digests = (blake2b(row, digest_size=16).digest() for row in rows)
    return np.fromiter((numbers.setdefault(d, len(numbers)) for d in digests), np.int64, len(rows))
