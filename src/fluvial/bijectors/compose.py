"""Compositions: Chain, Invert, Repeat."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.errors import ShapeError
from fluvial.shapes import Shape, merged_condition_shape, part_condition


class Chain(Bijector):
    """Composition: `Chain([f, g]).forward(z) = f(g(z))`; the last listed acts first.

    The condition goes to the parts that declare one.

    Args:
        parts: one or more bijectors of one event shape.

    Raises:
        ShapeError: where event shapes or declared condition shapes differ.

    Examples:
        >>> float(Chain([Shift(1.0), Scale(2.0)]).forward(3.0))
        7.0
    """

    parts: tuple[Bijector, ...]
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(self, parts: Sequence[Bijector]):
        self.parts = tuple(parts)
        self.event_shape = _common_event_shape(self.parts)
        self.condition_shape = merged_condition_shape(self.parts)

    @property
    def _takes_row_parameters(self) -> bool:
        return all(part._takes_row_parameters for part in self.parts)

    def _forward_and_log_det(self, z, condition) -> Pair:
        total = jnp.zeros(z.shape[0], jnp.result_type(float))
        for part in reversed(self.parts):
            z, log_det = part._forward_and_log_det(z, part_condition(part, condition))
            total = total + log_det
        return z, total

    def _inverse_and_log_det(self, x, condition) -> Pair:
        total = jnp.zeros(x.shape[0], jnp.result_type(float))
        for part in self.parts:
            x, log_det = part._inverse_and_log_det(x, part_condition(part, condition))
            total = total + log_det
        return x, total

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
        self.event_shape = bijector.event_shape
        self.condition_shape = bijector.condition_shape

    @property
    def _takes_row_parameters(self) -> bool:
        return self.bijector._takes_row_parameters

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
            return (value, total + log_det), None

        start = (value, jnp.zeros(value.shape[0], jnp.result_type(float)))
        return jax.lax.scan(step, start, arrays, reverse=reverse)[0]

    def initialise(self, x: ArrayLike, condition: ArrayLike | None = None) -> "Repeat":
        return Repeat(Chain(self.layers).initialise(x, condition).parts)


def _stack(*leaves: Array) -> Array:
    if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
        return jnp.stack(leaves)
    # In NumPy, since JAX would compile a program for each shape.
    return jax.device_put(np.stack([np.asarray(leaf) for leaf in leaves]))


def _common_event_shape(parts: Sequence[Bijector]) -> Shape:
    if not parts:
        raise ValueError("a composition needs at least one bijector")
    shapes = [part.event_shape for part in parts]
    if len(set(shapes)) > 1:
        raise ShapeError(f"the parts of a composition have different event shapes: {shapes}")
    return shapes[0]
