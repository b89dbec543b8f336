"""Networks of angles."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.networks.conditioner import Conditioner
from fluvial.networks.linear import Activation
from fluvial.networks.mlp import MLP
from fluvial.networks.random import Key


class PeriodicMLP(Conditioner):
    """A network that sees the cosine and the sine of each column, and so each angle once.

    Args:
        key: a random key.
        n_known: columns that it sees.
        out_size: length of its output.
        hidden_sizes: units of each hidden layer.
        condition_size: length of a condition row, 0 for none.
        activation: a name of `ACTIVATIONS`, or any function of numbers.

    Examples:
        >>> network = PeriodicMLP(jax.random.key(0), 1, 6, hidden_sizes=(8,))
        >>> [part.shape for part in network.parameters(jnp.ones((5, 1)), None, (3,))]
        [(3, 2, 5)]
    """

    mlp: MLP
    n_known: int = eqx.field(static=True)

    def __init__(
        self,
        key: Key,
        n_known: int,
        out_size: int,
        *,
        hidden_sizes: tuple[int, ...],
        condition_size: int = 0,
        activation: Activation = "relu",
    ):
        self.n_known = n_known
        self.mlp = MLP(
            key,
            2 * n_known + condition_size,
            out_size,
            hidden_sizes=hidden_sizes,
            activation=activation,
        )

    def parameters(
        self, x: Array, condition: Array | None, sizes: Sequence[int]
    ) -> tuple[Array, ...]:
        rows = jnp.concatenate([jnp.cos(x), jnp.sin(x)], axis=1)
        return self.mlp.parameters(rows, condition, sizes)
