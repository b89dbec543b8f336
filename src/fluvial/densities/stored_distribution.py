"""Checks of the numbers of a distribution that was filled from a model file."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.bijectors import Permutation, Scale
from fluvial.distributions import GaussianMixture, KernelDensity, Mixture
from fluvial.errors import ModelFileError

LARGEST = 1e9
"""Numbers of a fitted distribution lie within this. Scaled rows lie within 1e4, and trained weights
within some tens; far beyond, networks overflow and no row has a density."""


def check_distribution(distribution: Any) -> None:
    """Refuse numbers that no fitted distribution has.

    Args:
        distribution: of scaled rows, outside jit.

    Raises:
        ModelFileError: where a number is not finite or beyond 1e9, a weight is no weight, a scale
            is not positive, or an order of columns is no permutation.
    """
    if isinstance(distribution, Mixture):
        _check_weights(distribution.weights, "a mixture")
        for part in distribution.distributions:
            check_distribution(part)
    elif isinstance(distribution, GaussianMixture):
        _check_weights(distribution.weights, "a Gaussian mixture")
        _check_numbers(distribution.means, "means")
        factors = np.asarray(distribution.scale_trils)
        _check_numbers(factors, "factors of covariances")
        _check_positive(np.diagonal(factors, axis1=1, axis2=2), "diagonals of factors")
    elif isinstance(distribution, KernelDensity):
        _check_weights(distribution.weights, "a kernel density")
        _check_numbers(distribution.rows, "rows of a kernel density")
        _check_numbers(distribution.bandwidth, "bandwidths")
        _check_positive(distribution.bandwidth, "bandwidths")
    else:
        _check_flow(distribution)


def _check_flow(flow: Any) -> None:
    for leaf in jax.tree.leaves(flow):
        if hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.floating):
            _check_numbers(leaf, "parameters of a flow")
    for node in jax.tree.leaves(flow, is_leaf=lambda n: isinstance(n, Permutation | Scale)):
        if isinstance(node, Permutation):
            _check_permutations(np.asarray(node.indices), np.asarray(node.inverse_indices))
        elif isinstance(node, Scale):
            _check_positive(np.abs(np.asarray(node.start.value)), "magnitudes of scales")


def _check_permutations(indices: np.ndarray, inverse: np.ndarray) -> None:
    """Refuse orders (..., D), one for each layer that is stacked, that are not permutations."""
    n_features = indices.shape[-1]
    ordered = np.sort(indices, axis=-1) == np.arange(n_features)
    if not ordered.all() or (np.argsort(indices, axis=-1) != inverse).any():
        raise ModelFileError(
            f"an order of columns must hold each of 0...{n_features - 1} once, and its inverse the "
            "places of these"
        )


def _check_weights(weights: Any, what: str) -> None:
    values = np.asarray(weights, np.float64)
    # Weights of zero are legal; those of logits that are all -inf, or NaN, are NaN.
    if not np.isfinite(values).all() or abs(values.sum() - 1) > 1e-3:
        raise ModelFileError(f"the weights of {what} must be finite and sum to one")


def _check_numbers(values: Any, what: str) -> None:
    # A comparison that NaN fails too.
    if not (np.abs(np.asarray(values)) <= LARGEST).all():
        raise ModelFileError(f"{what} must be finite and within {LARGEST:,.0f}")


def _check_positive(values: Any, what: str) -> None:
    array = np.asarray(values)
    if not (array >= np.finfo(array.dtype).tiny).all():
        raise ModelFileError(f"{what} must be positive")
