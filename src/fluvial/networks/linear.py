"""The affine layer that every network is made of, and the named activations."""

from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, ArrayLike

from fluvial.networks.random import Key, uniform

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "elu": jax.nn.elu,
    "gelu": jax.nn.gelu,
    "leaky_relu": jax.nn.leaky_relu,
    "relu": jax.nn.relu,
    "sigmoid": jax.nn.sigmoid,
    "silu": jax.nn.silu,
    "softplus": jax.nn.softplus,
    "tanh": jnp.tanh,
}
"""Activations by name, so that a network can be saved and pickled."""

Activation = str | Callable[[Array], Array]
"""A name of `ACTIVATIONS`, or any function of numbers; one network has to take the same function
object as another to share its compiled programs."""

MANY_COLUMNS = 16
"""From 16 columns on the inner loops of affine layers are long enough."""


def activation_function(name: Activation) -> Callable[[Array], Array]:
    """Return the activation called `name`, or the function itself.

    Raises:
        ValueError: where there is none of that name.
    """
    if callable(name):
        return name
    if name not in ACTIVATIONS:
        raise ValueError(f"unknown activation {name!r}; choose one of {sorted(ACTIVATIONS)}")
    return ACTIVATIONS[name]


class Linear(eqx.Module):
    """`x @ weight + bias`.

    Weight decay in training touches `weight` alone.

    Args:
        weight: (length of an input row, length of an output row).
        bias: as long as an output row.
    """

    weight: Array
    bias: Array


def linears(
    keys: Sequence[Key],
    shapes: Sequence[tuple[int, int]],
    gains: Sequence[float],
    fan_ins: Sequence[ArrayLike] | None = None,
) -> tuple[Linear, ...]:
    """Start the layers of a network.

    Weights start uniform with variance `gain**2 / fan_in`; biases start at zero.

    Args:
        keys: a random key for each layer.
        shapes: of their weights.
        gains: factors on the standard deviations of the starting weights.
        fan_ins: how many inputs an output really sees, a number or one for each output; all of
            them where they are not given. Masked networks give the unmasked count.
    """
    seen = [shape[0] for shape in shapes] if fan_ins is None else fan_ins
    limits = [
        np.broadcast_to(gain * np.sqrt(3.0 / np.maximum(fan_in, 1)), shape[1:])
        for shape, gain, fan_in in zip(shapes, gains, seen, strict=True)
    ]
    weights = uniform(keys, shapes, limits)
    biases = jax.device_put([np.zeros(w.shape[1], w.dtype) for w in weights])
    return tuple(Linear(*each) for each in zip(weights, biases, strict=True))


def columns_last(sizes: Sequence[int], n_features: int) -> bool:
    """Return whether parameters in parts of these sizes are faster with the columns last."""
    return max(sizes, default=0) == 1 and n_features >= MANY_COLUMNS


def column_parameters(
    layer: Linear, rows: Array, sizes: Sequence[int], n_features: int
) -> tuple[Array, ...]:
    """Return an output layer's parameters of each column, in parts.

    They are products of their own, with the rows last in memory: cutting one array costs more in
    training, where the gradients of the parts are put together again. Where `columns_last`, a
    single product is faster.

    Args:
        layer: its P * D outputs go parameter by parameter.
        rows: (n, H).
        sizes: parameters of each part, P together.
        n_features: columns D.

    Returns:
        For each part (size, D, n).
    """
    if columns_last(sizes, n_features):
        flat = rows @ layer.weight + layer.bias
        return tuple(part.T[None] for part in lax.split(flat, [n_features] * len(sizes), axis=1))
    parts, start = [], 0
    for size in sizes:
        stop = start + size * n_features
        weight, bias = layer.weight[:, start:stop], layer.bias[start:stop]
        if size > 1:
            part = lax.dot_general(weight, rows, (((0,), (1,)), ((), ()))) + bias[:, None]
        else:
            part = (rows @ weight + bias).T  # faster as long as it is small
        parts.append(part.reshape(size, n_features, len(rows)))
        start = stop
    return tuple(parts)
