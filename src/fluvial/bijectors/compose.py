"""Compositions: Chain, Invert, Repeat."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import equinox as eqx
import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.bijectors._calling import when_called_with
from fluvial.bijectors._each_value import fitted_together
from fluvial.bijectors._outside import HARMLESS, Outside, lost, replaced
from fluvial.bijectors.bijector import Bijector, Direction, Pair
from fluvial.errors import ShapeError
from fluvial.shapes import Shape, merged_condition_shape, part_condition

OTHER: dict[Direction, Direction] = {"forward": "inverse", "inverse": "forward"}


class Chain(Bijector):
    """Composition: `Chain([f, g]).forward(z) = f(g(z))`; the last listed acts first.

    The same as `f(g)`. The condition goes to the parts that declare one. A part of event shape ()
    acts on each value of the events of the others.

    Args:
        parts: one or more bijectors; the data of each are the latents of the one before it in the
            list.

    Raises:
        ShapeError: where event shapes or declared condition shapes differ. A vector of one element
            is not stretched.

    Examples:
        >>> chain = Chain([Shift(1.0), Scale(2.0)])
        >>> chain.forward(jnp.array([1.0, 2.0, 3.0])).tolist()
        [3.0, 5.0, 7.0]
        >>> chain.inverse(jnp.array([2.0, 5.0, 8.0])).tolist()
        [0.5, 2.0, 3.5]
        >>> Chain([Exp(), LULinear(2)]).event_shape
        (2,)
    """

    parts: tuple[Bijector, ...]
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(self, parts: Sequence[Bijector]):
        if not parts:
            raise ValueError("a composition needs at least one bijector")
        self.parts = fitted_together(tuple(parts))
        self.event_shape = self.parts[0].event_shape
        self.condition_shape = merged_condition_shape(self.parts)

    @property
    def latent_shape(self) -> Shape:
        return self.parts[-1].latent_shape

    @property
    def _takes_row_parameters(self) -> bool:
        return all(part._takes_row_parameters for part in self.parts)

    @property
    def _has_bounds(self) -> bool:
        return any(part._has_bounds for part in self.parts)

    def _find_outside(
        self, direction: Direction, event: Array, condition: Array | None
    ) -> Outside | None:
        for part in self.parts if direction == "inverse" else reversed(self.parts):
            of_part = part_condition(part, condition)
            outside = part._find_outside(direction, event, of_part)
            if outside is not None:
                return outside
            event, _ = getattr(part, f"_{direction}_and_log_det")(event, of_part)
        return None

    def _to_ends(
        self, direction: Direction, value: Array, condition: Array | None
    ) -> tuple[Array, Array]:
        falls = jnp.zeros(value.shape, bool)
        for part in self.parts if direction == "inverse" else reversed(self.parts):
            value, turns = part._to_ends(direction, value, part_condition(part, condition))
            falls ^= turns
        return value, falls

    def _forward_and_log_det(self, z, condition) -> Pair:
        return self._pass("_forward_and_log_det", self.parts[::-1], z, condition)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        return self._pass("_inverse_and_log_det", self.parts, x, condition)

    def _pass(
        self, method: str, parts: tuple[Bijector, ...], value: Array, condition: Array | None
    ) -> Pair:
        total = jnp.zeros(value.shape[0], jnp.result_type(float))
        gone = None
        for part in parts:
            value, log_det = getattr(part, method)(value, part_condition(part, condition))
            total = total + log_det
            if part._has_bounds:
                left = lost(value, log_det)
                gone = left if gone is None else gone | left
                value = replaced(value, left, HARMLESS)
        if gone is None:
            return value, total
        total = jnp.where(gone, jnp.asarray(-jnp.inf, total.dtype), total)
        return replaced(value, gone, jnp.nan), total

    def initialise(self, x: ArrayLike, condition: ArrayLike | None = None) -> "Chain":
        started = []
        for part in self.parts:
            started.append(part.initialise(x, condition))
            x = started[-1].inverse(x, condition)
        return Chain(started)


class Invert(Bijector):
    """The same map with its directions exchanged: `Invert(f).forward = f.inverse`.

    Args:
        bijector: any bijector.

    Examples:
        >>> float(Invert(Scale(2.0)).forward(3.0))
        1.5
    """

    bijector: Bijector
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(self, bijector: Bijector):
        self.bijector = bijector
        self.event_shape = bijector.latent_shape
        self.condition_shape = bijector.condition_shape

    latent_shape = property(attrgetter("bijector.event_shape"))

    @property
    def _takes_row_parameters(self) -> bool:
        return self.bijector._takes_row_parameters

    @property
    def _has_bounds(self) -> bool:
        return self.bijector._has_bounds

    def _find_outside(
        self, direction: Direction, event: Array, condition: Array | None
    ) -> Outside | None:
        return self.bijector._find_outside(OTHER[direction], event, condition)

    def _to_ends(
        self, direction: Direction, value: Array, condition: Array | None
    ) -> tuple[Array, Array]:
        return self.bijector._to_ends(OTHER[direction], value, condition)

    def _forward_and_log_det(self, z, condition) -> Pair:
        return self.bijector._inverse_and_log_det(z, condition)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        return self.bijector._forward_and_log_det(x, condition)

    def initialise(self, x: ArrayLike, condition: ArrayLike | None = None) -> "Invert":
        # The inner bijector's data are this one's latents, which are unknown before the start.
        started = self.bijector.initialise(self.inverse(x, condition), condition)
        return Invert(started)


class Repeat(Bijector):
    """A chain of equal layers whose parameters are stacked and scanned.

    The same map as `Chain(layers)`, with a compilation that does not grow with their number.

    Args:
        layers: one or more bijectors of one structure: the same classes, shapes and static
            settings, other arrays.

    Raises:
        ValueError: where the layers differ in more than the values of their arrays.
        ShapeError: where their event shapes differ, or a layer changes the shape of an event.

    Examples:
        >>> float(Repeat([Shift(1.0), Shift(2.0)]).forward(3.0))
        6.0
    """

    stacked: Bijector
    n_layers: int = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(self, layers: Sequence[Bijector]):
        layers = list(layers)
        _common_event_shape(layers)
        structures = {jax.tree.structure(eqx.filter(layer, eqx.is_array)) for layer in layers}
        static = [eqx.partition(layer, eqx.is_array)[1] for layer in layers]
        shapes = [[leaf.shape for leaf in jax.tree.leaves(layer)] for layer in layers]
        if len(structures) > 1 or any(s != shapes[0] for s in shapes):
            raise ValueError("Repeat needs layers of one structure; use Chain for different ones")
        arrays = [eqx.filter(layer, eqx.is_array) for layer in layers]
        stacked = jax.tree.map(_stack, *arrays)
        self.stacked = eqx.combine(stacked, static[0])
        self.n_layers = len(layers)
        self.event_shape = self.stacked.event_shape
        self.condition_shape = self.stacked.condition_shape

    @property
    def layers(self) -> list[Bijector]:
        """The layers one by one, in the order of `Chain`."""
        arrays, static = eqx.partition(self.stacked, eqx.is_array)
        return [
            eqx.combine(jax.tree.map(lambda leaf, i=i: leaf[i], arrays), static)
            for i in range(self.n_layers)
        ]

    @property
    def _takes_row_parameters(self) -> bool:
        return self.stacked._takes_row_parameters

    @property
    def _has_bounds(self) -> bool:
        return self.stacked._has_bounds

    def _find_outside(
        self, direction: Direction, event: Array, condition: Array | None
    ) -> Outside | None:
        return Chain(self.layers)._find_outside(direction, event, condition)

    def _forward_and_log_det(self, z, condition) -> Pair:
        return self._scan("_forward_and_log_det", z, condition, reverse=True)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        return self._scan("_inverse_and_log_det", x, condition, reverse=False)

    def _scan(self, method: str, value: Array, condition: Array | None, *, reverse: bool) -> Pair:
        arrays, static = eqx.partition(self.stacked, eqx.is_array)
        condition = part_condition(self.stacked, condition)

        def step(carry, layer_arrays):
            value, total = carry
            layer = eqx.combine(layer_arrays, static)
            value, log_det = getattr(layer, method)(value, condition)
            total = total + log_det
            if self._has_bounds:
                # Harmless on the way: its mark is the log det, which stays minus infinity.
                value = replaced(value, lost(value, total), HARMLESS)
            return (value, total), None

        start = (value, jnp.zeros(value.shape[0], jnp.result_type(float)))
        (value, total), _ = jax.lax.scan(step, start, arrays, self.n_layers, reverse=reverse)
        if self._has_bounds:
            value = replaced(value, jnp.isneginf(total), jnp.nan)
        return value, total

    def initialise(self, x: ArrayLike, condition: ArrayLike | None = None) -> "Repeat":
        return Repeat(Chain(self.layers).initialise(x, condition).parts)


def written_out(tree: Any, at_most: int) -> Any:
    """Return a tree with a `Chain` for each `Repeat` of few layers, which computes the same faster.

    A scan copies what each of its turns leaves for the gradient, which written-out layers need not;
    but the compilation of these grows with their number.

    Args:
        tree: a bijector, a flow, or any tree.
        at_most: how many layers are few.

    Examples:
        >>> written_out(Repeat([Shift(1.0), Shift(2.0)]), at_most=5).forward(3.0).item()
        6.0
    """

    def is_repeat(node: Any) -> bool:
        return isinstance(node, Repeat)

    def chain(node: Any) -> Any:
        if not is_repeat(node) or node.n_layers > at_most:
            return node
        return Chain([written_out(layer, at_most) for layer in node.layers])

    return jax.tree.map(chain, tree, is_leaf=is_repeat)


def _stack(*leaves: Array) -> Array:
    if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
        return jnp.stack(leaves)
    # In NumPy, since JAX would compile a program for each shape.
    return jax.device_put(np.stack([np.asarray(leaf) for leaf in leaves]))


def _common_event_shape(parts: Sequence[Bijector]) -> Shape:
    if not parts:
        raise ValueError("a composition needs at least one bijector")
    shapes = [shape for part in parts for shape in (part.event_shape, part.latent_shape)]
    if len(set(shapes)) > 1:
        raise ShapeError(f"the layers of Repeat have different event shapes: {shapes}")
    return shapes[0]


when_called_with(
    lambda argument: isinstance(argument, Bijector),
    lambda bijector, argument: Chain([bijector, argument]),
)
