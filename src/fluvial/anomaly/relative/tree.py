"""Pairs of columns that depend on each other: a Chow-Liu tree of their categories.

A row scores by how much rarer its pairs of values are than their values alone would tell:

    strangeness = -sum over edges (i, j) of log p(x_j | x_i) / p(x_j)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.anomaly.relative.categories import Categories
from fluvial.errors import ModelFileError
from fluvial.tables.stored import column_numbers

BINS, MOST_CATEGORIES = 12, 2_000
"""Categories of a column at most, and of all columns together."""

PRIOR, PAIR_PRIOR = 0.5, 2.0
"""Rows that each category has in addition, and rows that say of a pair what its parts do alone."""


@dataclass(frozen=True)
class PairTree:
    """A tree of pairs of columns.

    Attributes:
        categories: of the columns.
        edges: `(E, 2)`, the places of the columns of each pair.
        tables: for each edge the counts `(K_i, K_j)` of its pairs of categories.

    References:
        Chow and Liu 1968, Approximating discrete probability distributions with dependence trees.

    Examples:
        >>> x = np.repeat([0.0, 1.0], 100)
        >>> tree = PairTree.fit(np.column_stack([x, x]))
        >>> strange = tree.strangeness(np.array([[0.0, 0.0], [0.0, 1.0]]), np.zeros(2, bool))
        >>> bool(strange[1] > strange[0] + 4)
        True
    """

    categories: Categories
    edges: np.ndarray
    tables: tuple[np.ndarray, ...]

    @classmethod
    def fit(cls, rows: np.ndarray) -> Self | None:
        """Learn the tree of rows `(n, D)`; None where no pair depends on each other."""
        n_columns = rows.shape[1]
        if n_columns < 2:
            return None
        most = min(BINS, max(MOST_CATEGORIES // n_columns, 2))
        categories = Categories.fit(rows, most=most)
        codes = categories.codes(rows)
        edges = _spanning_tree(_information(codes, categories.sizes))
        if not len(edges):
            return None
        tables = [_table(codes[:, i], codes[:, j], categories.sizes[[i, j]]) for i, j in edges]
        return cls(categories, edges, tuple(tables))

    def strangeness(self, rows: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Return the strangeness `(n,)` of the pairs of rows `(n, D)`.

        Args:
            rows: in the units of the columns.
            known: `(n,)` of bool, which of them were counted: each is judged by the others alone.
        """
        codes, own = self.categories.codes(rows), known.astype(float)
        total = np.zeros(len(rows))
        for (i, j), table in zip(self.edges, self.tables, strict=True):
            first, second = codes[:, i], codes[:, j]
            of_first, of_second = table.sum(axis=1), table.sum(axis=0)
            n = of_first.sum() - own
            alone = (of_second[second] - own + PRIOR) / (n + PRIOR * len(of_second))
            pairs = table[first, second] - own + PAIR_PRIOR * alone
            total -= np.log(pairs / (of_first[first] - own + PAIR_PRIOR) / alone)
        return total

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file holds."""
        return {
            **self.categories.to_arrays(),
            "pairs": self.edges,
            "tables": np.concatenate([table.ravel() for table in self.tables]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], *, n_columns: int) -> Self | None:
        """Return what `to_arrays` described, or None where there is nothing.

        Raises:
            KeyError: where an array is missing.
            ModelFileError: where the arrays do not fit each other.
        """
        if not arrays:
            return None
        categories = Categories.from_arrays(arrays, n_columns=n_columns)
        edges = arrays["pairs"]
        if edges.ndim != 2 or edges.shape[1:] != (2,) or edges.dtype != np.int64 or not edges.size:
            raise ModelFileError("the pairs of a tree must be int64[E, 2]")
        if edges.min() < 0 or edges.max() >= n_columns or (edges[:, 0] == edges[:, 1]).any():
            raise ModelFileError(f"the pairs of a tree must be of two of {n_columns} columns")
        shapes = categories.sizes[edges]
        sizes = shapes.prod(axis=1)
        counts = column_numbers(arrays, "tables", n_columns=int(sizes.sum()))
        if (counts < 0).any():
            raise ModelFileError("the counts of a tree must not be negative")
        parts = np.split(counts, np.cumsum(sizes)[:-1])
        tables = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        return cls(categories, edges, tuple(tables))


def _table(first: np.ndarray, second: np.ndarray, shape: np.ndarray) -> np.ndarray:
    codes = first * shape[1] + second
    return np.bincount(codes, minlength=int(shape.prod())).reshape(shape).astype(float)


def _information(codes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the mutual information `(D, D)` of pairs of columns, less what chance would give."""
    n = len(codes)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    indicators = np.zeros((n, starts[-1]), np.float32)
    indicators[np.arange(n)[:, None], codes + starts[:-1]] = 1
    joint = (indicators.T @ indicators).astype(np.float64) / n
    alone = np.diag(joint).copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(joint > 0, joint * np.log(joint / np.outer(alone, alone)), 0.0)
    sums = np.add.reduceat(np.add.reduceat(parts, starts[:-1], axis=0), starts[:-1], axis=1)
    used = np.add.reduceat((alone > 0).astype(float), starts[:-1]) - 1
    return sums - np.outer(used, used) / (2 * n)


def _spanning_tree(weights: np.ndarray) -> np.ndarray:
    """Return the edges `(E, 2)` of the heaviest tree, but for those that weigh nothing."""
    n = len(weights)
    inside = np.zeros(n, bool)
    inside[0] = True
    best, parent = weights[0].copy(), np.zeros(n, np.int64)
    edges = []
    for _ in range(n - 1):
        j = int(np.argmax(np.where(inside, -np.inf, best)))
        if best[j] > 0:
            edges.append((parent[j], j))
        inside[j] = True
        better = weights[j] > best
        best, parent = np.where(better, weights[j], best), np.where(better, j, parent)
    return np.array(edges, np.int64).reshape(-1, 2)
