"""How wide kernels are: as rows that were left out want it."""

import numpy as np

from fluvial.anomaly.relative.neighbourhood import nearest_and_kernels

BANDWIDTHS = np.geomspace(0.01, 1.5, 12)
"""Candidates, in units of a view."""

SMALLEST, FIRST = 0.05, 1.0
"""The smallest bandwidth of a column, and times n^(-1 / (D + 4)) where the search starts."""

STEPS, ENOUGH = 15, 0.02
"""Steps of the search at most, and the change of a log bandwidth below which it ends."""


def one_bandwidth(references: np.ndarray, queries: np.ndarray, own: np.ndarray) -> float:
    """Return the bandwidth under which queries, each left out, have the highest mean log density.

    Args:
        references: `(m, D)` float32.
        queries: `(n, D)` float32.
        own: `(n,)`, the place of each query among the references, or -1.
    """
    n_columns = references.shape[1]
    losses = [
        nearest_and_kernels(queries, references, own, h)[1].mean() + n_columns * np.log(h)
        for h in BANDWIDTHS.tolist()
    ]
    return float(BANDWIDTHS[int(np.argmin(losses))])


def column_bandwidths(references: np.ndarray, queries: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return a bandwidth for each column, `(D,)`, by the likelihood of queries that are left out.

    A step of expectation maximisation: each column's bandwidth becomes the root of the mean squared
    distance from the queries to the references, weighted by how much each reference explains the
    query.

    Args:
        references: `(m, D)` float32.
        queries: `(n, D)` float32.
        own: `(n,)`, the place of each query among the references.
    """
    n, n_columns = references.shape
    centred = references - references.mean(axis=0)
    asked = queries - references.mean(axis=0)
    squares = centred**2
    widths = np.full(n_columns, FIRST * n ** (-1 / (n_columns + 4)), np.float32)
    for _ in range(STEPS):
        scaled = centred / widths
        logits = (asked / widths) @ scaled.T - (scaled**2).sum(axis=1) / 2
        logits[np.arange(len(asked)), own] = -np.inf
        logits -= logits.max(axis=1, keepdims=True)
        shares = np.exp(logits, out=logits)
        shares /= shares.sum(axis=1, keepdims=True)
        moments = asked**2 - 2 * asked * (shares @ centred) + shares @ squares
        found = np.sqrt(np.maximum(moments.mean(axis=0), 0.0))
        found = np.maximum(found, SMALLEST).astype(np.float32)
        change = np.abs(np.log(found / widths)).max()
        widths = found
        if change < ENOUGH:
            break
    return widths.astype(np.float64)
