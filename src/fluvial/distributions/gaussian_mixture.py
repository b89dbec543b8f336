"""Mixtures of Gaussians with full covariances."""

import math
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, ArrayLike

from fluvial.bijectors._normal_tail import log_cdf
from fluvial.distributions._columns import finite_tails, mirrored, wide
from fluvial.distributions._draws import choose
from fluvial.distributions._factors import checked_factors, cholesky_factors
from fluvial.distributions._joint import log_sum_exp
from fluvial.distributions._stored import Free, LogWeights, Positive, known
from fluvial.distributions._whitening import squared_distances
from fluvial.distributions.distribution import Distribution
from fluvial.errors import ShapeError
from fluvial.shapes import Shape, as_floats, common_type

COMPONENTS_AT_ONCE = 16


class GaussianMixture(Distribution):
    """A mixture of K Gaussians with full covariances `scale_tril scale_tril^T`.

    Covariances are factored in float64, each on its own scale, and the factors are stored in the
    usual float type; in float32 their deviations may lie between 1e-38 and 1e38. The log density
    stays finite at any distance.

    Args:
        weights: (K,), not negative; divided by their sum.
        means: (K, D).
        covariances: (K, D, D), symmetric and positive definite; or give `scale_trils`.
        scale_trils: (K, D, D), lower triangular with a positive diagonal.
        trainable: whether all are trained; the diagonals of the `scale_trils` stay within a factor
            exp(7) of their start.

    Raises:
        ShapeError: where the three shapes do not agree.
        ValueError: where a weight is negative, a covariance is not symmetric or not positive
            definite, a deviation is outside the range of the float type, or not exactly one of
            `covariances` and `scale_trils` is given.

    Examples:
        >>> means, covariances = jnp.zeros((2, 3)), jnp.stack([jnp.eye(3), 2 * jnp.eye(3)])
        >>> GaussianMixture([0.4, 0.6], means, covariances).event_shape
        (3,)
    """

    _log_weights: LogWeights
    _means: Free
    _below: Free
    _diagonals: Positive
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(
        self,
        weights: ArrayLike | Sequence[float],
        means: ArrayLike,
        covariances: ArrayLike | None = None,
        *,
        scale_trils: ArrayLike | None = None,
        trainable: bool = False,
    ):
        if not isinstance(weights, np.ndarray):
            weights = jnp.asarray(weights)
        weights, means = as_floats(weights), as_floats(means)
        if covariances is not None and scale_trils is None:
            name, matrices = "covariances", covariances
        elif scale_trils is not None and covariances is None:
            name, matrices = "scale_trils", scale_trils
        else:
            raise ValueError("give either covariances or scale_trils")
        if not isinstance(matrices, jax.Array):
            whole = known(*jax.tree.leaves(matrices))
            matrices = np.asarray(matrices) if whole else jnp.asarray(matrices)
        _check_shapes(weights, means, matrices, name)
        dtype = common_type(means.dtype, _float_type(matrices))
        factors = cholesky_factors(matrices) if name == "covariances" else matrices
        below, diagonals = checked_factors(factors, dtype, name)
        self._log_weights = LogWeights(weights.astype(dtype), trainable=trainable)
        self._means = Free(means.astype(dtype), trainable=trainable)
        self._below = Free(below, trainable=trainable)
        self._diagonals = Positive(diagonals, trainable=trainable)
        self.event_shape = means.shape[1:]

    @property
    def weights(self) -> Array:
        """The weights as they are now, (K,), with sum 1."""
        return jnp.exp(self._log_weights.value)

    @property
    def means(self) -> Array:
        """The means, (K, D)."""
        return self._means.value

    @property
    def scale_trils(self) -> Array:
        """The lower Cholesky factors of the covariances, (K, D, D)."""
        diagonals = jax.vmap(jnp.diag)(self._diagonals.value)
        return jnp.tril(self._below.value, -1) + diagonals

    def padded(self, n_components: int) -> "GaussianMixture":
        """Return the same density with further components that have no weight, nor ever get any.

        Args:
            n_components: how many there are then, at least as many as there are now.

        Examples:
            >>> mixture = GaussianMixture([1.0], jnp.zeros((1, 2)), jnp.eye(2)[None])
            >>> mixture.padded(4).weights.tolist()
            [1.0, 0.0, 0.0, 0.0]
        """

        def filled(array: Array, value: float) -> Array:
            blank = np.full((n_components - len(array), *array.shape[1:]), value, array.dtype)
            return jax.device_put(np.concatenate([np.asarray(array), blank]))

        # Log weights, means, what is below the diagonals, these, and how they are trained, if so.
        leaves, structure = jax.tree.flatten(self)
        blanks = (-np.inf, 0.0, 0.0, 1.0, 0.0)
        return jax.tree.unflatten(structure, list(map(filled, leaves, blanks)))

    def _log_prob(self, x, condition) -> Array:
        x = x.astype(jnp.result_type(float))
        log_diagonals = jnp.log(self._diagonals.value.astype(x.dtype))
        distances = lax.map(
            lambda component: squared_distances(x, *component),
            (self.means.astype(x.dtype), self.scale_trils.astype(x.dtype)),
            batch_size=COMPONENTS_AT_ONCE,
        )
        constant = self.event_shape[0] * math.log(2 * math.pi) / 2 + jnp.sum(log_diagonals, axis=1)
        joint = self._log_weights.value.astype(x.dtype) - constant - distances.T / 2
        return log_sum_exp(joint)

    def _log_tail(self, x, upper, condition) -> Array:
        if self.event_shape != (1,):
            return super()._log_tail(x, upper, condition)

        def log_tail(x, upper):
            t = (x - wide(self.means[:, 0])) / wide(self._diagonals.value[:, 0])
            return log_cdf(mirrored(t, upper))

        return log_sum_exp(self._log_weights.value + finite_tails(wide(x), upper, log_tail))

    def _mean(self, condition) -> Array:
        return self.weights @ self.means

    def _variance(self, condition) -> Array:
        variances = jnp.sum(self.scale_trils**2, axis=2)
        return self.weights @ (variances + (self.means - self._mean(None)) ** 2)

    def _sample(self, key, n, condition) -> Array:
        key_chosen, key_noise = jax.random.split(key)
        chosen = choose(key_chosen, self.weights, n)
        noise = jax.random.normal(key_noise, (n, *self.event_shape), self.means.dtype)

        def add(x, column):
            factors, noise = column
            return x + factors[chosen] * noise[:, None], None

        # Column by column of the factors: no (n, D, D) array of those that were chosen.
        columns = (jnp.moveaxis(self.scale_trils, 2, 0), noise.T)
        return lax.scan(add, self.means[chosen], columns)[0]


def _check_shapes(weights: Array, means: Array, matrices: ArrayLike, name: str) -> None:
    if means.ndim != 2 or not means.size:
        raise ShapeError(f"means must have shape (K, D), but have shape {means.shape}")
    n_components, n_features = means.shape
    needed = {"weights": (n_components,), name: (n_components, n_features, n_features)}
    given = {"weights": weights.shape, name: jnp.shape(matrices)}
    for what, shape in needed.items():
        if given[what] != shape:
            raise ShapeError(
                f"{what} have shape {given[what]}, but means of shape {means.shape} need {shape}"
            )


def _float_type(values: np.ndarray | Array) -> Any:
    """Return the type that `as_floats` gives, without the conversion."""
    of_values = jax.dtypes.canonicalize_dtype(values.dtype)
    return of_values if jnp.issubdtype(of_values, jnp.floating) else jnp.result_type(float)
