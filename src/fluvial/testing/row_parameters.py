"""Rows with parameters of their own, which a network computes for a transformer."""

from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array

from fluvial.bijectors import Bijector
from fluvial.testing.randomise import split_trained

SPREAD = 0.01
"""Standard deviation by which the parameters of the rows differ: small, to stay in their range."""


def takes_row_parameters(bijector: Bijector) -> bool:
    """Return whether layers hand all rows at once to this bijector, each with its parameters."""
    is_transformer = bijector.event_shape == () and bijector.condition_shape is None
    return is_transformer and bijector._takes_row_parameters


def both_ways(bijector: Bijector, key: Array, z: Array) -> dict[str, tuple[Array, Array]]:
    """Evaluate rows with parameters of their own together, and one at a time.

    Args:
        bijector: one that `takes_row_parameters`.
        key: of the parameters.
        z: latents (n,).

    Returns:
        By the name of a direction or a log det its values (n,), together and one at a time.
    """
    trained, rest = split_trained(bijector)
    leaves, structure = jax.tree.flatten(trained)
    moved = [
        leaf[..., None] + SPREAD * jax.random.normal(of_leaf, (*leaf.shape, len(z)), leaf.dtype)
        for leaf, of_leaf in zip(leaves, jax.random.split(key, len(leaves)), strict=True)
    ]

    def apply(name: str, leaves: Any, values: Array) -> Any:
        built = eqx.combine(jax.tree.unflatten(structure, leaves), rest)
        return getattr(built, f"_{name}_and_log_det")(values, None)

    def one_by_one(name: str, values: Array) -> Any:
        each = jax.vmap(lambda own, value: apply(name, own, value[None]), in_axes=(-1, 0))
        out, log_dets = each(moved, values)
        return out[:, 0], log_dets[:, 0]

    found, values = {}, z
    for name in ("forward", "inverse"):
        alone = one_by_one(name, values)
        together = apply(name, moved, values)
        found[name] = together[0], alone[0]
        found[f"log det of {name}"] = together[1], alone[1]
        values = alone[0]
    return found
