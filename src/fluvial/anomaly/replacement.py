"""What the score of a row would be, were one of its columns different."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Score = Callable[[np.ndarray], np.ndarray]
"""From rows `(n, D)` to scores `(n,)`, higher is more normal."""

LEVELS = np.linspace(0.01, 0.99, 15)
"""Quantiles of a column among normal rows that are tried in place of a value."""

FINER = (0.25, 0.5, 0.75)
"""Places between the best quantile and each of its neighbours that are tried next."""


class Replacements(NamedTuple):
    """What came of replacing each column of some rows alone.

    Attributes:
        values: the best value found for each column, `(A, D)`.
        scores: the score of the row with that value, `(A, D)`; not below the row's own.
        surprises: minus the log of the row's density relative to its mean over the values tried,
            `(A, D)`: how strange the column is given the others.
    """

    values: np.ndarray
    scores: np.ndarray
    surprises: np.ndarray

    def foremost(self, n: int) -> np.ndarray:
        """Return the n columns of each row that gain most, `(A, n)`."""
        return np.argsort(-self.scores, axis=1, kind="stable")[:, :n]


def quantile_values(reference: np.ndarray) -> np.ndarray:
    """Return the values to try in each column, `(G, D)`, of normal rows `(m, D)`."""
    # Values that there are, so that columns of whole numbers stay such.
    return np.quantile(reference, LEVELS, axis=0, method="nearest")


def replace_each(
    score: Score,
    rows: np.ndarray,
    own: np.ndarray,
    values: np.ndarray,
    others: np.ndarray,
    *,
    n_closely: int,
) -> Replacements:
    """Try other values in each column of some rows.

    Few in all columns, and many in those that gain most by these.

    Args:
        score: of rows.
        rows: `(A, D)`.
        own: their scores `(A,)`.
        values: `(G, D)`, in order in each column.
        others: rows `(A, D)` of a value each that is tried first, beside the middle of `values`.
        n_closely: columns of each row that are looked at closely.

    Examples:
        >>> near_zero = lambda rows: -(rows**2).sum(axis=1)
        >>> values, rows = np.array([[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0]]), np.array([[3.0, 0.5]])
        >>> found = replace_each(near_zero, rows, near_zero(rows), values, rows, n_closely=2)
        >>> found.values, found.scores
        (array([[0., 0.]]), array([[-0.25, -9.  ]]))
    """
    every = np.broadcast_to(np.arange(rows.shape[1]), rows.shape)
    middle = np.broadcast_to(values[len(values) // 2], rows.shape)
    screened = _try(score, rows, own, every, np.stack([middle, others]))
    columns = screened.foremost(n_closely)
    closely = replace_some(score, rows, own, values, columns)
    for whole, part in zip(screened, closely, strict=True):
        np.put_along_axis(whole, columns, part, axis=1)
    return screened


def replace_some(
    score: Score, rows: np.ndarray, own: np.ndarray, values: np.ndarray, columns: np.ndarray
) -> Replacements:
    """Try all values in some columns `(A, K)` of each row, then some nearer to the best.

    Returns:
        Of these columns alone, each `(A, K)`.
    """
    grid = values[:, columns]
    tried = _scores_with(score, rows, columns, grid)
    best = tried.argmax(axis=0)[None]
    here = np.take_along_axis(grid, best, axis=0)
    finer = [
        here + part * (np.take_along_axis(grid, beside, axis=0) - here)
        for beside in (np.maximum(best - 1, 0), np.minimum(best + 1, len(grid) - 1))
        for part in FINER
    ]
    nearer = np.concatenate(finer)
    scores = np.concatenate([tried, _scores_with(score, rows, columns, nearer)])
    chosen = _best(rows, own, columns, np.concatenate([grid, nearer]), scores)
    return Replacements(*chosen, _surprises(own, tried))


def _try(
    score: Score, rows: np.ndarray, own: np.ndarray, columns: np.ndarray, values: np.ndarray
) -> Replacements:
    tried = _scores_with(score, rows, columns, values)
    return Replacements(*_best(rows, own, columns, values, tried), _surprises(own, tried))


def _best(
    rows: np.ndarray, own: np.ndarray, columns: np.ndarray, values: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the best of the values `(G, A, K)` and the row's own, and its score."""
    kept = np.take_along_axis(rows, columns, axis=1)[None]
    values = np.concatenate([kept, values])
    scores = np.concatenate([np.broadcast_to(own[:, None], columns.shape)[None], scores])
    best = scores.argmax(axis=0)[None]
    return (
        np.take_along_axis(values, best, axis=0)[0],
        np.take_along_axis(scores, best, axis=0)[0],
    )


def _surprises(own: np.ndarray, tried: np.ndarray) -> np.ndarray:
    """Return log mean exp(score) over the values tried and the row's own, less its own."""
    gain = np.concatenate([tried - own[:, None], np.zeros((1, *tried.shape[1:]))])
    peak = gain.max(axis=0)
    return peak + np.log(np.exp(gain - peak).mean(axis=0))


def _scores_with(
    score: Score, rows: np.ndarray, columns: np.ndarray, values: np.ndarray
) -> np.ndarray:
    """Return the score of each row with each value in its column alone, `(G, A, K)`.

    Args:
        score: of rows.
        rows: `(A, D)`.
        columns: `(A, K)`.
        values: `(G, A, K)`.
    """
    changed = np.broadcast_to(rows[:, None], (*values.shape, rows.shape[1])).copy()
    places = np.broadcast_to(columns, values.shape)[..., None]
    np.put_along_axis(changed, places, values[..., None], axis=-1)
    return score(changed.reshape(-1, rows.shape[1])).reshape(values.shape)
