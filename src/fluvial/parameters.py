"""What of a model is trained, and the bounded forms in which it is stored."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array


class Fixed(eqx.Module):
    """Arrays that belong to a model and are never trained or decayed.

    `fluvial.training.trainable` leaves everything below a `Fixed` out.

    Args:
        value: an array, or any tree of arrays.

    Examples:
        >>> Fixed(jnp.ones(2)).value.shape
        (2,)
    """

    value: Any


def zeros(shape: tuple[int, ...]) -> Array:
    """Return zeros of the default float type, made in NumPy, so that nothing is compiled."""
    return jax.device_put(np.zeros(shape, jnp.result_type(float)))


def soft_clip(raw: Array, bound: float) -> Array:
    """Map the real line smoothly and monotonically onto (-bound, bound).

    `raw / (1 + |raw| / bound)`: slope one at zero, continuous derivative everywhere, and cheaper
    than a hyperbolic tangent.

    Args:
        raw: any shape.
        bound: positive.
    """
    return raw / (1 + jnp.abs(raw) / bound)
