"""What of a model is trained, and what of it weight decay touches."""

from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax

from fluvial.networks import Linear
from fluvial.parameters import Fixed, trainable as trainable

Model = TypeVar("Model")

Held = type | tuple[type, ...]
"""Types of parts of a model whose arrays stay as they are."""


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
    params, rest, _ = _partitioned(model)
    return params, rest


def _partitioned(model: Any) -> tuple[Any, Any, Any]:
    which = trainable(model)
    params, rest = eqx.partition(model, which)
    if not jax.tree.leaves(params):
        raise ValueError(f"{type(model).__name__} has no trainable parameters")
    return params, rest, which


class Separated(NamedTuple):
    """A model taken apart, in trees shaped like it, with None where something is in another one.

    Attributes:
        params: the arrays that can be trained.
        rest: all else.
        decay: for each of the params a boolean, whether weight decay touches it.
        moves: likewise, whether training may move it.
    """

    params: Any
    rest: Any
    decay: Any
    moves: Any


def separated(model: Any, held: Held | None) -> Separated:
    """Separate what is trained from the rest.

    Args:
        model: a flow, or any tree.
        held: types of its parts that are not to be trained, although they could; None is none.

    Raises:
        ValueError: where nothing is trained.
    """
    params, rest, which = _partitioned(model)
    moves = eqx.filter(_moving(model, held), which)
    if not any(jax.tree.leaves(moves)):
        raise ValueError(f"frozen leaves nothing of {type(model).__name__} to be trained")
    return Separated(params, rest, eqx.filter(decayed(model), which), moves)


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


def _moving(model: Any, held: Held | None) -> Any:
    if held is None:
        return jax.tree.map(lambda _: True, model)

    def is_held(node):
        return isinstance(node, held)

    def mark(node):
        moves = not is_held(node)
        return jax.tree.map(lambda _: moves, node)

    return jax.tree.map(mark, model, is_leaf=is_held)
