"""Many rows in tiles, so that what is computed for a tile stays in the cache.

A spline layer makes about 50 numbers of each value. For 10,000 rows of 43 columns these are 80 MB,
and moving them costs more than the arithmetic.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

TILE = 2048
"""Rows that are computed together."""


def by_tiles(function: Callable[..., Any], rows: Array, condition: Array | None) -> Any:
    """Return `function(rows, condition)`, computed tile by tile where there are many rows.

    Args:
        function: maps (n, ...) and (n, ...) or None to a tree of arrays (n, ...), row by row.
        rows: (n, ...).
        condition: (n, ...) or None.
    """
    n = rows.shape[0]
    n_tiles = -(-n // TILE)
    if n_tiles <= 1:
        return function(rows, condition)
    size = -(-n // n_tiles)

    def cut(array: Array) -> Array:
        # The last row again, not zeros: a gradient is finite there if it is at all.
        padding = ((0, n_tiles * size - n),) + ((0, 0),) * (array.ndim - 1)
        return jnp.pad(array, padding, mode="edge").reshape(n_tiles, size, *array.shape[1:])

    tiles = jax.tree.map(cut, (rows, condition))
    out = lax.map(lambda tile: function(*tile), tiles)
    return jax.tree.map(lambda array: array.reshape(-1, *array.shape[2:])[:n], out)
