"""Distances to the nearest of some reference rows, and sums of kernels around all of them."""

from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from fluvial.parallel import threads

BLOCK = 256
"""Rows that are compared at once, the last ones filled up: so no row's distance depends on those
beside it."""


def nearest_distance(queries: np.ndarray, references: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return the distance `(n,)` to the nearest reference, over the root of the number of columns.

    Args:
        queries: `(n, D)` float32.
        references: `(m, D)` float32, m at least 1.
        own: `(n,)`, the place of each query among the references, which is then left out; -1 where
            it is not among them.

    Examples:
        >>> rows = np.array([[0.0], [3.0]], np.float32)
        >>> nearest_distance(rows, rows, own=np.arange(2))
        array([3., 3.])
    """
    squared = _by_blocks(queries, references, own, lambda products, nearest, squared: squared)
    return np.sqrt(squared / references.shape[1])


def log_kernels(
    queries: np.ndarray, references: np.ndarray, own: np.ndarray, bandwidth: float
) -> np.ndarray:
    """Return minus the log of the sum of Gaussian kernels around the references, `(n,)`.

    Args:
        queries: `(n, D)` float32.
        references: `(m, D)` float32, m at least 1.
        own: as in `nearest_distance`.
        bandwidth: the kernels' standard deviation in each column.
    """

    def of_block(products: np.ndarray, nearest: np.ndarray, squared: np.ndarray) -> np.ndarray:
        products -= products[np.arange(len(products)), nearest][:, None]
        products *= np.float32(1 / bandwidth**2)
        sums = np.exp(products, out=products).sum(axis=1)
        return squared / (2 * bandwidth**2) - np.log(sums.astype(np.float64))

    return _by_blocks(queries, references, own, of_block)


def _by_blocks(
    queries: np.ndarray,
    references: np.ndarray,
    own: np.ndarray,
    function: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return what a function gives for the queries, some of them at a time.

    Args:
        queries: `(n, D)` float32.
        references: `(m, D)` float32.
        own: `(n,)`.
        function: of `q . r - |r|^2 / 2`, `(BLOCK, m)`, which is largest for the nearest reference;
            of its place, `(BLOCK,)`; and of its squared distance, `(BLOCK,)` float64.
    """
    half = ((references.astype(np.float64) ** 2).sum(axis=1) / 2).astype(np.float32)
    transposed = np.ascontiguousarray(references.T)

    def of_block(start: int) -> np.ndarray:
        some = queries[start : start + BLOCK]
        block = np.zeros((BLOCK, some.shape[1]), np.float32)
        block[: len(some)] = some
        products = block @ transposed
        products -= half
        places = own[start : start + BLOCK]
        there = np.flatnonzero(places >= 0)
        products[there, places[there]] = -np.inf
        nearest = products.argmax(axis=1)
        # Once more in float64, so that equal rows are at zero.
        gaps = block.astype(np.float64) - references[nearest]
        return function(products, nearest, (gaps**2).sum(axis=1))[: len(some)]

    with threadpool_limits(1), threads() as pool:
        return np.concatenate(list(pool.map(of_block, range(0, len(queries), BLOCK))) or [_NONE])


_NONE = np.zeros(0)


def random_subsets(n_columns: int, number: int, rng: np.random.RandomState) -> list[np.ndarray]:
    """Draw subsets of half of the columns; none where there is one column alone.

    Where two columns are all, each of them is one.

    Examples:
        >>> random_subsets(2, 8, np.random.RandomState(0))
        [array([0]), array([1])]
    """
    if n_columns < 3:
        return [np.array([j]) for j in range(n_columns)] if n_columns == 2 else []
    half = -(-n_columns // 2)
    return [np.sort(rng.permutation(n_columns)[:half]) for _ in range(number)]


BANDWIDTHS = np.geomspace(0.01, 1.5, 12)
"""Candidates, in units of a view."""

MOST_QUERIES = 1_000
"""Rows that choose a bandwidth at most."""


def held_out_bandwidth(references: np.ndarray, queries: np.ndarray, own: np.ndarray) -> float:
    """Return the bandwidth under which queries, each left out, have the highest mean log density.

    Args:
        references: `(m, D)` float32.
        queries: `(n, D)` float32.
        own: as in `nearest_distance`.
    """
    n_columns = references.shape[1]
    losses = [
        log_kernels(queries, references, own, h).mean() + n_columns * np.log(h)
        for h in BANDWIDTHS.tolist()
    ]
    return float(BANDWIDTHS[int(np.argmin(losses))])
