"""Random parameters for tests."""

from typing import TypeVar

import equinox as eqx
import jax
from jaxtyping import Array

from fluvial.parameters import trainable

Model = TypeVar("Model")


def split_trained(model: Model) -> tuple[Model, Model]:
    """Split a model into its trained leaves and the rest, for `equinox.combine`."""
    return eqx.partition(model, trainable(model))


def randomise(model: Model, key: Array, scale: float = 0.5) -> Model:
    """Return the model with normal noise added to everything that is trained.

    Layers start as the identity or close to it, where a wrong formula looks right: test them away
    from it.

    Args:
        model: a bijector, a flow, or any tree of arrays.
        key: a key of `jax.random`.
        scale: standard deviation of the noise.

    Examples:
        >>> randomise(Shift(0.0), jax.random.key(0)).event_shape
        ()
    """
    trained, rest = split_trained(model)
    leaves, structure = jax.tree.flatten(trained)
    keys = jax.random.split(key, max(len(leaves), 1))
    moved = [
        leaf + scale * jax.random.normal(k, leaf.shape, leaf.dtype)
        for leaf, k in zip(leaves, keys, strict=False)
    ]
    return eqx.combine(jax.tree.unflatten(structure, moved), rest)
