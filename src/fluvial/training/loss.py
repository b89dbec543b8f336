"""The loss of a flow as one number, for a loop of one's own."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike

from fluvial.parameters import with_key


def loss(
    flow: Any,
    x: ArrayLike,
    condition: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    *,
    key: Array | None = None,
) -> Array:
    """Return the mean negative log density of rows, in nats: what `fit` minimises.

    Args:
        flow: a distribution.
        x: rows (n, *event_shape).
        condition: (n, *condition_shape) where the flow declares one.
        sample_weight: (n,), not negative; equal where None.
        key: for parts of the flow that draw random numbers, another one at each step; None leaves
            theirs.

    Returns:
        A scalar, differentiable by the flow.

    Raises:
        ShapeError: where `x` or `condition` has not the declared shape.

    Examples:
        >>> round(float(loss(StandardNormal(1), jnp.zeros((5, 1)))), 4)
        0.9189
    """
    log_prob = (flow if key is None else with_key(flow, key)).log_prob(x, condition)
    if sample_weight is None:
        return -jnp.mean(log_prob)
    weights = jnp.asarray(sample_weight, log_prob.dtype)
    return -jnp.sum(weights * log_prob) / jnp.sum(weights)
