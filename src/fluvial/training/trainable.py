"""What of a model is trained and what is decayed."""

from typing import Any

import equinox as eqx
import jax

from fluvial.networks import Linear
from fluvial.parameters import Fixed


def trainable(model: Any) -> Any:
    """Return which leaves of a model are trained: floating-point arrays outside `Fixed`.

    The one filter that `fit` and everything else uses.

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
