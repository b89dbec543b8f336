"""Which rows are held out from training."""

from hashlib import blake2b

import numpy as np

WHOLE = 10
"""Identical rows stay together where they are at most a tenth of the rows to hold out, or three."""


def held_out_rows(
    matrix: np.ndarray,
    fraction: float,
    rng: np.random.RandomState,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Draw rows to hold out, each as likely as any other; a few identical ones stay on one side.

    A row that is held out and trained on at once would make the held-out density look better than
    it is. But what is repeated often, as the values of counts are, is no accident: such rows are
    drawn one by one, or only the rare values would judge.

    Args:
        matrix: `(n, D)`.
        fraction: share to hold out, in [0, 1).
        rng: a random state.
        weights: `(n,)`, positive, of mean one; None where all are equal.

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
    unit, counts = _units(matrix, max(wanted // WHOLE, 3), weights)
    drawn = rng.permutation(len(counts))
    chosen = drawn[np.cumsum(counts[drawn]) <= wanted]
    return np.flatnonzero(np.isin(unit, chosen))


def fold_numbers(
    matrix: np.ndarray,
    n_folds: int,
    rng: np.random.RandomState,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Number the fold of each row, a few identical rows in one fold, many of them in all.

    Args:
        matrix: `(n, D)`, with n at least `n_folds`.
        n_folds: how many folds of about equal size.
        rng: a random state.
        weights: `(n,)`, positive, of mean one; None where all are equal.

    Returns:
        `(n,)`, from 0 to `n_folds - 1`.

    Examples:
        >>> np.bincount(fold_numbers(np.arange(20.0)[:, None], 5, np.random.RandomState(0)))
        array([4, 4, 4, 4, 4])
    """
    n = len(matrix)
    unit, counts = _units(matrix, max(n // n_folds // WHOLE, 3), weights)
    drawn = rng.permutation(len(counts))
    number = np.empty(len(counts), np.int64)
    # By the last row of each unit, or what is there of it.
    last = np.cumsum(counts[drawn]) - np.minimum(counts[drawn], 1)
    number[drawn] = np.minimum(last * n_folds // n, n_folds - 1)
    return number[unit]


def _units(
    matrix: np.ndarray, largest: int, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Number what is drawn together: up to `largest` identical rows, or else a single row.

    Returns:
        The unit `(n,)` of each row, and for how many rows each unit counts.
    """
    group = row_groups(matrix)
    counts = np.bincount(group, weights)
    alone = counts[group] > largest
    unit = np.where(alone, len(counts) + np.arange(len(matrix)), group)
    unit = np.unique(unit, return_inverse=True)[1]
    return unit, np.bincount(unit, weights)


def row_groups(matrix: np.ndarray) -> np.ndarray:
    """Number the different rows in the order of their first appearance."""
    # Adding zero turns -0.0 into 0.0, so that equal values have equal bytes.
    rows = np.ascontiguousarray(matrix + 0.0)
    numbers: dict[bytes, int] = {}
    digests = (blake2b(row, digest_size=16).digest() for row in rows)
    return np.fromiter((numbers.setdefault(d, len(numbers)) for d in digests), np.int64, len(rows))
