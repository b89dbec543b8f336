"""Masked (autoregressive) networks: all parameters in one pass, or one column at a time.

Both networks offer two ways to the same numbers. `__call__` computes the parameters of all columns
at once. `sweep` prepares the computation column by column, in which every weight is used once: the
parameters of column i need only the hidden units of degree below i, and when the value of column i
becomes known, only the units of degree i are computed. D narrow steps cost about one dense pass.

Shapes: n rows, D columns, P parameters a column, H hidden units, G degrees with g units each
(padded). Inside a sweep, arrays are feature-first: `(units, n)`.
"""

from abc import abstractmethod
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from fluvial.networks import degrees as deg
from fluvial.networks.linear import Linear, activation_function
from fluvial.networks.mlp import OUTPUT_GAIN
from fluvial.networks.random import split

States = tuple[Array, ...]


class Grouped(NamedTuple):
    """One affine layer with its outputs grouped by degree: weight (G, g, in), bias (G, g, 1|n)."""

    weight: Array
    bias: Array

    def at(self, group, inputs: Array) -> Array:
        """Return the outputs (g, n) of one group from the inputs (in, n)."""
        weight = lax.dynamic_index_in_dim(self.weight, group, keepdims=False)
        return weight @ inputs + lax.dynamic_index_in_dim(self.bias, group, keepdims=False)


class Sweep(eqx.Module):
    """A masked network made ready to be evaluated one column at a time.

    Attributes:
        layers: the hidden layers, each grouped by degree.
        output: the output layer, grouped by column: weight (D, P, G * g), bias (D, P, 1).
        states: start of the hidden activations, each (G * g, n), zeros where not yet known.
        first: number of groups that are known before the first column (1 with a condition).
    """

    layers: tuple[Grouped, ...]
    output: Grouped
    states: States
    first: int = eqx.field(static=True)
    residual: bool = eqx.field(static=True)
    activation: str = eqx.field(static=True)

    def parameters(self, states: States, column) -> Array:
        """Return the parameters (P, n) of a column from the units of lower degree."""
        return self.output.at(column, states[-1])

    def advance(self, states: States, group, x: Array) -> States:
        """Compute the hidden units of one group from the known columns x (D, n)."""
        return (self._residual if self.residual else self._plain)(states, group, x)

    def _plain(self, states: States, group, x: Array) -> States:
        act = activation_function(self.activation)
        known, inputs = [], x
        for layer, state in zip(self.layers, states, strict=True):
            known.append(_store(state, act(layer.at(group, inputs)), group))
            inputs = known[-1]
        return tuple(known)

    def _residual(self, states: States, group, x: Array) -> States:
        act = activation_function(self.activation)
        stream = self.layers[0].at(group, x)
        known = []
        for i in range(0, len(self.layers) - 1, 2):
            known.append(_store(states[i], act(stream), group))
            inner = act(self.layers[i + 1].at(group, known[-1]))
            known.append(_store(states[i + 1], inner, group))
            stream = stream + self.layers[i + 2].at(group, known[-1])
        known.append(_store(states[-1], stream, group))
        return tuple(known)


def _store(state: Array, block: Array, group) -> Array:
    return lax.dynamic_update_slice_in_dim(state, block, group * block.shape[0], axis=0)


class AutoregressiveNetwork(eqx.Module):
    """A network whose parameters of column i depend on the columns before i and the condition.

    Attributes:
        n_features: columns D.
        n_parameters: parameters P a column.
        condition_size: length of a flattened condition row, 0 for none.
    """

    n_features: eqx.AbstractVar[int]
    n_parameters: eqx.AbstractVar[int]
    condition_size: eqx.AbstractVar[int]

    @abstractmethod
    def __call__(self, x: Array, condition: Array | None) -> Array:
        """Map (n, D) and (n, condition_size) or None to the parameters (n, P, D)."""

    @abstractmethod
    def sweep(self, n: int, condition: Array | None) -> Sweep:
        """Prepare the evaluation column by column for n rows; condition (n, C) or None."""


class _MaskedStack(AutoregressiveNetwork):
    """What the plain and the residual network share: masks, the condition, the sweep's layout."""

    inputs: eqx.AbstractVar[Linear]
    hidden: eqx.AbstractVar[tuple[Linear, ...]]
    output: eqx.AbstractVar[Linear]
    hidden_sizes: eqx.AbstractVar[tuple[int, ...]]
    activation: eqx.AbstractVar[str]

    def _degrees(self) -> list[np.ndarray]:
        return [
            deg.hidden_degrees(self.n_features, size, conditional=self.condition_size > 0)
            for size in self.hidden_sizes
        ]

    def _first(self, x: Array, condition: Array | None) -> Array:
        """Return the pre-activations of the first hidden layer."""
        rows = x if condition is None else jnp.concatenate([condition, x], axis=1)
        return rows @ self._masked_input() + self.inputs.bias

    def _masked_input(self) -> Array:
        mask = deg.input_mask(self.n_features, self._degrees()[0], self.condition_size)
        return self.inputs.weight * mask

    def _masked(self, index: int) -> Array:
        """Return the masked weight of `hidden[index]`."""
        sizes = self._degrees()
        below, above = self._ends(sizes, index)
        return self.hidden[index].weight * deg.hidden_mask(below, above)

    @abstractmethod
    def _ends(self, degrees: list[np.ndarray], index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the degrees below and above `hidden[index]`."""

    def _masked_output(self) -> Array:
        mask = deg.output_mask(self._degrees()[-1], self.n_features, self.n_parameters)
        return self.output.weight * mask

    def _parameters(self, last: Array) -> Array:
        flat = last @ self._masked_output() + self.output.bias
        return flat.reshape(last.shape[0], self.n_parameters, self.n_features)

    def _sweep(self, n: int, condition: Array | None, *, residual: bool) -> Sweep:
        conditional = self.condition_size > 0
        sizes = self._degrees()
        groups = {len(d): deg.groups(d, self.n_features, conditional=conditional) for d in sizes}
        at_input = groups[len(sizes[0])]
        of_condition, of_columns = jnp.split(self._masked_input(), [self.condition_size])
        layers = [_grouped(of_columns, self.inputs.bias, None, at_input)]
        if condition is not None:
            extra = _pad_columns(condition @ of_condition)[:, at_input]
            extra = jnp.moveaxis(extra, 0, -1)
            layers[0] = Grouped(layers[0].weight, layers[0].bias + extra)
        ends = [at_input]
        for index, layer in enumerate(self.hidden):
            below, above = (groups[len(d)] for d in self._ends(sizes, index))
            layers.append(_grouped(self._masked(index), layer.bias, below, above))
            ends.append(above)
        last = groups[len(sizes[-1])]
        by_column = np.arange(self.n_parameters)[None, :] * self.n_features
        by_column = by_column + np.arange(self.n_features)[:, None]
        output = _grouped(self._masked_output(), self.output.bias, last, by_column)
        dtype = self.inputs.weight.dtype
        states = tuple(jnp.zeros((end.size, n), dtype) for end in ends)
        return Sweep(tuple(layers), output, states, int(conditional), residual, self.activation)


def _grouped(weight: Array, bias: Array, below: np.ndarray | None, above: np.ndarray) -> Grouped:
    """Group an affine layer: inputs taken in the order `below`, outputs grouped as `above`."""
    if below is not None:
        padded = jnp.concatenate([weight, jnp.zeros_like(weight[:1])], axis=0)
        weight = padded[below.reshape(-1)]
    weight = jnp.moveaxis(_pad_columns(weight)[:, above], 0, -1)
    return Grouped(weight, _pad_columns(bias[None])[0][above][..., None])


def _pad_columns(array: Array) -> Array:
    return jnp.concatenate([array, jnp.zeros_like(array[:, :1])], axis=1)


class MaskedMLP(_MaskedStack):
    """The masked autoencoder (MADE) of Germain et al. 2015, with sorted degrees.

    Args:
        key: a random key.
        n_features: columns D.
        n_parameters: parameters P a column.
        hidden_sizes: units of each hidden layer, at least one layer; any sizes, also below D.
        condition_size: length of a condition row, 0 for none.
        activation: a name of `ACTIVATIONS`.

    Examples:
        >>> network = MaskedMLP(jax.random.key(0), n_features=3, n_parameters=2, hidden_sizes=(8,))
        >>> network(jax.numpy.ones((5, 3)), None).shape
        (5, 2, 3)

    References:
        Germain et al. 2015, arXiv 1502.03509, equations 8-10.
    """

    inputs: Linear
    hidden: tuple[Linear, ...]
    output: Linear
    n_features: int = eqx.field(static=True)
    n_parameters: int = eqx.field(static=True)
    hidden_sizes: tuple[int, ...] = eqx.field(static=True)
    condition_size: int = eqx.field(static=True)
    activation: str = eqx.field(static=True)

    def __init__(
        self,
        key,
        *,
        n_features: int,
        n_parameters: int,
        hidden_sizes: tuple[int, ...],
        condition_size: int = 0,
        activation: str = "relu",
    ):
        _check_sizes(hidden_sizes, activation)
        self.n_features, self.n_parameters = n_features, n_parameters
        self.hidden_sizes, self.condition_size = tuple(hidden_sizes), condition_size
        self.activation = activation
        first, last, *rest = split(key, 1 + len(hidden_sizes))
        self.inputs, self.output = _ends_of_network(self, first, last, input_gain=2**0.5)
        degrees = self._degrees()
        self.hidden = tuple(
            _masked_linear(k, deg.hidden_mask(below, above), gain=2**0.5)
            for k, below, above in zip(rest, degrees[:-1], degrees[1:], strict=True)
        )

    def __call__(self, x: Array, condition: Array | None) -> Array:
        act = activation_function(self.activation)
        h = act(self._first(x, condition))
        for index, layer in enumerate(self.hidden):
            h = act(h @ self._masked(index) + layer.bias)
        return self._parameters(h)

    def sweep(self, n: int, condition: Array | None) -> Sweep:
        return self._sweep(n, condition, residual=False)

    def _ends(self, degrees, index):
        return degrees[index], degrees[index + 1]


class ResidualMaskedMLP(_MaskedStack):
    """The masked network with residual blocks of Nash and Durkan 2019, with sorted degrees.

    One block per entry of `hidden_sizes`: `h + W2 act(W1 act(h))`. All units of equal index share
    one degree, so a block never breaks the order.

    Args:
        key: a random key.
        n_features: columns D.
        n_parameters: parameters P a column.
        hidden_sizes: one equal number of units for each residual block.
        condition_size: length of a condition row, 0 for none.
        activation: a name of `ACTIVATIONS`.

    Raises:
        ValueError: where the hidden sizes differ.

    References:
        Nash and Durkan 2019, arXiv 1904.05626, section 3.
    """

    inputs: Linear
    hidden: tuple[Linear, ...]
    output: Linear
    n_features: int = eqx.field(static=True)
    n_parameters: int = eqx.field(static=True)
    hidden_sizes: tuple[int, ...] = eqx.field(static=True)
    condition_size: int = eqx.field(static=True)
    activation: str = eqx.field(static=True)

    def __init__(
        self,
        key,
        *,
        n_features: int,
        n_parameters: int,
        hidden_sizes: tuple[int, ...],
        condition_size: int = 0,
        activation: str = "relu",
    ):
        _check_sizes(hidden_sizes, activation)
        if len(set(hidden_sizes)) > 1:
            raise ValueError(f"residual blocks need equal hidden_sizes, but got {hidden_sizes}")
        self.n_features, self.n_parameters = n_features, n_parameters
        self.hidden_sizes, self.condition_size = tuple(hidden_sizes), condition_size
        self.activation = activation
        first, last, *rest = split(key, 2 + 2 * len(hidden_sizes))
        self.inputs, self.output = _ends_of_network(self, first, last, input_gain=1.0)
        degrees = self._degrees()[0]
        mask = deg.hidden_mask(degrees, degrees)
        gains = [2**0.5, 0.1] * len(hidden_sizes)
        self.hidden = tuple(
            _masked_linear(k, mask, gain=gain) for k, gain in zip(rest, gains, strict=True)
        )

    def __call__(self, x: Array, condition: Array | None) -> Array:
        act = activation_function(self.activation)
        h = self._first(x, condition)
        for i in range(0, len(self.hidden), 2):
            inner = act(act(h) @ self._masked(i) + self.hidden[i].bias)
            h = h + inner @ self._masked(i + 1) + self.hidden[i + 1].bias
        return self._parameters(h)

    def sweep(self, n: int, condition: Array | None) -> Sweep:
        return self._sweep(n, condition, residual=True)

    def _ends(self, degrees, index):
        return degrees[0], degrees[0]


def _check_sizes(hidden_sizes: tuple[int, ...], activation: str) -> None:
    activation_function(activation)
    if not hidden_sizes or min(hidden_sizes) < 1:
        raise ValueError(f"hidden_sizes needs at least one positive size, but got {hidden_sizes}")


def _masked_linear(key, mask: np.ndarray, *, gain: float) -> Linear:
    return Linear(key, *mask.shape, gain=gain, fan_in=mask.sum(axis=0))


def _ends_of_network(network: _MaskedStack, first, last, *, input_gain: float):
    """Return the input layer and the output layer."""
    degrees = network._degrees()
    at_input = deg.input_mask(network.n_features, degrees[0], network.condition_size)
    at_output = deg.output_mask(degrees[-1], network.n_features, network.n_parameters)
    inputs = _masked_linear(first, at_input, gain=input_gain)
    return inputs, _masked_linear(last, at_output, gain=OUTPUT_GAIN)
