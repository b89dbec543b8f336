"""What the recipes share: the linear maps between them, the stack, the checks."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.bijectors import (
    Bijector,
    Chain,
    Invert,
    LULinear,
    MaskedAutoregressive,
    Permutation,
    Repeat,
    ScaledCondition,
)
from fluvial.bijectors.coupling import Mask, kept_columns
from fluvial.distributions import StandardNormal
from fluvial.flows.flow import Flow
from fluvial.networks import Activation
from fluvial.networks.random import Key, permutation, split
from fluvial.shapes import Shape

Linear = Literal["lu", "permutation", "reverse"] | None
LINEAR = ("lu", "permutation", "reverse", None)


def build_flow(
    key: Key,
    make_layer: Callable[[Key], Bijector],
    *,
    n_features: int,
    n_layers: int,
    n_identity: int,
    linear: Linear,
    base: Any,
    outermost: Bijector | None = None,
) -> Flow:
    """Stack `n_layers` layers, with a linear map each, on a base.

    Args:
        key: a random key.
        make_layer: from a key to one layer.
        n_features: columns D.
        n_layers: number of layers.
        n_identity: columns that a layer passes, 0 for autoregressive layers.
        linear: the map beside each layer.
        base: the base, None for a standard normal.
        outermost: a bijector next to the data.
    """

    # All start as the identity.
    lu = Invert(LULinear(n_features)) if linear == "lu" else None

    def make(key):
        of_layer, of_linear = split(key, 2)
        layer = make_layer(of_layer)
        if linear is None:
            return layer
        if linear == "reverse":
            # On the latent side, so that the layer next to the data sees the columns in their own
            # order; random maps stand on the data side, before each layer of the density.
            return Chain([layer, Permutation.reverse(n_features)])
        order = Invert(Permutation(_random_order(of_linear, n_features, n_identity)))
        return Chain([order, layer] if lu is None else [order, lu, layer])

    parts: list[Bijector] = [Repeat([make(k) for k in split(key, n_layers)])]
    if linear == "reverse" and n_layers % 2:
        parts.append(Permutation.reverse(n_features))
    if outermost is not None:
        parts.insert(0, outermost)
    return as_flow(parts, n_features, base)


def autoregressive_flow(
    key: Key,
    transformer: Bijector,
    *,
    n_features: int,
    n_layers: int,
    hidden_sizes: tuple[int, ...],
    linear: Linear,
    condition_shape: Shape | None,
    activation: Activation,
    base: Any,
    residual: bool = False,
) -> Flow:
    """Build a flow of autoregressive layers with any transformer; see `fluvial.flows.maf`."""
    check_sizes(n_features=n_features, n_layers=n_layers, linear=linear)
    make_layer = partial(
        MaskedAutoregressive,
        transformer=transformer,
        n_features=n_features,
        hidden_sizes=tuple(hidden_sizes),
        residual=residual,
        condition_shape=condition_shape,
        activation=activation,
    )
    return build_flow(
        key,
        make_layer,
        n_features=n_features,
        n_layers=n_layers,
        n_identity=0,
        linear=linear,
        base=base,
    )


def build_alternating(
    key: Array,
    make_layer: Callable[..., Bijector],
    mask: Mask,
    *,
    n_features: int,
    n_layers: int,
    linear: Linear,
    base: Any,
    outermost: Bijector | None = None,
) -> Flow:
    """Stack couplings that take a mask and its complement in turn, the mask next to the data.

    Args:
        key: a random key.
        make_layer: from a key and `mask=` to one coupling.
        mask: which columns pass the first layer.
        n_features: columns D.
        n_layers: number of couplings.
        linear: a further map beside each layer, where it is "permutation" or "lu".
        base: the base, None for a standard normal.
        outermost: a bijector next to the data.

    Raises:
        ValueError: where a single coupling would leave columns untransformed.
    """
    passes = np.zeros(n_features, bool)
    passes[list(kept_columns(n_features, mask=mask))] = True
    if n_features > 1 and n_layers < 2 and passes.any():
        raise ValueError(
            f"one coupling leaves {passes.sum()} of {n_features} columns untransformed; "
            "use n_layers >= 2"
        )
    masks = [passes, ~passes if passes.any() else passes]
    lu = Invert(LULinear(n_features)) if linear == "lu" else None

    def make(key, number):
        of_layer, of_linear = split(key, 2)
        layer = make_layer(of_layer, mask=masks[number % 2])
        if linear in (None, "reverse"):
            return layer
        order = Invert(Permutation(permutation(of_linear, n_features)))
        return Chain([order, layer] if lu is None else [order, lu, layer])

    layers = [make(k, number) for number, k in enumerate(split(key, n_layers))]
    parts: list[Bijector] = [] if outermost is None else [outermost]
    if n_layers > 1:
        parts.append(Repeat([Chain(layers[i : i + 2]) for i in range(0, n_layers - 1, 2)]))
    if n_layers % 2:
        parts.append(layers[-1])
    return as_flow(parts, n_features, base)


def as_flow(parts: list[Bijector], n_features: int, base: Any) -> Flow:
    """Chain bijectors, scale their condition where there is one, and put them on a base."""
    bijector = parts[0] if len(parts) == 1 else Chain(parts)
    if bijector.condition_shape is not None:
        bijector = ScaledCondition(bijector)
    return Flow(StandardNormal(n_features) if base is None else base, bijector)


def _random_order(key: Key, n_features: int, n_identity: int) -> Array:
    """Draw an order of the columns.

    For couplings the columns that pass next are drawn from those transformed last, so that any two
    layers in a row transform every column.
    """
    if not n_identity:
        return permutation(key, n_features)
    first, second = split(key, 2)
    moved = n_identity + permutation(first, n_features - n_identity)
    rest = jnp.concatenate([moved[n_identity:], jnp.arange(n_identity)])
    return jnp.concatenate([moved[:n_identity], rest[permutation(second, len(rest))]])


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
