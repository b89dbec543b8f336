"""Cholesky factors of covariances, judged one matrix at a time on its own scale."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.distributions._stored import known
from fluvial.shapes import as_floats

ASYMMETRY = 1e-5
"""Two entries that should be equal may differ by this share of the deviations' product."""


def cholesky_factors(covariances: ArrayLike) -> np.ndarray | Array:
    """Return lower factors (K, D, D), in float64 where the numbers are known, outside jit.

    Float32 would lose a correlation of 1 - 1e-7 and variances below 1e-38, whose factors it holds.

    Args:
        covariances: (K, D, D).

    Raises:
        ValueError: where a matrix is not symmetric, or not positive definite.
    """
    if not known(covariances):
        return jnp.linalg.cholesky(as_floats(covariances))
    matrices = np.asarray(covariances, np.float64)
    deviations = np.sqrt(np.maximum(np.diagonal(matrices, axis1=1, axis2=2), 0.0))
    # In units of the deviations: columns may differ by many orders of magnitude.
    with np.errstate(all="ignore"):
        shares = matrices / deviations[:, :, None] / deviations[:, None, :]
    indefinite = ~np.all(np.isfinite(shares), axis=(1, 2))
    shares[indefinite] = np.eye(shares.shape[-1])
    asymmetry = np.max(np.abs(shares - np.swapaxes(shares, 1, 2)), axis=(1, 2))
    _refuse(asymmetry > ASYMMETRY, "symmetric")
    factors = np.empty_like(shares)
    for k, share in enumerate(shares):
        factor = _correlation_factor((share + share.T) / 2)
        indefinite[k] |= factor is None
        factors[k] = np.nan if factor is None else factor
    _refuse(indefinite, "positive definite")
    return factors * deviations[:, :, None]


def checked_factors(factors: ArrayLike, dtype: Any, name: str) -> tuple[Array, Array]:
    """Return what of lower factors (K, D, D) lies below the diagonal, and the diagonals (K, D).

    Raises:
        ValueError: where a diagonal is not positive and finite, or leaves the type's range.
    """
    if not known(factors):
        lower = jnp.asarray(factors).astype(dtype)
        return jnp.tril(lower, -1), jnp.diagonal(lower, axis1=1, axis2=2)
    values = np.asarray(factors)
    if not np.issubdtype(values.dtype, np.floating):
        values = values.astype(np.float64)
    diagonals = np.diagonal(values, axis1=1, axis2=2)
    bad = ~np.all(np.isfinite(diagonals) & (diagonals > 0), axis=1)
    _refuse(bad, "positive on the diagonal", name)
    limits = np.finfo(dtype)
    outside = (diagonals < limits.tiny) | (np.max(np.abs(values), axis=2) > limits.max)
    wanted = f"within the range of {np.dtype(dtype)}, {limits.tiny:.1g} to {limits.max:.1g}"
    _refuse(np.any(outside, axis=1), wanted, f"deviations in {name}")
    values = values.astype(dtype)
    # In NumPy: JAX would compile programs for each number of components.
    return jax.device_put((np.tril(values, -1), np.diagonal(values, axis1=1, axis2=2).copy()))


def _correlation_factor(correlations: np.ndarray) -> np.ndarray | None:
    """Return the lower factor, or None where a pivot is no more than rounding leaves."""
    try:
        factor = np.linalg.cholesky(correlations)
    except np.linalg.LinAlgError:
        return None
    rounding = len(correlations) * np.finfo(np.float64).eps
    return factor if np.all(np.diagonal(factor) ** 2 > rounding) else None


def _refuse(bad: np.ndarray, wanted: str, name: str = "covariances") -> None:
    if bad.any():
        components = np.flatnonzero(bad).tolist()
        raise ValueError(
            f"{name} of components {components} are not {wanted}; components count from 0"
        )
