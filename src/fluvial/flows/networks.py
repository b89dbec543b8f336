"""Flows of planar, radial and Sylvester layers, and of residual ones."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, get_args

from jaxtyping import Array

from fluvial.bijectors import (
    Bijector,
    BlockAutoregressive,
    Contractive,
    Invert,
    Planar,
    Radial,
    Repeat,
    Sylvester,
)
from fluvial.flows._layers import Linear, as_flow, build_flow, check_sizes
from fluvial.flows.flow import Flow
from fluvial.networks.random import Key, split
from fluvial.shapes import Shape

Fast = Literal["density", "samples"]


def _stack(
    key: Array, n_layers: int, fast: Fast, base: Any, make_layer: Callable[[Key], Bijector]
) -> Flow:
    """Stack layers whose formula is that of `forward`."""
    if n_layers < 1:
        raise ValueError(f"n_layers must be at least 1, but is {n_layers}")
    if fast not in get_args(Fast):
        raise ValueError(f"fast must be one of {get_args(Fast)}, but is {fast!r}")
    layers = [make_layer(k) for k in split(key, n_layers)]
    if fast == "density":
        layers = [Invert(layer) for layer in layers]
    return as_flow([Repeat(layers)], layers[0].event_shape[0], base)


def planar_flow(
    key: Array,
    *,
    n_features: int,
    n_layers: int = 16,
    fast: Fast = "density",
    base: Any = None,
) -> Flow:
    """Build a flow of planar layers.

    `x = z + u tanh(w . z + b)`: each layer bends space across one plane, for O(D). Historical, and
    for posteriors of few columns; it takes dozens of layers for what one spline layer does. Both
    directions are exact: `fast` says which of them is a formula. It takes no condition.

    Args:
        key: a random key.
        n_features: columns D.
        n_layers: planar layers.
        fast: "density": densities are one formula, as maximum likelihood wants it;
            "samples": samples are, as variational inference wants it.
        base: the distribution of the latents; a standard normal where it is None.

    Raises:
        ValueError: where a size is below one, or `fast` is unknown.

    Examples:
        >>> flow = planar_flow(jax.random.key(0), n_features=2, n_layers=4)
        >>> flow.log_prob(jnp.zeros((5, 2))).shape
        (5,)

    References:
        Rezende and Mohamed 2015, arXiv 1505.05770, equations 10-12.
    """
    return _stack(key, n_layers, fast, base, lambda key: Planar(key, n_features))


def radial_flow(
    key: Array,
    *,
    n_features: int,
    n_layers: int = 16,
    fast: Fast = "density",
    base: Any = None,
) -> Flow:
    """Build a flow of radial layers.

    `x = z + beta (z - centre) / (alpha + |z - centre|)`: each layer draws space towards a point or
    away from it, for O(D). Historical: it makes round bumps only. Both directions are formulas, and
    `fast` says which of them is the shorter one. It takes no condition.

    Args:
        key: a random key.
        n_features: columns D.
        n_layers: radial layers.
        fast: "density": densities are one formula, as maximum likelihood wants it;
            "samples": samples are, as variational inference wants it.
        base: the distribution of the latents; a standard normal where it is None.

    Raises:
        ValueError: where a size is below one, or `fast` is unknown.

    Examples:
        >>> flow = radial_flow(jax.random.key(0), n_features=2, n_layers=4)
        >>> flow.log_prob(jnp.zeros((5, 2))).shape
        (5,)

    References:
        Rezende and Mohamed 2015, arXiv 1505.05770, equations 13-14.
    """
    return _stack(key, n_layers, fast, base, lambda key: Radial(key, n_features))


def sylvester_flow(
    key: Array,
    *,
    n_features: int,
    n_layers: int = 16,
    n_planes: int | None = None,
    fast: Fast = "density",
    base: Any = None,
) -> Flow:
    """Build a flow of Sylvester layers.

    `x = z + Q R tanh(S Q^T z + b)`: each layer bends space across `n_planes` planes at once, for
    O(D M). The strongest of the three first families; made for variational inference. Both
    directions are exact: `fast` says which of them is a formula. It takes no condition.

    Args:
        key: a random key.
        n_features: columns D.
        n_layers: Sylvester layers.
        n_planes: planes M of each layer, at most D; D or 8 where it is None, whichever is less.
        fast: "density": densities are one formula, as maximum likelihood wants it;
            "samples": samples are, as variational inference wants it.
        base: the distribution of the latents; a standard normal where it is None.

    Raises:
        ValueError: where a size is below one, or `fast` is unknown.

    Examples:
        >>> flow = sylvester_flow(jax.random.key(0), n_features=2, n_layers=4)
        >>> flow.log_prob(jnp.zeros((5, 2))).shape
        (5,)

    References:
        Van den Berg et al. 2018, arXiv 1803.05649, equations 10-14.
    """
    return _stack(key, n_layers, fast, base, lambda key: Sylvester(key, n_features, n_planes))


def residual_flow(
    key: Array,
    *,
    n_features: int,
    n_layers: int = 8,
    hidden_sizes: tuple[int, ...] = (64, 64),
    lipschitz: float = 0.9,
    linear: Linear = None,
    condition_shape: Shape | None = None,
    base: Any = None,
) -> Flow:
    """Build a residual flow: `z = x + g(x)` in each layer, g a network that shortens distances.

    Every layer sees and moves all columns at once. A density costs D passes of each network, for
    its exact log det; a sample some dozen iterations. For up to 64 columns, where smooth densities
    without an order of the columns are wanted.

    Args:
        key: a random key.
        n_features: columns D, at most 64.
        n_layers: residual layers.
        hidden_sizes: units of each hidden layer of each network.
        lipschitz: bound of each network's Lipschitz constant, between 0 and 1.
        linear: the map between layers: "reverse", "permutation", "lu" or None.
        condition_shape: shape of a condition, or None.
        base: the distribution of the latents; a standard normal where it is None.

    Raises:
        ValueError: where a size or `lipschitz` is out of range.

    Examples:
        >>> flow = residual_flow(jax.random.key(0), n_features=2, n_layers=2, hidden_sizes=(8,))
        >>> flow.log_prob(jnp.zeros((5, 2))).shape
        (5,)

    References:
        Behrmann et al. 2019, arXiv 1811.00995, theorem 1; Chen et al. 2019, arXiv 1906.02735.
    """
    check_sizes(n_features=n_features, n_layers=n_layers, linear=linear)
    make_layer = partial(
        Contractive,
        n_features=n_features,
        hidden_sizes=tuple(hidden_sizes),
        condition_shape=condition_shape,
        lipschitz=lipschitz,
    )
    return build_flow(
        key,
        lambda key: Invert(make_layer(key)),
        n_features=n_features,
        n_layers=n_layers,
        n_identity=0,
        linear=linear,
        base=base,
    )


def bnaf(
    key: Array,
    *,
    n_features: int,
    n_layers: int = 2,
    hidden_sizes: tuple[int, ...] = (8, 8),
    linear: Linear = "reverse",
    condition_shape: Shape | None = None,
    base: Any = None,
) -> Flow:
    """Build a block neural autoregressive flow: one monotone network for all columns at once.

    `z[i]` rises with `x[i]` and sees `x[:i]`. A density costs one pass; a sample D root searches of
    tens of passes each: for densities, not for samples. Its activations are not bounded, so the
    density integrates to one whatever the weights are.

    Args:
        key: a random key.
        n_features: columns D.
        n_layers: networks.
        hidden_sizes: units of each column in each hidden layer.
        linear: the map between layers: "reverse", "permutation", "lu" or None.
        condition_shape: shape of a condition, or None.
        base: the distribution of the latents; a standard normal where it is None.

    Raises:
        ValueError: where a size is below one.

    Examples:
        >>> flow = bnaf(jax.random.key(0), n_features=2, n_layers=1, hidden_sizes=(4,))
        >>> flow.log_prob(jnp.zeros((5, 2))).shape
        (5,)

    References:
        De Cao, Titov and Aziz 2019, arXiv 1904.04676, equations 5-12.
    """
    check_sizes(n_features=n_features, n_layers=n_layers, linear=linear)
    make_layer = partial(
        BlockAutoregressive,
        n_features=n_features,
        hidden_sizes=tuple(hidden_sizes),
        condition_shape=condition_shape,
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
