"""Coupling layers."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors._transformer import Transformer
from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.networks import MLP, Conditioner, as_conditioner, check_parameters
from fluvial.shapes import Shape, condition_size, flat_conditions


class Coupling(Bijector):
    """The first columns pass; they set the map of the others.

    `x[:m] = z[:m]` and `x[m:] = transformer(z[m:])` with parameters from a network that sees
    `z[:m]` and the condition. Both directions cost one pass of the network. Columns are permuted
    outside (`Permutation`), or the first m would never change.

    Args:
        key: a random key.
        transformer: any scalar bijector (event shape ()); its trainable leaves are the start to
            which the network's output is added.
        n_features: columns D, at least 1.
        n_identity: columns m that pass, 0 <= m < D; D // 2 by default. With 0 (always so at
            D = 1) the layer is a monotone map of each column, given the condition if there is one.
        hidden_sizes: units of each hidden layer of the network; not with a `conditioner`.
        conditioner: a network of one's own in place of the built one: a function
            `f(x)`, or `f(x, condition)` where a condition is declared, from `(n, m)` and
            `(n, C)`, the flattened condition, to `(n, D - m, P)` with P =
            `n_parameters(transformer)`. Zeros give the transformer as it is. An `equinox.Module`
            is trained. The key may then be None.
        condition_shape: shape of a condition, or None.
        activation: name of the network's activation, see `fluvial.networks.ACTIVATIONS`.

    Raises:
        ValueError: where `n_identity` leaves nothing to transform, or not exactly one of
            `hidden_sizes` and `conditioner` is given.
        ShapeError: where the transformer is not scalar, or the conditioner returns another shape.

    Examples:
        >>> layer = Coupling(jax.random.key(0), Affine(), n_features=3, hidden_sizes=(8,))
        >>> layer.forward(jax.numpy.ones((5, 3))).shape
        (5, 3)

    References:
        Dinh et al. 2017, arXiv 1605.08803, equations 4-8.
    """

    conditioner: Conditioner
    transformer: Transformer
    n_identity: int = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(
        self,
        key,
        transformer: Bijector,
        *,
        n_features: int,
        hidden_sizes: tuple[int, ...] | None = None,
        n_identity: int | None = None,
        condition_shape: Shape | None = None,
        activation: str = "relu",
        conditioner: Callable[..., Array] | Conditioner | None = None,
    ):
        n_identity = n_features // 2 if n_identity is None else n_identity
        if not 0 <= n_identity < n_features:
            raise ValueError(
                f"n_identity must lie in 0...{n_features - 1} for {n_features} columns, "
                f"but is {n_identity}"
            )
        self.transformer = Transformer(transformer)
        self.n_identity = n_identity
        self.event_shape = (n_features,)
        self.condition_shape = condition_shape
        n_moved = n_features - n_identity
        check_one_network(hidden_sizes, conditioner, "conditioner")
        if hidden_sizes is None:
            self.conditioner = as_conditioner(conditioner, n_moved)
            check_parameters(
                self.conditioner,
                self.transformer.sizes,
                n_known=n_identity,
                condition_size=None if condition_shape is None else condition_size(condition_shape),
            )
        else:
            self.conditioner = MLP(
                key,
                n_identity + condition_size(condition_shape),
                self.transformer.n_parameters * n_moved,
                hidden_sizes=tuple(hidden_sizes),
                activation=activation,
            )

    @property
    def _has_bounds(self) -> bool:
        return self.transformer.template.value._has_bounds

    def _forward_and_log_det(self, z, condition) -> Pair:
        return self._couple("_forward_and_log_det", z, condition)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        return self._couple("_inverse_and_log_det", x, condition)

    def _couple(self, method: str, value: Array, condition: Array | None) -> Pair:
        kept, moved = value[:, : self.n_identity], value[:, self.n_identity :]
        condition = None if condition is None else flat_conditions(condition)
        raw = self.conditioner.parameters(kept, condition, self.transformer.sizes)
        moved, log_det = self.transformer.apply_to_columns(method, raw, moved)
        return jnp.concatenate([kept, moved], axis=1), log_det


def check_one_network(hidden_sizes: Any, network: Any, name: str) -> None:
    """Refuse a layer that has no network, or two.

    Raises:
        ValueError: naming both arguments.
    """
    if (hidden_sizes is None) == (network is None):
        raise ValueError(
            f"a layer needs either hidden_sizes, for a network that it builds, or {name}=, a "
            f"network of your own: got {'neither' if network is None else 'both'}"
        )
