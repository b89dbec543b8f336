"""The masked autoencoder as a network of its own."""

from collections.abc import Sequence
from typing import Literal, get_args

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.errors import ShapeError
from fluvial.networks.incremental import Incremental
from fluvial.networks.linear import Activation
from fluvial.networks.masked import IncrementalNetwork, MaskedMLP
from fluvial.networks.random import Key, permutation, split
from fluvial.shapes import as_floats

Order = Literal["left-to-right", "right-to-left", "random"]


class MADE(IncrementalNetwork):
    """The masked autoencoder of densities: parameters of each column from those before it.

    `made(x)` maps `(..., D)` to `(..., D, n_params)`; the row `[i, :]` depends on the columns that
    come before column i in the order, and the first of them on nothing. Zeroed weights see to that.
    With it `MaskedAutoregressive(None, transformer, n_features=D, network=made)` inverts for
    about the cost of one pass.

    Args:
        key: a random key.
        n_features: columns D.
        n_params: parameters a column.
        hidden_sizes: units of each hidden layer, at least one layer.
        activation: a name of `ACTIVATIONS`, or any function of numbers.
        input_order: "left-to-right", "right-to-left", "random", or the place of each column,
            1...D.
        condition_size: length of a condition row, 0 for none.

    Raises:
        ValueError: where a size is less than 1, or `input_order` is no order of the columns.

    Examples:
        >>> made = MADE(jax.random.key(0), n_features=3, n_params=2, hidden_sizes=(16, 16))
        >>> made(jnp.ones((5, 3))).shape
        (5, 3, 2)

    References:
        Germain et al. 2015, arXiv 1502.03509, equations 8-10 and section 4.2.
    """

    network: MaskedMLP
    places: tuple[int, ...] | None = eqx.field(static=True)

    def __init__(
        self,
        key: Key,
        *,
        n_features: int,
        n_params: int,
        hidden_sizes: tuple[int, ...] = (16, 16),
        activation: Activation = "relu",
        input_order: Order | Sequence[int] = "left-to-right",
        condition_size: int = 0,
    ):
        of_network, of_order = split(key, 2)
        self.network = MaskedMLP(
            of_network,
            n_features=n_features,
            n_parameters=n_params,
            hidden_sizes=tuple(hidden_sizes),
            condition_size=condition_size,
            activation=activation,
        )
        self.places = _places(input_order, n_features, of_order)

    @property
    def n_features(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.network.n_features

    @property
    def n_parameters(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.network.n_parameters

    @property
    def condition_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.network.condition_size

    @property
    def order(self) -> tuple[int, ...] | None:
        if self.places is None:
            return None
        return tuple(int(column) for column in np.argsort(self.places))

    def __call__(self, x: ArrayLike, condition: ArrayLike | None = None) -> Array:
        x = as_floats(x)
        if x.shape[-1:] != (self.n_features,):
            raise ShapeError(
                f"MADE: x has shape {x.shape}, but its last axis must be {self.n_features}"
            )
        batch, rows = x.shape[:-1], x.reshape(-1, self.n_features)
        given = None
        if condition is not None:
            of_batch = jnp.broadcast_to(condition, (*batch, self.condition_size))
            given = of_batch.reshape(-1, self.condition_size)
        (raw,) = self.parameters(rows, given, (self.n_parameters,))
        return raw.transpose(2, 1, 0).reshape(*batch, self.n_features, self.n_parameters)

    def parameters(
        self, x: Array, condition: Array | None, sizes: Sequence[int]
    ) -> tuple[Array, ...]:
        if self.places is None:
            return self.network.parameters(x, condition, sizes)
        parts = self.network.parameters(x[:, np.array(self.order)], condition, sizes)
        return tuple(part[:, np.array(self.places)] for part in parts)

    def incremental(self) -> Incremental:
        return self.network.incremental()


def _places(input_order: Order | Sequence[int], n: int, key: Key) -> tuple[int, ...] | None:
    """Return the place of each column from 0; None where it is its own."""
    if isinstance(input_order, str):
        if input_order not in get_args(Order):
            raise ValueError(f"input_order must be one of {get_args(Order)}, not {input_order!r}")
        if input_order == "left-to-right":
            return None
        if input_order == "right-to-left":
            return tuple(range(n))[::-1]
        return tuple(int(place) for place in np.asarray(permutation(key, n)))
    places = tuple(int(place) - 1 for place in input_order)
    if sorted(places) != list(range(n)):
        raise ValueError(f"input_order must hold each of 1...{n} once, but is {list(input_order)}")
    return places
