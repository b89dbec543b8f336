"""Permutations and linear maps of the columns."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, ArrayLike

from fluvial.bijectors._matrices import product
from fluvial.bijectors.affine import LOG_SCALE_BOUND
from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.errors import ShapeError
from fluvial.parameters import checked_key, soft_clip, zeros
from fluvial.shapes import Shape


class Permutation(Bijector):
    """Reorder the columns: `x[i] = z[indices[i]]`, with log det 0.

    Nothing is trained. `Permutation.reverse` and `Permutation.random` make the usual ones.

    Args:
        indices: `(n_features,)` integers, each of 0...n_features - 1 once.

    Raises:
        ShapeError: where `indices` is not one row of at least one number.
        ValueError: where `indices` is not a permutation (checked outside jit only).

    Examples:
        >>> Permutation([2, 0, 1]).forward(jnp.array([10.0, 11.0, 12.0])).tolist()
        [12.0, 10.0, 11.0]
    """

    indices: Array
    inverse_indices: Array
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, indices: ArrayLike | Sequence[int]):
        self.indices, self.inverse_indices = _checked_indices(indices)
        self.event_shape = self.indices.shape

    @classmethod
    def reverse(cls, n_features: int) -> "Permutation":
        """Return the reversal of `n_features` columns.

        Args:
            n_features: at least 1.

        Examples:
            >>> Permutation.reverse(2).forward(jnp.array([10.0, 11.0])).tolist()
            [11.0, 10.0]
        """
        return cls(np.arange(n_features)[::-1])

    @classmethod
    def random(cls, key: Array, n_features: int) -> "Permutation":
        """Return a uniformly random permutation of `n_features` columns.

        Args:
            key: a key of `jax.random`.
            n_features: at least 1.

        Examples:
            >>> Permutation.random(jax.random.key(0), 3).event_shape
            (3,)
        """
        order = jnp.arange(n_features, dtype=jnp.int32)
        return cls(jax.random.permutation(checked_key(key), order))

    def _forward_and_log_det(self, z, condition) -> Pair:
        return self._reorder(z, self.indices)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        return self._reorder(x, self.inverse_indices)

    def _reorder(self, value: Array, indices: Array) -> Pair:
        # Also for the reversal: XLA fuses a flip into each bin of the splines that follow it, which
        # doubles the time of a spline flow's training step.
        moved = value.at[:, indices].get(mode="promise_in_bounds", unique_indices=True)
        return moved, jnp.zeros(value.shape[0], jnp.result_type(float))


Permute = Permutation
"""Another name of `Permutation`."""


class LULinear(Bijector):
    """A linear map `x = W z + bias` with `W = L U`; starts as the identity.

    L is lower triangular with a diagonal of ones, U upper triangular with the positive diagonal
    `exp(soft_clip(raw, 7))`, so W is never singular and `log |det W|` is the sum of the diagonal's
    logarithms. Every W with positive leading minors can be reached; put a `Permutation` beside it
    for the others. `forward` is one matrix product, `inverse` two triangular solves: take
    `Invert(LULinear(n))` where densities matter more than samples.

    One array is trained besides the bias: L's part below the diagonal, U's above it, and the raw
    logarithms of U's diagonal on it.

    Args:
        n_features: columns, at least 1.

    Raises:
        ValueError: where `n_features` is less than 1.

    Examples:
        >>> LULinear(2).forward(jnp.array([1.0, 2.0])).tolist()
        [1.0, 2.0]

    References:
        Kingma and Dhariwal 2018, arXiv 1807.03039, section 3.2, equation 10.
    """

    raw: Array
    bias: Array
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, n_features: int):
        if n_features < 1:
            raise ValueError(f"n_features must be at least 1, but is {n_features}")
        self.raw = zeros((n_features, n_features))
        self.bias = zeros((n_features,))
        self.event_shape = (n_features,)

    @property
    def lower(self) -> Array:
        """L, `(n_features, n_features)`, with a diagonal of ones."""
        return jnp.tril(self.raw, -1) + jnp.eye(len(self.raw), dtype=self.raw.dtype)

    @property
    def upper(self) -> Array:
        """U, `(n_features, n_features)`, with a positive diagonal."""
        return jnp.triu(self.raw, 1) + jnp.diag(jnp.exp(self._log_diagonal))

    @property
    def weight(self) -> Array:
        """W = L U, `(n_features, n_features)`."""
        return product(self.lower, self.upper)

    @property
    def _log_diagonal(self) -> Array:
        return soft_clip(jnp.diagonal(self.raw), LOG_SCALE_BOUND)

    def _forward_and_log_det(self, z, condition) -> Pair:
        x = product(z, self.weight.T) + self.bias
        return x, self._log_det(z.shape[0])

    def _inverse_and_log_det(self, x, condition) -> Pair:
        shifted = (x - self.bias).T
        partly = solve_triangular(self.lower, shifted, lower=True, unit_diagonal=True)
        z = solve_triangular(self.upper, partly, lower=False)
        return z.T, -self._log_det(x.shape[0])

    def _log_det(self, n: int) -> Array:
        log_det = jnp.sum(self._log_diagonal, dtype=jnp.result_type(float))
        return jnp.broadcast_to(log_det, (n,))


def _checked_indices(indices: ArrayLike | Sequence[int]) -> tuple[Array, Array]:
    """Return the indices and those of the inverse."""
    given = indices if isinstance(indices, jax.core.Tracer) else np.asarray(indices)
    shape, dtype = given.shape, given.dtype
    if len(shape) != 1 or shape[0] == 0:
        raise ShapeError(f"a permutation needs indices of shape (n_features,), but got {shape}")
    if not jnp.issubdtype(dtype, jnp.integer):
        raise ValueError(f"the indices of a permutation must be integers, but are {dtype}")
    if isinstance(given, jax.core.Tracer):
        given = given.astype(jnp.int32)
        return given, jnp.argsort(given).astype(jnp.int32)
    values = given.astype(np.int32)
    inverse = np.argsort(values)
    if not np.array_equal(values[inverse], np.arange(values.size)):
        raise ValueError(
            f"indices must hold each of 0...{values.size - 1} once, but are {values.tolist()}"
        )
    return jax.device_put(values), jax.device_put(inverse.astype(np.int32))
