"""The normal distribution of a vector with any covariance."""

import math
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike

from fluvial.bijectors._normal_tail import log_cdf
from fluvial.distributions._columns import finite_tails, mirrored, wide
from fluvial.distributions._factors import checked_factors
from fluvial.distributions._stored import Free, Positive
from fluvial.distributions._whitening import squared_distances
from fluvial.distributions.distribution import Distribution
from fluvial.distributions.normal import ENTROPY
from fluvial.errors import ShapeError
from fluvial.shapes import Shape, as_floats


class MultivariateNormalTriL(Distribution):
    """A normal vector with the covariance `scale_tril scale_tril^T`.

    Args:
        loc: (D,), the mean; zeros where None.
        scale_tril: (D, D), lower triangular with a positive diagonal; what lies above the diagonal
            is not read.
        trainable: whether both are trained; the diagonal stays within a factor exp(7) of its
            start.

    Raises:
        ShapeError: where the shapes do not agree.
        ValueError: where a number of the diagonal is not positive, or outside the range of the
            float type.

    Examples:
        >>> normal = MultivariateNormalTriL([1.0, -1.0], [[2.0, 0.0], [0.5, 1.0]])
        >>> normal.variance().tolist()
        [4.0, 1.25]
    """

    _loc: Free
    _below: Free
    _diagonal: Positive
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(
        self,
        loc: ArrayLike | Sequence[float] | None = None,
        scale_tril: ArrayLike | Sequence[Sequence[float]] | None = None,
        *,
        trainable: bool = False,
    ):
        if scale_tril is None:
            raise ShapeError("scale_tril (D, D) must be given; MultivariateNormalDiag needs none")
        tril = as_floats(jnp.asarray(scale_tril))
        loc = jnp.zeros(tril.shape[:1], tril.dtype) if loc is None else as_floats(jnp.asarray(loc))
        if loc.ndim != 1 or not loc.size or tril.shape != loc.shape * 2:
            raise ShapeError(
                f"loc must have shape (D,) and scale_tril (D, D), but they have shapes {loc.shape} "
                f"and {tril.shape}"
            )
        dtype = jnp.promote_types(loc.dtype, tril.dtype)
        below, diagonals = checked_factors(tril[None], dtype, "scale_tril")
        self._loc = Free(loc.astype(dtype), trainable=trainable)
        self._below = Free(below[0], trainable=trainable)
        self._diagonal = Positive(diagonals[0], trainable=trainable)
        self.event_shape = loc.shape

    @property
    def loc(self) -> Array:
        """The mean, (D,)."""
        return self._loc.value

    @property
    def scale_tril(self) -> Array:
        """The lower Cholesky factor of the covariance, (D, D)."""
        return jnp.tril(self._below.value, -1) + jnp.diag(self._diagonal.value)

    @property
    def covariance(self) -> Array:
        """The covariance, (D, D)."""
        return self.scale_tril @ self.scale_tril.T

    def _log_prob(self, x, condition) -> Array:
        distances = squared_distances(wide(x), wide(self.loc), wide(self.scale_tril))
        constant = self.event_shape[0] * math.log(2 * math.pi) / 2
        return -constant - self._log_det() - distances / 2

    def _log_tail(self, x, upper, condition) -> Array:
        if self.event_shape != (1,):
            return super()._log_tail(x, upper, condition)

        def log_tail(x, upper):
            t = (x - wide(self.loc)) / wide(self._diagonal.value)
            return log_cdf(mirrored(t, upper))

        return finite_tails(wide(x), upper, log_tail)[:, 0]

    def _entropy(self, condition) -> Array:
        return self.event_shape[0] * ENTROPY + self._log_det()

    def _mean(self, condition) -> Array:
        return self.loc

    def _variance(self, condition) -> Array:
        return jnp.sum(self.scale_tril**2, axis=1)

    def _sample(self, key, n, condition) -> Array:
        noise = jax.random.normal(key, (n, *self.event_shape), self.loc.dtype)
        return self.loc + noise @ self.scale_tril.T

    def _log_det(self) -> Array:
        return jnp.sum(jnp.log(wide(self._diagonal.value)))
