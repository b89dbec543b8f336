"""Rows that are alike, few, and far from all others: a clump that no distance shows as strange.

Each of them has neighbours, so that neither distances nor densities tell them from normal rows.
They are found by the gap around them, and only where nothing else can be meant: on tables of normal
rows alone, rules that find smaller or nearer clumps did harm.
"""

import numpy as np

from fluvial.anomaly.relative.standard import StandardView

GAP, TIMES = 3.0, 5.0
"""The gap around a clump at least, in standard deviations over the root of the number of columns,
and in distances to the nearest row that all but 2 % of the rows do not pass."""

FEWEST, MOST_SHARE = 20, 0.02
"""Rows of a clump at least, and the share of all rows that it is at most."""

MOST_ROWS, MOST_COLUMNS, MANY_VALUES = 4_000, 100, 200
"""Rows and columns that are looked at, and the values beyond which a column is no category."""


def in_clumps(rows: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """Return which rows `(n, D)` lie in a clump, `(n,)` of bool.

    Args:
        rows: `(n, D)`, finite; only columns of many values count.
        rng: draws the rows that are looked at, where they are many.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> rows = np.concatenate([rng.normal(size=3000), rng.normal(9, 0.1, size=30)])[:, None]
        >>> found = in_clumps(rows, np.random.RandomState(0))
        >>> int(found.sum()), int(found[3000:].sum())
        (30, 30)
    """
    n = len(rows)
    some = np.sort(rng.permutation(n)[:MOST_ROWS])
    many = [j for j, c in enumerate(rows[some].T) if len(np.unique(c)) > min(MANY_VALUES, n // 5)]
    nothing = np.zeros(n, bool)
    if not 0 < len(many) <= MOST_COLUMNS or len(some) < FEWEST / MOST_SHARE:
        return nothing
    images = StandardView.fit(rows[:, many]).images(rows[:, many]) / np.sqrt(len(many))
    if not _has_gap(images):
        return nothing
    lengths, order, parents, nearest = _spanning_tree(images[some])
    wide = lengths > max(GAP, TIMES * float(np.quantile(nearest, 1 - MOST_SHARE)))
    label = np.arange(len(some))
    for k in range(1, len(order)):  # each row after its parent
        if not wide[k]:
            label[order[k]] = label[parents[k]]
    sizes = np.bincount(label, minlength=len(some))[label]
    clumped = (sizes >= FEWEST) & (sizes <= MOST_SHARE * len(some))
    if not clumped.any() or n == len(some):
        found = nothing
        found[some] = clumped
        return found
    from scipy.spatial import KDTree

    return clumped[KDTree(images[some]).query(images)[1]]


def _has_gap(images: np.ndarray) -> bool:
    """Tell whether rows may have a clump at all: whether some of them are far from the centre."""
    far = np.abs(images).max(axis=1) > GAP / 2
    return bool(far.sum() >= FEWEST)


def _spanning_tree(
    images: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the shortest tree of rows `(n, D)`, as Prim builds it.

    Returns:
        The length of the edge by which each row was joined, the rows in the order in which they
        were, to which row each was, and the distance of each row to the nearest other one.
    """
    n = len(images)
    lengths, order, parents = np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64)
    nearest, best = np.full(n, np.inf), np.full(n, np.inf)
    parent, inside = np.zeros(n, np.int64), np.zeros(n, bool)
    j = 0
    for k in range(n):
        if k:
            j = int(np.argmin(np.where(inside, np.inf, best)))
            lengths[k], parents[k] = np.sqrt(best[j]), parent[j]
        order[k], inside[j] = j, True
        squared = ((images - images[j]) ** 2).sum(axis=1)
        squared[j] = np.inf
        nearest[j] = np.sqrt(squared.min())
        closer = squared < best
        best[closer], parent[closer] = squared[closer], j
    return lengths, order, parents, nearest
