"""Muon: the momentum of weight matrices, made orthogonal, in place of Adam's step.

All directions of such a step are equally long, also those that Adam's hardly touches, so that far
fewer steps are needed.
"""

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array

MOMENTUM = 0.95

COEFFICIENTS = ((6.548, -18.4483, 13.4831), (3.53, -3.34, 0.92))
"""Of the odd polynomials of degree five that follow each other: of all pairs those whose values
between 0.03 and 1 differ by the smallest factor. Three times Jordan's polynomial, better on some
tables and worse on others, takes half as long again."""

NORM = 6.0
"""The singular values of a matrix's step at a learning rate of 1."""


def scale_by_muon(is_matrix: tuple[bool, ...]) -> optax.GradientTransformation:
    """Return the transformation of blocks, without learning rate and decay.

    Args:
        is_matrix: for each block, whether it is one of matrices (..., n, m); the others take Adam's
            steps.

    References:
        Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; Kingma and Ba
        2015, arXiv 1412.6980.
    """
    steps = optax.stateless(lambda momentum, _: jax.tree.map(_step, momentum))
    of_matrices = optax.chain(optax.trace(MOMENTUM, nesterov=True), steps)
    labels = tuple("matrix" if each else "other" for each in is_matrix)
    return optax.partition({"matrix": of_matrices, "other": optax.scale_by_adam()}, labels)


def _step(momentum: Array) -> Array:
    return NORM * orthogonalised(momentum)


def orthogonalised(x: Array) -> Array:
    """Return matrices (..., n, m) of the same singular vectors, with singular values near to 1.

    Near means 0.66 to 1.5 for those above 0.03 of the norm, the root of the sum of their squares;
    smaller ones become 23 times their share of it, and zeros stay zeros.

    Args:
        x: (..., n, m).
    """
    if x.shape[-2] > x.shape[-1]:
        return jnp.swapaxes(orthogonalised(jnp.swapaxes(x, -1, -2)), -1, -2)
    tiny = jnp.finfo(x.dtype).tiny
    # By the largest entry first: squares of small ones would be zeros.
    x = x / jnp.maximum(jnp.max(jnp.abs(x), axis=(-2, -1), keepdims=True, initial=0), tiny)
    x = x / jnp.maximum(jnp.linalg.norm(x, axis=(-2, -1), keepdims=True), tiny)
    # All factors are polynomials of the Gram matrix, which is small where x is wide.
    gram = x @ jnp.swapaxes(x, -1, -2)
    product = unit = jnp.eye(x.shape[-2], dtype=x.dtype)
    for number, (a, b, c) in enumerate(COEFFICIENTS):
        factor = a * unit + b * gram + c * (gram @ gram)
        product = factor @ product if number else factor
        if number < len(COEFFICIENTS) - 1:
            gram = factor @ (factor @ gram)
    return product @ x
