"""Where each value of a stream ranks among those before it."""

import numpy as np


def ranks_among_earlier(values: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    """Return how many of the values before each lie below it, `(n,)` whole numbers.

    Ties are broken at random, once for all. All values are sorted once; then blocks of 1, 2, 4 ...
    rows are compared with the block beside them, each in the order of its values.

    Args:
        values: `(n,)`, in the order of time.
        rng: breaks ties.

    Examples:
        >>> ranks_among_earlier(np.array([5.0, 7.0, 6.0, 1.0]), rng=np.random.default_rng(0))
        array([0, 1, 1, 0])
    """
    n = len(values)
    order = np.lexsort((rng.random(n), values))  # places, the lowest value first
    below = np.zeros(n, np.int64)
    size = 1
    while size < n:
        # By pairs of blocks, and within a pair still by value.
        pair = order // (2 * size)
        places = order[np.argsort(pair, kind="stable")]
        is_left = (places // size) % 2 == 0
        so_far = np.cumsum(is_left)
        first = (places // (2 * size)) * 2 * size  # all left blocks before this pair are full
        in_pair = so_far - first // 2
        below[places[~is_left]] += in_pair[~is_left]
        size *= 2
    return below


def conformal_p_values(
    reference: np.ndarray, stream: np.ndarray, *, rng: np.random.Generator
) -> np.ndarray:
    """Return the p-value of each value of a stream among the reference and those before it.

    Where all values, those of the reference too, are exchangeable, these are independent and
    uniform on (0, 1], exactly.

    Args:
        reference: `(m,)`.
        stream: `(n,)`, in the order of time.
        rng: breaks ties and spreads each p-value over its step.

    References:
        Vovk, Gammerman and Shafer 2005, Algorithmic learning in a random world, proposition 2.8.
    """
    values, m = np.concatenate([reference, stream]), len(reference)
    # The order of the reference does not matter to what comes after.
    below = ranks_among_earlier(values, rng=rng)[m:]
    return (below + 1 - rng.random(len(stream))) / (m + 1 + np.arange(len(stream)))
