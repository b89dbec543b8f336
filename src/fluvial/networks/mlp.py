"""The fully connected network, the usual conditioner of a coupling layer."""

from collections.abc import Sequence
from itertools import pairwise

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.networks.conditioner import Conditioner
from fluvial.networks.linear import (
    Activation,
    Linear,
    activation_function,
    column_parameters,
    linears,
)
from fluvial.networks.random import split

OUTPUT_GAIN = 0.01
"""Output layers start this small, so that a new layer of a flow starts near its transformer."""


class MLP(Conditioner):
    """A fully connected network on rows: `(n, in_size)` to `(n, out_size)`.

    Args:
        key: a random key.
        in_size: length of an input row; may be 0, then the output is constant.
        out_size: length of an output row.
        hidden_sizes: units of each hidden layer; may be empty.
        activation: a name of `ACTIVATIONS`, or any function of numbers.

    Examples:
        >>> network = MLP(jax.random.key(0), 2, 3, hidden_sizes=(8, 8))
        >>> network(jax.numpy.ones((5, 2))).shape
        (5, 3)
    """

    layers: tuple[Linear, ...]
    activation: Activation = eqx.field(static=True)

    def __init__(
        self,
        key,
        in_size: int,
        out_size: int,
        *,
        hidden_sizes: tuple[int, ...],
        activation: Activation = "relu",
    ):
        activation_function(activation)
        sizes = (in_size, *hidden_sizes, out_size)
        keys = split(key, len(sizes) - 1)
        gains = [2**0.5] * len(hidden_sizes) + [OUTPUT_GAIN]
        self.layers = linears(keys, list(pairwise(sizes)), gains)
        self.activation = activation

    def __call__(self, x: Array) -> Array:
        return self.hidden(x) @ self.layers[-1].weight + self.layers[-1].bias

    def parameters(
        self, x: Array, condition: Array | None, sizes: Sequence[int]
    ) -> tuple[Array, ...]:
        output = self.layers[-1]
        rows = x if condition is None else jnp.concatenate([x, condition], axis=1)
        n_columns = len(output.bias) // max(sum(sizes), 1)
        return column_parameters(output, self.hidden(rows), sizes, n_columns)

    def hidden(self, x: Array) -> Array:
        """Return the units of the last hidden layer, (n, H)."""
        act = activation_function(self.activation)
        for layer in self.layers[:-1]:
            x = act(x @ layer.weight + layer.bias)
        return x
