"""What of a model is trained, and what of it weight decay touches."""

from typing import Any, TypeVar

import equinox as eqx
import jax

from fluvial.networks import Linear
from fluvial.parameters import Fixed, trainable as trainable

Model = TypeVar("Model")


def partition(model: Model) -> tuple[Model, Model]:
    """Separate what is trained from the rest, for a loop of one's own.

    Differentiate by the first, and put the two together with `equinox.combine`.

    Args:
        model: a flow, or any tree.

    Returns:
        Two trees shaped like `model`: its trained arrays, see `trainable`, and all else, with None
        in the place of what the other one holds.

    Raises:
        ValueError: where nothing can be trained.

    Examples:
        >>> params, rest = partition(DiagonalNormal(0.0, 1.0, trainable=True))
        >>> eqx.combine(params, rest).event_shape
        ()
    """
    params, rest = eqx.partition(model, trainable(model))
    if not jax.tree.leaves(params):
        raise ValueError(f"{type(model).__name__} has no trainable parameters")
    return params, rest


def decayed(model: Any) -> Any:
    """Return which leaves weight decay touches: the weight matrices of networks, nothing else.

    Args:
        model: a flow, or any tree.

    Returns:
        A tree of booleans shaped like `model`.
    """

    def mark(node):
        off = jax.tree.map(lambda _: False, node)
        if isinstance(node, Linear) and eqx.is_inexact_array(node.weight):
            return eqx.tree_at(lambda linear: linear.weight, off, True)
        return off

    opaque = (Fixed, Linear)
    return jax.tree.map(mark, model, is_leaf=lambda node: isinstance(node, opaque))
