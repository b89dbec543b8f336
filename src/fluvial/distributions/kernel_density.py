"""Gaussian kernel densities over stored rows."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.distributions._stored import LogWeights, checked_positive, known
from fluvial.distributions.distribution import Distribution
from fluvial.errors import ShapeError
from fluvial.parameters import Fixed
from fluvial.shapes import Shape, as_floats

QUERIES_AT_ONCE = 1024
ROWS_AT_ONCE = 512
"""Distances are computed in tiles of this size, so that memory does not grow with the rows."""

FARTHEST = 1e17
"""Bandwidths from the centre beyond which a coordinate counts as this: squares stay finite."""


class KernelDensity(Distribution):
    """A Gaussian around every stored row.

    `p(x) = sum_i w_i prod_j N(x_j | rows_ij, bandwidth_j^2)`

    Nothing is trained. A density costs N D operations a query, in tiles of fixed size; a sample
    costs what one normal row costs. Distances come from matrix products of the centred rows, so in
    float32 the log density of a row d bandwidths from the centre has an error of about d^2 / 1e7;
    it stays finite at any distance.

    Args:
        rows: (N, D), N at least 1.
        bandwidth: positive, a number or one a column, (D,).
        weights: (N,), not negative; divided by their sum. Equal where None.

    Raises:
        ShapeError: where the shapes do not agree.
        ValueError: where a bandwidth is not positive or a weight is negative.

    Examples:
        >>> density = KernelDensity(jnp.array([[0.0, 0.0], [4.0, 1.0]]), 0.5)
        >>> density.log_prob(jnp.zeros((3, 2))).shape
        (3,)

    References:
        Silverman 1986, Density Estimation for Statistics and Data Analysis, equation 4.1.
    """

    _rows: Fixed
    _bandwidth: Fixed
    _log_weights: LogWeights
    event_shape: Shape = eqx.field(static=True)
    condition_shape: None = eqx.field(static=True, default=None)

    def __init__(self, rows: ArrayLike, bandwidth: ArrayLike, weights: ArrayLike | None = None):
        rows = as_floats(rows)
        if rows.ndim != 2 or not rows.size:
            raise ShapeError(f"rows must have shape (N, D), but have shape {rows.shape}")
        bandwidth = as_floats(bandwidth).astype(rows.dtype)
        if bandwidth.shape not in ((), rows.shape[1:]):
            raise ShapeError(
                f"the bandwidth has shape {bandwidth.shape}, but must have shape () or "
                f"{rows.shape[1:]}, one number a column"
            )
        equal = np.ones(len(rows), rows.dtype)
        weights = as_floats(equal if weights is None else weights).astype(rows.dtype)
        if weights.shape != rows.shape[:1]:
            raise ShapeError(
                f"{len(rows)} rows need weights of shape {rows.shape[:1]}, "
                f"but the weights have shape {weights.shape}"
            )
        if known(rows) and not np.all(np.isfinite(np.asarray(rows))):
            raise ValueError("rows must be finite; leave out those that are not")
        self._rows = Fixed(rows)
        self._bandwidth = Fixed(
            jnp.broadcast_to(checked_positive(bandwidth, "bandwidth"), rows.shape[1:])
        )
        self._log_weights = LogWeights(weights, trainable=False)
        self.event_shape = rows.shape[1:]

    @property
    def rows(self) -> Array:
        """The stored rows, (N, D)."""
        return self._rows.value

    @property
    def bandwidth(self) -> Array:
        """The standard deviation of the kernels in each column, (D,)."""
        return self._bandwidth.value

    @property
    def weights(self) -> Array:
        """The weights of the rows, (N,), with sum 1."""
        return jnp.exp(self._log_weights.value)

    def _log_prob(self, x, condition) -> Array:
        dtype = jnp.result_type(x.dtype, self.rows.dtype)
        rows, bandwidth = self.rows.astype(dtype), self.bandwidth.astype(dtype)
        # Centred, because a product loses the digits that all coordinates share.
        centre = jnp.mean(rows, axis=0)
        stored, size = _white(rows, centre, bandwidth)
        last = self._log_weights.value.astype(dtype) - size / 2
        # -|q - r|^2 / 2 + log w as one product of (q, -|q|^2 / 2, 1) and (r, 1, log w - |r|^2 / 2).
        stored = jnp.concatenate([stored, jnp.ones_like(size)[:, None], last[:, None]], axis=1)
        filler = jnp.zeros(stored.shape[1], dtype).at[-1].set(-jnp.inf)
        n = len(x)
        queries, size = _white(x.astype(dtype), centre, bandwidth)
        ends = jnp.stack([-size / 2, jnp.ones_like(size)], axis=1)
        queries = jnp.concatenate([queries, ends], axis=1)
        queries = _tiles(queries, min(n, QUERIES_AT_ONCE), jnp.zeros_like(filler).at[-1].set(1.0))
        stored = _tiles(stored, ROWS_AT_ONCE, filler)
        total = jax.lax.map(lambda tile: _log_sum_exp(tile, stored), queries)
        wide = jnp.result_type(float)
        constant = jnp.sum(jnp.log(bandwidth.astype(wide)))
        constant += self.event_shape[0] * math.log(2 * math.pi) / 2
        return total.reshape(-1)[:n].astype(wide) - constant

    def _sample(self, key, n, condition) -> Array:
        of_choice, of_noise = jax.random.split(key)
        chosen = jax.random.choice(of_choice, len(self.rows), (n,), p=self.weights)
        noise = jax.random.normal(of_noise, (n, *self.event_shape), self.rows.dtype)
        return self.rows[chosen] + self.bandwidth * noise


def _white(rows: Array, centre: Array, bandwidth: Array) -> tuple[Array, Array]:
    """Return (n, D) rows in bandwidths from the centre, and their squared lengths (n,)."""
    white = jnp.clip((rows - centre) / bandwidth, -FARTHEST, FARTHEST)
    return white, jnp.sum(white * white, axis=1)


def _tiles(values: Array, size: int, filler: Array) -> Array:
    """Cut (n, D) into (m, size, D), the last one filled up with `filler` (D,)."""
    n_missing = -len(values) % max(size, 1)
    more = jnp.broadcast_to(filler, (n_missing, len(filler)))
    return jnp.concatenate([values, more]).reshape(-1, max(size, 1), len(filler))


def _log_sum_exp(queries: Array, stored: Array) -> Array:
    """Return log sum_i exp(q . r_i) for every query q, tile of rows by tile."""

    def add(carry, rows):
        highest, total = carry
        exponent = jnp.matmul(queries, rows.T, precision=jax.lax.Precision.HIGHEST)
        higher = jnp.maximum(highest, jnp.max(exponent, axis=1))
        moved = total * jnp.exp(highest - higher)
        return (higher, moved + jnp.sum(jnp.exp(exponent - higher[:, None]), axis=1)), None

    lowest = jnp.full(len(queries), jnp.finfo(queries.dtype).min, queries.dtype)
    (highest, total), _ = jax.lax.scan(add, (lowest, jnp.zeros_like(lowest)), stored)
    return highest + jnp.log(total)
