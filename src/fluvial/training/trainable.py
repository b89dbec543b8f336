"""What of a model weight decay touches."""

from typing import Any

import equinox as eqx
import jax

from fluvial.networks import Linear
from fluvial.parameters import Fixed, trainable as trainable


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
