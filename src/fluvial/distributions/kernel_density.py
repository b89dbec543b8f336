"""Gaussian kernel densities over stored rows."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.distributions._kernel_sums import log_kernel_sums
from fluvial.distributions._stored import LogWeights, checked_positive, known
from fluvial.distributions.distribution import Distribution
from fluvial.errors import ShapeError
from fluvial.parameters import Fixed
from fluvial.shapes import Shape, as_floats


class KernelDensity(Distribution):
    """A Gaussian around every stored row.

    `p(x) = sum_i w_i prod_j N(x_j | rows_ij, bandwidth_j^2)`

    Nothing is trained. A density costs N D operations a query, in tiles of fixed size; a sample
    costs what one normal row costs. Rows within about 60 bandwidths of the centre are multiplied,
    others subtracted, which takes two to four times as long. In float32 the log density has an
    error of about 0.001, or of its own 1e-6 where it is below -1,000; it stays finite at any
    distance.

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
    condition_shape: Shape | None = eqx.field(static=True, default=None)

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
        wide = jnp.result_type(float)
        dtype = wide if x.dtype != self.rows.dtype else x.dtype
        bandwidth = self.bandwidth.astype(dtype)
        total = log_kernel_sums(
            x.astype(dtype),
            self.rows.astype(dtype),
            bandwidth,
            self._log_weights.value.astype(dtype),
        )
        constant = jnp.sum(jnp.log(bandwidth.astype(wide)))
        constant += self.event_shape[0] * math.log(2 * math.pi) / 2
        return total.astype(wide) - constant

    def _mean(self, condition) -> Array:
        return self.weights @ self.rows

    def _variance(self, condition) -> Array:
        return self.weights @ (self.rows - self._mean(None)) ** 2 + self.bandwidth**2

    def _sample(self, key, n, condition) -> Array:
        of_choice, of_noise = jax.random.split(key)
        chosen = jax.random.choice(of_choice, len(self.rows), (n,), p=self.weights)
        noise = jax.random.normal(of_noise, (n, *self.event_shape), self.rows.dtype)
        return self.rows[chosen] + self.bandwidth * noise
