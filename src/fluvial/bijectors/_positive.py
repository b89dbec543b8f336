"""Positive numbers that are trained."""

import jax
import jax.core
import numpy as np
from jaxtyping import Array

from fluvial.bijectors.affine import LOG_SCALE_BOUND, Scale


def positive_scale(value: Array, name: str, bound: float = LOG_SCALE_BOUND) -> Scale:
    """Return positive numbers as the trained scale of a `Scale`.

    Raises:
        ValueError: where one is not positive and finite.
    """
    if not isinstance(value, jax.core.Tracer):
        numbers = np.asarray(value)
        if not np.all(np.isfinite(numbers) & (numbers > 0)):
            raise ValueError(f"{name} must be positive and finite, but is {numbers}")
    return Scale(value, bound)
