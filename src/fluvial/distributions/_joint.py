"""The log density of a mixture from those of its parts."""

import jax
import jax.numpy as jnp
from jaxtyping import Array


def log_sum_exp(joint: Array) -> Array:
    """Return the logarithm of the sum over the last axis, (n, K) to (n,).

    A row that has density zero in every part gets minus infinity, and zero as its gradient where
    that of `jax.nn.logsumexp` is NaN.
    """
    impossible = jnp.max(joint, axis=-1) == -jnp.inf
    possible = jnp.where(impossible[..., None], 0.0, joint)
    return jnp.where(impossible, -jnp.inf, jax.nn.logsumexp(possible, axis=-1))
