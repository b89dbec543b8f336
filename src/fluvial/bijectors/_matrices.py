"""Products and parts of matrices."""

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array


def product(left: Array, right: Array) -> Array:
    """Return the matrix product at full precision.

    At the default precision an accelerator would round here, but not in the solves of the inverse.
    """
    return jnp.matmul(left, right, precision=lax.Precision.HIGHEST)


def strictly_lower(values: Array, size: int) -> Array:
    """Return a matrix with `values` below its diagonal, row by row, and zeros elsewhere."""
    rows, columns = np.tril_indices(size, -1)
    return jnp.zeros((size, size), values.dtype).at[rows, columns].set(values)


def reflected(values: Array, vectors: Array) -> Array:
    """Apply `I - 2 v v^T / (v^T v)` for each of the vectors (K, D), the first one first.

    A vector of zeros reflects nothing.
    """
    for vector in vectors:
        square = jnp.sum(vector**2)
        factor = jnp.where(square > 0, 2 / jnp.where(square > 0, square, 1), 0)
        values = values - product(values, vector)[..., None] * (factor * vector)
    return values
