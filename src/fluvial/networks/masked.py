"""Masked (autoregressive) networks: all parameters in one pass, or one column at a time.

Both networks offer two ways to the same numbers. `__call__` computes the parameters of all columns
at once. `incremental` prepares the computation column by column, in which every hidden unit is
computed once, so that D narrow steps cost about one dense pass (`fluvial.networks.incremental`).

Shapes: n rows, D columns, P parameters a column, H hidden units, C condition entries.
"""

from abc import abstractmethod
from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.networks import degrees as deg
from fluvial.networks.conditioner import Conditioner
from fluvial.networks.incremental import Incremental, packed, stage_size, staged
from fluvial.networks.linear import (
    Activation,
    Linear,
    activation_function,
    column_parameters,
    linears,
)
from fluvial.networks.mlp import OUTPUT_GAIN
from fluvial.networks.random import Key, split


class IncrementalNetwork(Conditioner):
    """A conditioner whose parameters of column i depend on the columns before i and the condition.

    It can also be evaluated column by column, which makes the inversion of a layer cost about one
    pass instead of D.

    Attributes:
        n_features: columns D.
        n_parameters: parameters P a column.
        condition_size: length of a flattened condition row, 0 for none.
    """

    n_features: eqx.AbstractVar[int]
    n_parameters: eqx.AbstractVar[int]
    condition_size: eqx.AbstractVar[int]

    @property
    def order(self) -> tuple[int, ...] | None:
        """The columns from the first to the last one; None where it is theirs."""
        return None

    @abstractmethod
    def incremental(self) -> Incremental:
        """Prepare the evaluation column by column, in the order of `order`."""


class _MaskedStack(IncrementalNetwork):
    """What the plain and the residual network share: masks, condition, the order of steps."""

    inputs: eqx.AbstractVar[Linear]
    hidden: eqx.AbstractVar[tuple[Linear, ...]]
    output: eqx.AbstractVar[Linear]
    hidden_sizes: eqx.AbstractVar[tuple[int, ...]]
    activation: eqx.AbstractVar[Activation]

    def __call__(self, x: Array, condition: Array | None = None) -> Array:
        """Map (n, D) and (n, condition_size) or None to the parameters (n, P, D)."""
        return self.parameters(x, condition, (self.n_parameters,))[0].transpose(2, 0, 1)

    def _degrees(self) -> list[np.ndarray]:
        return [
            deg.hidden_degrees(self.n_features, size, self.condition_size > 0)
            for size in self.hidden_sizes
        ]

    def _first(self, x: Array, condition: Array | None) -> Array:
        """Return the pre-activations of the first hidden layer."""
        rows = x if condition is None else jnp.concatenate([condition, x], axis=1)
        return rows @ self._masked_input() + self.inputs.bias

    def _masked_input(self) -> Array:
        mask = deg.input_mask(self.n_features, self.hidden_sizes[0], self.condition_size)
        return self.inputs.weight * mask.astype(self.inputs.weight.dtype)

    def _masked(self, index: int) -> Array:
        """Return the masked weight of `hidden[index]`."""
        return self.hidden[index].weight * self._mask(index).astype(self.hidden[index].weight.dtype)

    def _mask(self, index: int) -> np.ndarray:
        """Return the mask of `hidden[index]`."""
        below, above = (self.hidden_sizes[layer] for layer in self._ends(index))
        return deg.hidden_mask(self.n_features, below, above, self.condition_size > 0)

    def _started(self, keys: Sequence[Key], gains: Sequence[float]) -> tuple[Linear, ...]:
        """Return the layers at their start, from the first to the last."""
        first = deg.input_mask(self.n_features, self.hidden_sizes[0], self.condition_size)
        hidden = [self._mask(index) for index in range(len(keys) - 2)]
        masks = [first, *hidden, self._output_mask()]
        fan_ins = [mask.sum(axis=0) for mask in masks]
        return linears(keys, [mask.shape for mask in masks], gains, fan_ins)

    @abstractmethod
    def _ends(self, index: int) -> tuple[int, int]:
        """Return the numbers of the hidden layers below and above `hidden[index]`."""

    def _masked_output(self) -> Array:
        return self.output.weight * self._output_mask().astype(self.output.weight.dtype)

    def _output_mask(self) -> np.ndarray:
        conditional = self.condition_size > 0
        last = self.hidden_sizes[-1]
        return deg.output_mask(self.n_features, last, self.n_parameters, conditional)

    def parameters(
        self, x: Array, condition: Array | None, sizes: Sequence[int]
    ) -> tuple[Array, ...]:
        output = eqx.tree_at(lambda layer: layer.weight, self.output, self._masked_output())
        return column_parameters(output, self._last(x, condition), sizes, self.n_features)

    @abstractmethod
    def _last(self, x: Array, condition: Array | None) -> Array:
        """Return the units of the last hidden layer, (n, H)."""

    def _incremental(self, *, residual: bool) -> Incremental:
        size = stage_size(self.n_features)
        n_stages = -(-self.n_features // size)
        steps = np.arange(n_stages * size)
        degrees = self._degrees()
        of_units = {
            len(d): packed(np.arange(len(d)), deg.counts(d, len(steps)), n_stages) for d in degrees
        }
        is_column = (steps < self.n_features).astype(int)
        columns = np.arange(self.n_features)
        of_columns = packed(columns, is_column, n_stages)
        each = np.arange(self.n_parameters) * self.n_features
        outputs = (columns[:, None] + each).ravel()
        of_parameters = packed(outputs, self.n_parameters * is_column, n_stages)
        first, last = of_units[len(degrees[0])], of_units[len(degrees[-1])]
        from_condition, from_columns = jnp.split(self._masked_input(), [self.condition_size])
        layers = [staged(from_columns, self.inputs.bias, of_columns, first)]
        if self.condition_size:
            rows = jnp.pad(from_condition, ((0, 0), (0, 1))).T[first.stages]
            layers[0] = layers[0]._replace(of_condition=rows)
        for index, layer in enumerate(self.hidden):
            below, above = (of_units[self.hidden_sizes[k]] for k in self._ends(index))
            layers.append(staged(self._masked(index), layer.bias, below, above))
        layers.append(staged(self._masked_output(), self.output.bias, last, of_parameters))
        return Incremental(tuple(layers), residual, self.activation)


class MaskedMLP(_MaskedStack):
    """The masked autoencoder (MADE) of Germain et al. 2015, with sorted degrees.

    Args:
        key: a random key.
        n_features: columns D.
        n_parameters: parameters P a column.
        hidden_sizes: units of each hidden layer, at least one layer; any sizes, also below D.
        condition_size: length of a condition row, 0 for none.
        activation: a name of `ACTIVATIONS`, or any function of numbers.

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
    activation: Activation = eqx.field(static=True)

    def __init__(
        self,
        key,
        *,
        n_features: int,
        n_parameters: int,
        hidden_sizes: tuple[int, ...],
        condition_size: int = 0,
        activation: Activation = "relu",
    ):
        _check_sizes(hidden_sizes, activation)
        self.n_features, self.n_parameters = n_features, n_parameters
        self.hidden_sizes, self.condition_size = tuple(hidden_sizes), condition_size
        self.activation = activation
        first, last, *rest = split(key, 1 + len(hidden_sizes))
        gains = [2**0.5, *[2**0.5] * len(rest), OUTPUT_GAIN]
        self.inputs, *hidden, self.output = self._started([first, *rest, last], gains)
        self.hidden = tuple(hidden)

    def _last(self, x: Array, condition: Array | None) -> Array:
        act = activation_function(self.activation)
        h = act(self._first(x, condition))
        for index, layer in enumerate(self.hidden):
            h = act(h @ self._masked(index) + layer.bias)
        return h

    def incremental(self) -> Incremental:
        return self._incremental(residual=False)

    def _ends(self, index):
        return index, index + 1


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
        activation: a name of `ACTIVATIONS`, or any function of numbers.

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
    activation: Activation = eqx.field(static=True)

    def __init__(
        self,
        key,
        *,
        n_features: int,
        n_parameters: int,
        hidden_sizes: tuple[int, ...],
        condition_size: int = 0,
        activation: Activation = "relu",
    ):
        _check_sizes(hidden_sizes, activation)
        if len(set(hidden_sizes)) > 1:
            raise ValueError(f"residual blocks need equal hidden_sizes, but got {hidden_sizes}")
        self.n_features, self.n_parameters = n_features, n_parameters
        self.hidden_sizes, self.condition_size = tuple(hidden_sizes), condition_size
        self.activation = activation
        first, last, *rest = split(key, 2 + 2 * len(hidden_sizes))
        gains = [1.0, *[2**0.5, 0.1] * len(hidden_sizes), OUTPUT_GAIN]
        self.inputs, *hidden, self.output = self._started([first, *rest, last], gains)
        self.hidden = tuple(hidden)

    def _last(self, x: Array, condition: Array | None) -> Array:
        act = activation_function(self.activation)
        h = self._first(x, condition)
        for i in range(0, len(self.hidden), 2):
            inner = act(act(h) @ self._masked(i) + self.hidden[i].bias)
            h = h + inner @ self._masked(i + 1) + self.hidden[i + 1].bias
        return h

    def incremental(self) -> Incremental:
        return self._incremental(residual=True)

    def _ends(self, index):
        return 0, 0


def _check_sizes(hidden_sizes: tuple[int, ...], activation: Activation) -> None:
    activation_function(activation)
    if not hidden_sizes or min(hidden_sizes) < 1:
        raise ValueError(f"hidden_sizes needs at least one positive size, but got {hidden_sizes}")
