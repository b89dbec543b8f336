"""Flows of affine autoregressive layers: MAF and IAF."""

from functools import partial
from typing import Any

from jaxtyping import Array

from fluvial.bijectors import Affine, Invert, MaskedAutoregressive
from fluvial.flows._layers import Linear, build_flow, check_sizes
from fluvial.flows.flow import Flow
from fluvial.shapes import Shape


def maf(
    key: Array,
    *,
    n_features: int,
    n_layers: int = 5,
    hidden_sizes: tuple[int, ...] = (128, 128),
    residual: bool = False,
    linear: Linear = "reverse",
    condition_shape: Shape | None = None,
    activation: str = "relu",
    base: Any = None,
) -> Flow:
    """Build a masked autoregressive flow with affine transformers.

    The density costs one pass of each network; a sample costs about one pass more, where the usual
    implementation costs D passes.

    Args:
        key: a random key.
        n_features: columns D.
        n_layers: autoregressive layers.
        hidden_sizes: units of each hidden layer (of each residual block) of each network.
        residual: whether the networks are residual.
        linear: the map between layers: "reverse", "permutation", "lu" or None.
        condition_shape: shape of a condition, or None.
        activation: name of the activation, see `fluvial.networks.ACTIVATIONS`.
        base: the distribution of the latents; a standard normal where it is None.

    Raises:
        ValueError: where a size is below one.

    Examples:
        >>> flow = maf(jax.random.key(0), n_features=3, n_layers=2, hidden_sizes=(16, 16))
        >>> flow.log_prob(jax.numpy.zeros((5, 3))).shape
        (5,)

    References:
        Papamakarios et al. 2017, arXiv 1705.07057, section 3.
    """
    check_sizes(n_features=n_features, n_layers=n_layers, linear=linear)
    make_layer = partial(
        MaskedAutoregressive,
        transformer=Affine(),
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


def iaf(
    key: Array,
    *,
    n_features: int,
    n_layers: int = 5,
    hidden_sizes: tuple[int, ...] = (128, 128),
    residual: bool = False,
    linear: Linear = "reverse",
    condition_shape: Shape | None = None,
    activation: str = "relu",
    base: Any = None,
) -> Flow:
    """Build an inverse autoregressive flow with affine transformers.

    The fast direction of `maf` exchanged: samples cost one pass, densities a little more. The
    choice for variational inference, where one samples and asks for the samples' density.

    Args:
        key: a random key.
        n_features: columns D.
        n_layers: autoregressive layers.
        hidden_sizes: units of each hidden layer (of each residual block) of each network.
        residual: whether the networks are residual.
        linear: the map between layers: "reverse", "permutation", "lu" or None.
        condition_shape: shape of a condition, or None.
        activation: name of the activation, see `fluvial.networks.ACTIVATIONS`.
        base: the distribution of the latents; a standard normal where it is None.

    Raises:
        ValueError: where a size is below one.

    Examples:
        >>> flow = iaf(jax.random.key(0), n_features=3, n_layers=2, hidden_sizes=(16, 16))
        >>> flow.sample(jax.random.key(1), (5,)).shape
        (5, 3)

    References:
        Kingma et al. 2016, arXiv 1606.04934, section 4.
    """
    check_sizes(n_features=n_features, n_layers=n_layers, linear=linear)
    make_layer = partial(
        MaskedAutoregressive,
        transformer=Affine(),
        n_features=n_features,
        hidden_sizes=tuple(hidden_sizes),
        residual=residual,
        condition_shape=condition_shape,
        activation=activation,
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
