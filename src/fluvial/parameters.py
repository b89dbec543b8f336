"""What of a model is trained or random, and the bounded forms in which it is stored."""

from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.errors import told

Model = TypeVar("Model")


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


class RandomKey(eqx.Module):
    """The random key of a part that estimates what it returns, such as a stochastic trace.

    A part holds one as a field and draws from `value`; nothing else of the model needs to know.
    Until `with_key` gives it another, it is the same at each call, so that results repeat. Draw the
    noise of one event and use it for all rows of a batch, or a row depends on its place.

    Args:
        seed: of the key that it starts with.

    Examples:
        >>> jax.random.normal(RandomKey().value, (2,)).shape
        (2,)
    """

    # Raw numbers: they are stacked, saved and mapped over as every other array of a model.
    data: Array

    def __init__(self, seed: int = 0):
        self.data = jax.random.key_data(jax.random.key(seed))

    @property
    def value(self) -> Array:
        """The key, for the functions of `jax.random`."""
        return jax.random.wrap_key_data(self.data)


def checked_key(key: Any) -> Any:
    """Return a random key as it is.

    Raises:
        TypeError: where it is no array, as a seed or a number of draws is none.

    Examples:
        >>> checked_key(3)
        Traceback (most recent call last):
        TypeError: random numbers need a key, such as jax.random.key(0), but the key given is 3
    """
    if not isinstance(key, jax.Array | np.ndarray):
        raise TypeError(
            "random numbers need a key, such as jax.random.key(0), but the key given is "
            f"{told(key)}"
        )
    return key


def needs_key(model: Any) -> bool:
    """Return whether a part of the model draws random numbers.

    Examples:
        >>> needs_key({"shift": jnp.zeros(2)}), needs_key({"noise": RandomKey()})
        (False, True)
    """
    return any(_is_key(node) for node in jax.tree.leaves(model, is_leaf=_is_key))


def with_key(model: Model, key: Array) -> Model:
    """Return the model with another random key for each of its parts that needs one.

    Call it with a new key for every step of training. A model without such parts comes back as it
    is. Layers that are stacked in `Repeat` get a key each.

    Args:
        model: a bijector, a distribution, a flow, or any tree.
        key: a key of `jax.random`.

    Examples:
        >>> model = with_key({"noise": RandomKey()}, jax.random.key(1))
        >>> bool(model["noise"].value == jax.random.key(1))
        False
    """
    leaves, structure = jax.tree.flatten(model, is_leaf=_is_key)
    places = [index for index, leaf in enumerate(leaves) if _is_key(leaf)]
    if not places:
        return model
    for place, of_part in zip(places, jax.random.split(key, len(places)), strict=True):
        stacked = leaves[place].data.shape[:-1]
        data = jax.random.key_data(jax.random.split(of_part, stacked))
        leaves[place] = eqx.tree_at(lambda node: node.data, leaves[place], data)
    return jax.tree.unflatten(structure, leaves)


def _is_key(node: Any) -> bool:
    return isinstance(node, RandomKey)


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
