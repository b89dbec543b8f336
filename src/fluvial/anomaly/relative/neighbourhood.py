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

    def of_block(products: np.ndarray, nearest: np.ndarray, squared: np.ndarray) -> np.ndarray:
        return squared

    return np.sqrt(_by_blocks(queries, references, own, of_block) / references.shape[1])


def nearest_and_kernels(
    queries: np.ndarray, references: np.ndarray, own: np.ndarray, bandwidth: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the distance to the nearest reference, and how little of kernels there is, `(n,)`.

    Args:
        queries: `(n, D)` float32.
        references: `(m, D)` float32, m at least 1.
        own: as in `nearest_distance`.
        bandwidth: standard deviation of the Gaussian kernels around the references.

    Returns:
        The distance over the root of D, and minus the log of the sum of the kernels, without the
        constant that makes them densities.
    """

    def of_block(products: np.ndarray, nearest: np.ndarray, squared: np.ndarray) -> np.ndarray:
        products -= products[np.arange(len(products)), nearest][:, None]
        products *= np.float32(1 / bandwidth**2)
        sums = np.exp(products, out=products).sum(axis=1).astype(np.float64)
        return np.stack([squared, squared / (2 * bandwidth**2) - np.log(sums)], axis=1)

    squared, kernels = _by_blocks(queries, references, own, of_block).T
    return np.sqrt(squared / references.shape[1]), kernels


def _by_blocks(
    queries: np.ndarray,
    references: np.ndarray,
    own: np.ndarray,
    function: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return what a function gives for the queries, some of them at a time.

    Args:
        queries: `(n, D)` float32, n at least 1.
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

    # NumPy's own threads would wait for each other at every block.
    with threadpool_limits(1), threads() as pool:
        return np.concatenate(list(pool.map(of_block, range(0, len(queries), BLOCK))))


def random_subsets(n_columns: int, number: int, rng: np.random.RandomState) -> list[np.ndarray]:
    """Draw subsets of half of the columns; up to two columns, each of them is one.

    Examples:
        >>> random_subsets(2, 8, np.random.RandomState(0))
        [array([0]), array([1])]
    """
    if n_columns < 3:
        return [np.array([j]) for j in range(n_columns)]
    half = -(-n_columns // 2)
    return [np.sort(rng.permutation(n_columns)[:half]) for _ in range(number)]
