"""A masked network evaluated column by column, every hidden unit computed once.

Hidden units are grouped by degree: the units of degree t (0...D-1) need the columns before column
t (counted from 0), and the parameters of column t need the units of degree at most t. Step t
computes the group of degree t, then the parameters of column t.

Steps come in blocks. At its start a block takes what earlier blocks contribute to all its units in
one matrix product; within it, steps read only the block's own units. A step thus reads about
sqrt(D) groups rather than D, and the products are large enough to be fast.

Shapes: n rows, D columns, P parameters a column, B steps a block, N blocks, T = N * B >= D steps
(those beyond D are empty), g units a group (padded). Arrays are feature-first: (units, n).
"""

import math
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from fluvial.networks.linear import activation_function

ONE_BLOCK = 8
"""Up to so many columns make one block."""


class BlockedLayer(NamedTuple):
    """An affine layer cut by blocks of steps.

    Attributes:
        across: weights from all inputs, (N, B * g, T * g_in).
        within: weights from the inputs of the same block, (N, B, g, B * g_in).
        bias: (N, B * g, 1).
        of_condition: weights from the condition, (N, B * g, C), or None.
    """

    across: Array
    within: Array
    bias: Array
    of_condition: Array | None = None

    def start(self, block, inputs: Array, condition: Array | None) -> Array:
        """Return what is known of the outputs (B, g, n) when a block starts."""
        known = _at(self.bias, block)
        # The only block starts with nothing known.
        if self.across.shape[0] > 1:
            known = known + _at(self.across, block) @ inputs
        if self.of_condition is not None and condition is not None:
            known = known + _at(self.of_condition, block) @ condition
        known = jnp.broadcast_to(known, (known.shape[0], inputs.shape[1]))
        return known.reshape(*self.within.shape[1:3], -1)

    def finish(self, block, step, known: Array, inputs: Array) -> Array:
        """Return the outputs (g, n) of one step from what the block knows by then."""
        return _at(known, step) + _at(_at(self.within, block), step) @ inputs


class Sweep(eqx.Module):
    """A masked network made ready for evaluation column by column.

    Attributes:
        layers: hidden layers, then the output layer.
        residual: whether hidden layers form residual blocks.
        activation: name of the activation.
    """

    layers: tuple[BlockedLayer, ...]
    residual: bool = eqx.field(static=True)
    activation: str = eqx.field(static=True)

    @property
    def n_blocks(self) -> int:
        """Number N of blocks."""
        return self.layers[0].across.shape[0]

    @property
    def block_size(self) -> int:
        """Number B of steps a block."""
        return self.layers[0].within.shape[1]

    def states(self, n: int, dtype, *, blocks: int) -> tuple[Array, ...]:
        """Return zeros for the inputs of every layer but the first, over so many blocks."""
        sizes = [layer.within.shape[3] for layer in self.layers[1:]]
        return tuple(jnp.zeros((blocks * size, n), dtype) for size in sizes)

    def start(self, block, x: Array, states: tuple[Array, ...], condition: Array | None):
        """Return what is known of each layer's outputs when a block starts."""
        return tuple(
            layer.start(block, inputs, condition)
            for layer, inputs in zip(self.layers, (x, *states), strict=True)
        )

    def step(self, block, step, known, x: Array, states: tuple[Array, ...]):
        """Compute one group and the parameters of its column.

        Args:
            block: index of the block.
            step: index of the step in the block.
            known: what `start` gave.
            x: columns of this block (B, n), zero where not yet known.
            states: inputs of the later layers in this block, zero where not yet known.

        Returns:
            The parameters (P, n), and the states with this group.
        """
        act = activation_function(self.activation)
        done, inputs, stream = [], x, None
        for index, (layer, state) in enumerate(zip(self.layers[:-1], states, strict=True)):
            out = layer.finish(block, step, known[index], inputs)
            if self.residual and index % 2 == 0:
                stream = out if stream is None else stream + out
                out = stream
            is_last = index == len(self.layers) - 2
            out = out if self.residual and is_last else act(out)
            inputs = lax.dynamic_update_slice_in_dim(state, out, step * out.shape[0], axis=0)
            done.append(inputs)
        return self.layers[-1].finish(block, step, known[-1], inputs), tuple(done)


def block_size(n_features: int) -> int:
    """Return the number B of steps a block, which balances what is read across and within."""
    return n_features if n_features <= ONE_BLOCK else math.isqrt(n_features - 1) + 1


def blocked(
    weight: Array, bias: Array, below: np.ndarray, above: np.ndarray, n_blocks: int
) -> BlockedLayer:
    """Cut an affine layer by blocks.

    Args:
        weight: masked weights (in, out).
        bias: (out,).
        below: inputs of each step, (T, g_in), padded with the index `in`.
        above: outputs of each step, (T, g), padded with the index `out`.
        n_blocks: number N of blocks.
    """
    weight = jnp.pad(weight, ((0, 1), (0, 1)))[below.ravel()][:, above.ravel()].T
    rows, columns = above.size // n_blocks, below.size // n_blocks
    across = weight.reshape(n_blocks, rows, -1)
    diagonal = across.reshape(n_blocks, rows, n_blocks, columns)
    each = np.arange(n_blocks)
    within = diagonal[each, :, each].reshape(n_blocks, -1, above.shape[1], columns)
    return BlockedLayer(across, within, _blocked_bias(bias, above, n_blocks))


def _blocked_bias(bias: Array, above: np.ndarray, n_blocks: int) -> Array:
    return jnp.pad(bias, (0, 1))[above.ravel()].reshape(n_blocks, -1, 1)


def _at(array: Array, index) -> Array:
    return lax.dynamic_index_in_dim(array, index, keepdims=False)
