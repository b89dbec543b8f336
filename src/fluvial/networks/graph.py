"""A masked network over a graph: the parameters of a column depend on its parents alone.

Each hidden unit belongs to the parents of one column. It sees these alone, or units below whose
columns are all among them; and a column's parameters see the units whose columns are all among its
parents.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.errors import ShapeError
from fluvial.networks.conditioner import Conditioner
from fluvial.networks.linear import (
    Activation,
    Linear,
    activation_function,
    column_parameters,
    linears,
)
from fluvial.networks.mlp import OUTPUT_GAIN
from fluvial.networks.random import Key, split
from fluvial.shapes import Numbers

Parents = tuple[tuple[int, ...], ...]
"""The columns on which each column depends."""


class GraphMLP(Conditioner):
    """A masked network whose parameters of column i depend on the parents of i and the condition.

    Args:
        key: a random key.
        parents: of each column; see `parents_of`.
        n_parameters: parameters P a column.
        hidden_sizes: units of each hidden layer, at least one layer; each holds a unit at least for
            every set of parents.
        condition_size: length of a condition row, 0 for none.
        activation: a name of `ACTIVATIONS`, or any function of numbers.

    Raises:
        ValueError: where a layer has fewer units than there are sets of parents.

    Examples:
        >>> network = GraphMLP(
        ...     jax.random.key(0), parents=((), (0,), (0,)), n_parameters=2, hidden_sizes=(8,)
        ... )
        >>> [part.shape for part in network.parameters(jnp.ones((5, 3)), None, (1, 1))]
        [(1, 3, 5), (1, 3, 5)]

    References:
        Wehenkel and Louppe 2021, arXiv 2006.02548, section 3, for flows over graphs.
    """

    layers: tuple[Linear, ...]
    parents: Parents = eqx.field(static=True)
    condition_size: int = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)

    def __init__(
        self,
        key: Key,
        *,
        parents: Parents,
        n_parameters: int,
        hidden_sizes: tuple[int, ...],
        condition_size: int = 0,
        activation: Activation = "relu",
    ):
        activation_function(activation)
        n_sets = len(set(parents))
        if not hidden_sizes or min(hidden_sizes) < n_sets:
            raise ValueError(
                f"each hidden layer needs a unit for each of {n_sets} sets of parents, but "
                f"hidden_sizes is {hidden_sizes}"
            )
        self.parents, self.condition_size, self.activation = parents, condition_size, activation
        masks = _masks(parents, tuple(hidden_sizes), condition_size, n_parameters)
        gains = [2**0.5] * len(hidden_sizes) + [OUTPUT_GAIN]
        fan_ins = [mask.sum(axis=0) for mask in masks]
        keys = split(key, len(masks))
        self.layers = linears(keys, [mask.shape for mask in masks], gains, fan_ins)

    def parameters(
        self, x: Array, condition: Array | None, sizes: Sequence[int]
    ) -> tuple[Array, ...]:
        act = activation_function(self.activation)
        rows = x if condition is None else jnp.concatenate([condition, x], axis=1)
        hidden_sizes = tuple(len(layer.bias) for layer in self.layers[:-1])
        masks = _masks(self.parents, hidden_sizes, self.condition_size, sum(sizes))
        masked = [
            Linear(layer.weight * mask.astype(layer.weight.dtype), layer.bias)
            for layer, mask in zip(self.layers, masks, strict=True)
        ]
        for layer in masked[:-1]:
            rows = act(rows @ layer.weight + layer.bias)
        return column_parameters(masked[-1], rows, sizes, len(self.parents))


@lru_cache(64)
def _masks(
    parents: Parents, hidden_sizes: tuple[int, ...], condition_size: int, n_parameters: int
) -> tuple[np.ndarray, ...]:
    """Return the mask of each layer, from inputs (condition first) to outputs."""
    n_features = len(parents)
    sees = np.zeros((n_features, n_features), bool)
    for column, of_column in enumerate(parents):
        sees[column, list(of_column)] = True
    kinds = np.unique(sees, axis=0)
    units = [kinds[np.arange(size) % len(kinds)] for size in hidden_sizes]
    first = np.concatenate([np.ones((condition_size, len(units[0])), bool), units[0].T])
    masks = [first, *(_within(below, above) for below, above in pairwise(units))]
    masks.append(np.tile(_within(units[-1], sees), (1, n_parameters)))
    for mask in masks:
        mask.setflags(write=False)
    return tuple(masks)


def _within(below: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Return which sets (a, D) lie within which others (b, D), as (a, b)."""
    return ~np.any(below[:, None] & ~above[None], axis=2)


def parents_of(adjacency: Numbers) -> Parents:
    """Return the columns on which each column depends by a matrix.

    Args:
        adjacency: (D, D); `adjacency[i, j]` is not zero where column i depends on column j.

    Raises:
        ShapeError: where it is no square matrix.

    Examples:
        >>> parents_of([[0, 0], [1, 0]])
        ((), (0,))
    """
    matrix = np.asarray(adjacency) != 0
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ShapeError(f"adjacency must be a square matrix, but has shape {matrix.shape}")
    return tuple(tuple(int(j) for j in np.flatnonzero(row)) for row in matrix)


def topological_order(parents: Parents) -> tuple[int, ...]:
    """Return the columns in an order in which the parents of each come before it.

    Raises:
        ValueError: where the graph has a cycle, naming a column of it.

    Examples:
        >>> topological_order(((1,), ()))
        (1, 0)
    """
    order: list[int] = []
    rest = list(range(len(parents)))
    while rest:
        ready = [column for column in rest if set(parents[column]) <= set(order)]
        if not ready:
            raise ValueError(
                f"adjacency has a cycle: column {rest[0]} depends on itself by way of others, or "
                "on such a column"
            )
        order += ready
        rest = [column for column in rest if column not in ready]
    return tuple(order)
