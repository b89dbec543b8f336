"""A masked network evaluated column by column, every hidden unit computed once.

Hidden units are grouped by degree: the units of degree t (0...D-1) need the columns before column
t (counted from 0), and the parameters of column t need the units of degree at most t. Step t
computes the group of degree t, then the parameters of column t.

Steps come in stages. At its start a stage takes what earlier stages contribute to all its units in
one matrix product; within it, steps read only the stage's own units. A step thus reads about
sqrt(D) groups rather than D, and the products are large enough to be fast.

The groups of a stage lie one behind the other. A step writes as many rows as the largest group has;
what it writes too much, the next steps overwrite before anything reads it.

Shapes: n rows, D columns, P parameters a column, B steps a stage, N stages, T = N * B >= D steps
(those beyond D are empty), g units a group (padded), G units a stage (padded), C condition entries.
Arrays are feature-first: (units, n).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from fluvial.networks.linear import Activation, activation_function

ONE_STAGE = 8
"""Up to 8 columns make one stage."""


class Packing(NamedTuple):
    """How the units of one layer are grouped by step, and the groups packed into stages.

    Attributes:
        stages: the units of each stage, (N, G); beyond them the number of all units.
        groups: the units of each step, (N, B, g), padded in the same way.
        starts: where in its stage a group starts, (N, B).
    """

    stages: np.ndarray
    groups: np.ndarray
    starts: np.ndarray


def packed(units: np.ndarray, counts: np.ndarray, n_stages: int) -> Packing:
    """Pack units into stages.

    Args:
        units: all units in the order of their steps.
        counts: how many belong to each step, (T,).
        n_stages: number N of stages.
    """
    ends = np.cumsum(counts).reshape(n_stages, -1)
    starts = ends - counts.reshape(ends.shape)
    size = max(1, counts.max())
    first, last = starts[:, :1], ends[:, -1:]
    return Packing(
        stages=_range(units, first, last, (starts - first).max() + size),
        groups=_range(units, starts[..., None], ends[..., None], size),
        starts=starts - first,
    )


def _range(units: np.ndarray, start: np.ndarray, stop: np.ndarray, size: int) -> np.ndarray:
    """Return `units[start:stop]` for each start and stop (..., 1), padded: (..., size)."""
    places = start + np.arange(size)
    return np.append(units, len(units))[np.where(places < stop, places, len(units))]


class StagedLayer(NamedTuple):
    """An affine layer cut by stages of steps.

    Attributes:
        across: weights from all inputs, (N, G, N * G_in).
        within: weights from the inputs of the same stage, (N, B, g, G_in).
        bias: (N, G, 1).
        starts: where in its stage a group starts, (N, B).
        of_condition: weights from the condition, (N, G, C), or None.
    """

    across: Array
    within: Array
    bias: Array
    starts: Array
    of_condition: Array | None = None

    def start(self, stage, inputs: Array, condition: Array | None) -> Array:
        """Return what is known of the outputs when a stage starts, (G, n) or (G, 1)."""
        known = _at(self.bias, stage)
        # The only stage has none before it.
        if self.across.shape[0] > 1:
            known += lax.switch(stage, self._before(), _at(self.across, stage), inputs)
        if self.of_condition is not None and condition is not None:
            known += _at(self.of_condition, stage) @ condition
        return known

    def _before(self) -> list[Callable[[Array, Array], Array]]:
        """Return for each stage the product of its weights with what earlier stages computed."""
        n_stages = self.across.shape[0]
        size = self.across.shape[2] // n_stages

        def product(end):
            return lambda weights, inputs: weights[:, :end] @ inputs[:end]

        return [product(stage * size) for stage in range(n_stages)]

    def place(self, stage, step) -> Array:
        """Return where in its stage the group of a step starts."""
        return _at(_at(self.starts, stage), step)

    def finish(self, stage, step, known: Array, inputs: Array) -> Array:
        """Return the outputs (g, n) of one step from what the stage knows by then."""
        out = _at(_at(self.within, stage), step) @ inputs
        return out + _rows(known, self.place(stage, step), out.shape[0])


class Incremental(eqx.Module):
    """A masked network made ready for evaluation column by column.

    Attributes:
        layers: hidden layers, then the output layer.
        residual: whether hidden layers form residual stages.
        activation: of the hidden layers.
    """

    layers: tuple[StagedLayer, ...]
    residual: bool = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)

    @property
    def n_stages(self) -> int:
        """Number N of stages."""
        return self.layers[0].across.shape[0]

    @property
    def stage_size(self) -> int:
        """Number B of steps a stage."""
        return self.layers[0].within.shape[1]

    def states(self, n: int, dtype, *, stages: int) -> tuple[Array, ...]:
        """Return zeros for the inputs of every layer but the first, over a number of stages."""
        sizes = [layer.within.shape[3] for layer in self.layers[1:]]
        return tuple(jnp.zeros((stages * size, n), dtype) for size in sizes)

    def start(self, stage, x: Array, states: tuple[Array, ...], condition: Array | None):
        """Return what is known of each layer's outputs when a stage starts."""
        return tuple(
            layer.start(stage, inputs, condition)
            for layer, inputs in zip(self.layers, (x, *states), strict=True)
        )

    def step(self, stage, step, known, x: Array, states: tuple[Array, ...]):
        """Compute one group and the parameters of its column.

        Args:
            stage: index of the stage.
            step: index of the step in the stage.
            known: what `start` gave.
            x: columns of this stage (B, n), zero where not yet known.
            states: inputs of the later layers in this stage, zero where not yet known.

        Returns:
            The parameters (P, n), and the states with this group.
        """
        act = activation_function(self.activation)
        done, inputs, stream = [], x, None
        for index, (layer, state) in enumerate(zip(self.layers[:-1], states, strict=True)):
            out = layer.finish(stage, step, known[index], inputs)
            if self.residual and index % 2 == 0:
                stream = out if stream is None else stream + out
                out = stream
            is_last = index == len(self.layers) - 2
            out = out if self.residual and is_last else act(out)
            place = layer.place(stage, step)
            inputs = lax.dynamic_update_slice_in_dim(state, out, place, axis=0)
            done.append(inputs)
        return self.layers[-1].finish(stage, step, known[-1], inputs), tuple(done)


def stage_size(n_features: int) -> int:
    """Return the number B of steps a stage: between one and two roots of D, few empty steps."""
    if n_features <= ONE_STAGE:
        return n_features
    root = math.isqrt(n_features - 1) + 1
    return min(range(root, 2 * root), key=lambda size: -(-n_features // size) * size)


def staged(weight: Array, bias: Array, below: Packing, above: Packing) -> StagedLayer:
    """Cut an affine layer by stages.

    Args:
        weight: masked weights (in, out).
        bias: (out,).
        below: the inputs.
        above: the outputs.
    """
    weight = jnp.pad(weight, ((0, 1), (0, 1))).T
    n_stages, size = above.stages.shape
    across = weight[above.stages.ravel()][:, below.stages.ravel()]
    return StagedLayer(
        across=across.reshape(n_stages, size, -1),
        within=weight[above.groups[..., None], below.stages[:, None, None, :]],
        bias=jnp.pad(bias, (0, 1))[above.stages][..., None],
        starts=jnp.asarray(above.starts, jnp.int32),
    )


def _at(array: Array, index) -> Array:
    return lax.dynamic_index_in_dim(array, index, keepdims=False, allow_negative_indices=False)


def _rows(array: Array, start, size: int) -> Array:
    return lax.dynamic_slice_in_dim(array, start, size, allow_negative_indices=False)
