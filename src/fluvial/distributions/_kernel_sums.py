"""Sums of Gaussian kernels over stored rows, tile by tile, by products or by differences.

A product gives the distances of a tile of queries from a tile of rows fastest:
`-|q - r|^2 / 2 = q . r - |q|^2 / 2 - |r|^2 / 2`. It loses the digits that the three terms share,
so rows that lie many bandwidths from the centre are subtracted column by column instead.
"""

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

QUERIES_AT_ONCE = 1024
ROWS_AT_ONCE = 512
"""Distances are computed in tiles of this size, so that memory does not grow with the rows."""

COLUMNS_AT_ONCE = 20
"""Differences of so many columns are summed in one pass over a tile."""

FARTHEST = 1e17
"""Bandwidths from the centre beyond which a coordinate counts as this: squares stay finite."""

WORST_ERROR = 5e-4
"""A tile of rows is multiplied where the rounding of its squared lengths stays below, in nats."""


def log_kernel_sums(queries: Array, rows: Array, bandwidth: Array, log_weights: Array) -> Array:
    """Return `log sum_i w_i exp(-|(q - r_i) / bandwidth|^2 / 2)` of every query.

    Args:
        queries: (n, D).
        rows: (N, D).
        bandwidth: (D,), positive.
        log_weights: (N,).

    Returns:
        (n,), in the type of the queries.
    """
    # Centred, because a product loses the digits that all coordinates share.
    centre = jnp.mean(rows, axis=0)
    rows, queries = (
        _within_reach(rows, centre, bandwidth),
        _within_reach(queries, centre, bandwidth),
    )
    size = jnp.sum(((rows - centre) / bandwidth) ** 2, axis=1)
    limit = WORST_ERROR / float(jnp.finfo(rows.dtype).eps)
    rows, log_weights, size = lax.cond(
        jnp.all(size <= limit), lambda *stored: stored, _nearest_first, rows, log_weights, size
    )
    stored = (
        _tiles(rows, ROWS_AT_ONCE, 0.0),
        _tiles(log_weights, ROWS_AT_ONCE, -jnp.inf),
        _tiles(size, ROWS_AT_ONCE, 0.0),
    )

    def of_tile(tile: Array) -> Array:
        white = (tile - centre) / bandwidth
        return _log_sum_exp(tile, white, stored, centre, bandwidth, limit)

    n = len(queries)
    return lax.map(of_tile, _tiles(queries, min(n, QUERIES_AT_ONCE), 0.0)).reshape(-1)[:n]


def _within_reach(values: Array, centre: Array, bandwidth: Array) -> Array:
    # A third of the largest number, so that a difference of two is finite.
    largest = float(jnp.finfo(values.dtype).max) / 3
    reach = jnp.minimum(bandwidth, largest / FARTHEST) * FARTHEST
    return jnp.clip(
        values, jnp.maximum(centre - reach, -largest), jnp.minimum(centre + reach, largest)
    )


def _nearest_first(rows: Array, log_weights: Array, size: Array) -> tuple[Array, Array, Array]:
    """Sort by the distance from the centre: few tiles then hold the rows that are far."""
    order = jnp.argsort(lax.stop_gradient(size))
    return rows[order], log_weights[order], size[order]


def _tiles(values: Array, size: int, filler: float) -> Array:
    """Cut (n, ...) into (m, size, ...), the last one filled up."""
    size = max(size, 1)
    padding = ((0, -len(values) % size),) + ((0, 0),) * (values.ndim - 1)
    padded = jnp.pad(values, padding, constant_values=filler)
    return padded.reshape(-1, size, *values.shape[1:])


def _log_sum_exp(
    queries: Array,
    white: Array,
    stored: tuple[Array, Array, Array],
    centre: Array,
    bandwidth: Array,
    limit: float,
) -> Array:
    """Return the logarithm of the sum for one tile of queries, tile of rows by tile."""
    half_size = jnp.sum(white * white, axis=1) / 2

    def by_product(rows: Array, log_weights: Array, size: Array) -> Array:
        # One product of (q, -|q|^2 / 2, 1) and (r, 1, log w - |r|^2 / 2).
        rows = (rows - centre) / bandwidth
        one = jnp.ones_like(size)[:, None]
        left = jnp.concatenate([white, -half_size[:, None], jnp.ones_like(white[:, :1])], axis=1)
        right = jnp.concatenate([rows, one, (log_weights - size / 2)[:, None]], axis=1)
        return jnp.matmul(left, right.T, precision=lax.Precision.HIGHEST)

    def by_differences(rows: Array, log_weights: Array, size: Array) -> Array:
        return _by_differences(queries, rows, log_weights, bandwidth)

    # The exponents of a tile are computed again for a gradient, not kept for all tiles.
    @jax.checkpoint
    def add(carry, tile):
        highest, total = carry
        exponent = lax.cond(jnp.all(tile[2] <= limit), by_product, by_differences, *tile)
        higher = jnp.maximum(highest, jnp.max(exponent, axis=1))
        moved = total * jnp.exp(highest - higher)
        return (higher, moved + jnp.sum(jnp.exp(exponent - higher[:, None]), axis=1)), None

    lowest = jnp.full(len(queries), jnp.finfo(queries.dtype).min, queries.dtype)
    (highest, total), _ = lax.scan(add, (lowest, jnp.zeros_like(lowest)), stored)
    return highest + jnp.log(total)


def _by_differences(queries: Array, rows: Array, log_weights: Array, bandwidth: Array) -> Array:
    """Return `log w - |(q - r) / bandwidth|^2 / 2` of all pairs, (n, N).

    Differences of near numbers are exact, so the error is relative to the exponent.
    """
    n_features = rows.shape[1]
    # At least two passes: XLA computes a single one twice, for the maximum and for the sum.
    n_passes = max(2, -(-n_features // COLUMNS_AT_ONCE))
    at_once = -(-n_features // n_passes)

    def columns(values: Array) -> Array:
        more = n_passes * at_once - n_features
        padded = jnp.pad(values, ((0, more),) + ((0, 0),) * (values.ndim - 1))
        return padded.reshape(n_passes, at_once, *values.shape[1:])

    @jax.checkpoint
    def subtract(exponent, of_columns):
        for query, row, scale in zip(*of_columns, strict=True):
            exponent = exponent - ((query[:, None] - row) * scale) ** 2
        return exponent, None

    start = jnp.broadcast_to(log_weights, (len(queries), len(rows)))
    passes = columns(queries.T), columns(rows.T), columns(0.5**0.5 / bandwidth)
    return lax.scan(subtract, start, passes)[0]
