"""What of a model is trained, and the bounded forms in which it is stored."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array


class Fixed(eqx.Module):
    """Arrays that belong to a model and are never trained or decayed.

    `trainable` leaves everything below a `Fixed` out.

    Args:
        value: an array, or any tree of arrays.

    Examples:
        >>> Fixed(jnp.ones(2)).value.shape
        (2,)
    """

    value: Any


def trainable(model: Any) -> Any:
    """Return which leaves of a model are trained: floating-point arrays outside `Fixed`.

    The one filter of what is trained, for training, tests and the parameters that a network
    computes.

    Args:
        model: a flow, or any tree.

    Returns:
        A tree of booleans shaped like `model`.

    Examples:
        >>> trainable(Fixed(jax.numpy.ones(2))).value
        False
    """

    def mark(node):
        if isinstance(node, Fixed):
            return jax.tree.map(lambda _: False, node)
        return eqx.is_inexact_array(node)

    return jax.tree.map(mark, model, is_leaf=lambda node: isinstance(node, Fixed))


def zeros(shape: tuple[int, ...]) -> Array:
    """Return zeros of the default float type, made in NumPy, so that nothing is compiled.

    What a bijector or a network starts its trained arrays with.

    Examples:
        >>> zeros((2,)).tolist()
        [0.0, 0.0]
    """
    return jax.device_put(np.zeros(shape, jnp.result_type(float)))


def soft_clip(raw: Array, bound: float) -> Array:
    """Map the real line smoothly and monotonically onto (-bound, bound).

    `raw / (1 + |raw| / bound)`: slope one at zero, continuous derivative everywhere, and cheaper
    than a hyperbolic tangent.

    Args:
        raw: any shape.
        bound: positive.

    Examples:
        >>> float(soft_clip(jnp.array(3.0), 1.0))
        0.75
    """
    return raw / (1 + jnp.abs(raw) / bound)
