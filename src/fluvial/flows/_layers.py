"""What the recipes share: layers, the linear maps between them, the stack, the checks."""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors import (
    Bijector,
    Chain,
    Coupling,
    Invert,
    LULinear,
    MaskedAutoregressive,
    Permutation,
    Repeat,
)
from fluvial.bijectors.bijector import Shape
from fluvial.distributions import StandardNormal
from fluvial.flows.flow import Flow

Linear = Literal["lu", "permutation", "reverse"] | None
LINEAR = ("lu", "permutation", "reverse", None)


class CouplingLayer(eqx.Module):
    """Makes one coupling that passes the first half of the columns.

    A module rather than a closure, so that equal recipes share one compiled builder.
    """

    transformer: Bijector
    n_features: int = eqx.field(static=True)
    hidden_sizes: tuple[int, ...] = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)
    activation: str = eqx.field(static=True)

    @property
    def n_identity(self) -> int:
        return self.n_features // 2

    def __call__(self, key: Array) -> Bijector:
        return Coupling(
            key,
            self.transformer,
            n_features=self.n_features,
            n_identity=self.n_identity,
            hidden_sizes=self.hidden_sizes,
            condition_shape=self.condition_shape,
            activation=self.activation,
        )


class AutoregressiveLayer(eqx.Module):
    """Makes one masked autoregressive layer, or its inverse."""

    transformer: Bijector
    n_features: int = eqx.field(static=True)
    hidden_sizes: tuple[int, ...] = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)
    activation: str = eqx.field(static=True)
    residual: bool = eqx.field(static=True, default=False)
    inverted: bool = eqx.field(static=True, default=False)

    @property
    def n_identity(self) -> int:
        return 0

    def __call__(self, key: Array) -> Bijector:
        layer = MaskedAutoregressive(
            key,
            self.transformer,
            n_features=self.n_features,
            hidden_sizes=self.hidden_sizes,
            residual=self.residual,
            condition_shape=self.condition_shape,
            activation=self.activation,
        )
        return Invert(layer) if self.inverted else layer


@eqx.filter_jit
def build_flow(
    key: Array,
    layer: CouplingLayer | AutoregressiveLayer,
    *,
    n_layers: int,
    linear: Linear,
    base: Any,
    outermost: Bijector | None = None,
) -> Flow:
    """Stack `n_layers` layers, with a linear map each, on a base; compiled as one program.

    Args:
        key: a random key.
        layer: makes one layer.
        n_layers: number of layers.
        linear: the map beside each layer.
        base: the base, None for a standard normal.
        outermost: a bijector next to the data.
    """

    def make(key):
        of_layer, of_linear = jax.random.split(key)
        return _with_linear(layer(of_layer), linear, of_linear, layer.n_identity)

    parts: list[Bijector] = [Repeat.build(make, jax.random.split(key, n_layers))]
    if linear == "reverse" and n_layers % 2:
        parts.append(Permutation.reverse(layer.n_features))
    if outermost is not None:
        parts.insert(0, outermost)
    bijector = parts[0] if len(parts) == 1 else Chain(parts)
    return Flow(StandardNormal(layer.n_features) if base is None else base, bijector)


def _with_linear(layer: Bijector, linear: Linear, key: Array, n_identity: int) -> Bijector:
    """Put the linear map beside a layer.

    A reversal stands on the latent side, so that the layer next to the data sees the columns in
    their own order; random maps stand on the data side, before each layer of the density.
    """
    (n_features,) = layer.event_shape
    if linear is None:
        return layer
    if linear == "reverse":
        return Chain([layer, Permutation.reverse(n_features)])
    maps: list[Bijector] = [Invert(Permutation(_random_order(key, n_features, n_identity)))]
    if linear == "lu":
        maps.append(Invert(LULinear(n_features)))
    return Chain([*maps, layer])


def _random_order(key: Array, n_features: int, n_identity: int) -> Array:
    """Draw an order of the columns.

    For couplings the columns that pass next are drawn from those transformed last, so that any two
    layers in a row transform every column.
    """
    if not n_identity:
        return jax.random.permutation(key, n_features)
    first, second = jax.random.split(key)
    moved = n_identity + jax.random.permutation(first, n_features - n_identity)
    rest = jnp.concatenate([moved[n_identity:], jnp.arange(n_identity)])
    return jnp.concatenate([moved[:n_identity], jax.random.permutation(second, rest)])


def check_sizes(*, n_features: int, n_layers: int, linear: Linear) -> None:
    """Refuse sizes that make no flow.

    Raises:
        ValueError: where a size is below one or `linear` is unknown.
    """
    for name, value in (("n_features", n_features), ("n_layers", n_layers)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, but is {value}")
    if linear not in LINEAR:
        raise ValueError(f"linear must be one of {LINEAR}, but is {linear!r}")


def check_every_column_moves(*, n_features: int, n_layers: int, linear: Linear) -> None:
    """Refuse a coupling stack that would leave a column untransformed.

    Raises:
        ValueError: where the layers pass the same columns, or a single layer passes some.
    """
    if n_features == 1 or linear == "lu":
        return
    if linear is None:
        raise ValueError(
            f"couplings with linear=None pass the first {n_features // 2} columns in every layer "
            "and never transform them; choose linear='reverse', 'permutation' or 'lu'"
        )
    if n_layers < 2:
        raise ValueError(
            f"one coupling leaves {n_features // 2} of {n_features} columns untransformed; "
            "use n_layers >= 2 or linear='lu'"
        )
