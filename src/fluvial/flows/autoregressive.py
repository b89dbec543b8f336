"""Flows of affine autoregressive layers: MADE, MAF and IAF."""

from functools import partial
from typing import Any

from jaxtyping import Array

from fluvial.bijectors import (
    Affine,
    Gaussianization,
    Invert,
    MaskedAutoregressive,
    ScaledCondition,
)
from fluvial.flows._layers import Linear, as_flow, autoregressive_flow, build_flow, check_sizes
from fluvial.flows.flow import Flow
from fluvial.networks import Activation
from fluvial.networks.random import split
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
    activation: Activation = "relu",
    base: Any = None,
    n_components: int | None = None,
) -> Flow:
    """Build a masked autoregressive flow with affine transformers.

    `x[i] = z[i] exp(s(x[:i])) + t(x[:i])` in each layer, the columns reversed between them. The
    density costs one pass of each network; a sample costs about one pass more, where the usual
    implementation costs D passes. For densities of many columns; `neural_spline_flow` follows
    sharp edges and several modes better.

    Args:
        key: a random key.
        n_features: columns D.
        n_layers: autoregressive layers.
        hidden_sizes: units of each hidden layer (of each residual block) of each network.
        residual: whether the networks are residual.
        linear: the map between layers: "reverse", "permutation", "lu" or None.
        condition_shape: shape of a condition, or None.
        activation: a name of `fluvial.networks.ACTIVATIONS`, or any function.
        base: the distribution of the latents; a standard normal where it is None.
        n_components: adds a layer next to the base whose conditionals are mixtures of so many
            Gaussians, as in the paper's MAF MoG.

    Raises:
        ValueError: where a size is below one.

    Examples:
        >>> flow = maf(jax.random.key(0), n_features=3, n_layers=2, hidden_sizes=(16, 16))
        >>> flow.log_prob(jax.numpy.zeros((5, 3))).shape
        (5,)

    References:
        Papamakarios et al. 2017, arXiv 1705.07057, equations 2-5 and section 3.2.
    """
    of_base, of_layers = (key, key) if n_components is None else split(key, 2)
    flow = autoregressive_flow(
        of_layers,
        Affine(),
        n_features=n_features,
        n_layers=n_layers,
        hidden_sizes=hidden_sizes,
        linear=linear,
        condition_shape=condition_shape,
        activation=activation,
        base=base,
        residual=residual,
    )
    if n_components is None:
        return flow
    mixture = MaskedAutoregressive(
        of_base,
        Gaussianization(n_components),
        n_features=n_features,
        hidden_sizes=tuple(hidden_sizes),
        residual=residual,
        condition_shape=condition_shape,
        activation=activation,
    )
    layers = flow.bijector
    inner = layers.bijector if isinstance(layers, ScaledCondition) else layers
    return as_flow([inner, mixture], n_features, base)


def made(
    key: Array,
    *,
    n_features: int,
    n_layers: int = 1,
    hidden_sizes: tuple[int, ...] = (128, 128),
    n_components: int | None = None,
    linear: Linear = "reverse",
    condition_shape: Shape | None = None,
    activation: Activation = "relu",
    base: Any = None,
) -> Flow:
    """Build the masked autoencoder of densities: one autoregressive layer.

    `p(x) = prod_i p(x[i] | x[:i])`, each conditional a Gaussian whose mean and log scale come from
    a masked network, or a mixture of `n_components` Gaussians. The simplest autoregressive density:
    what `maf` stacks. It depends on the order of the columns. A density costs one pass, a sample
    about one more.

    Args:
        key: a random key.
        n_features: columns D.
        n_layers: 1; more of them are a `maf`.
        hidden_sizes: units of each hidden layer of the network.
        n_components: components of each conditional, None for one Gaussian.
        linear: has no meaning for one layer, but "reverse" lets the last column come first.
        condition_shape: shape of a condition, or None.
        activation: a name of `fluvial.networks.ACTIVATIONS`, or any function.
        base: the distribution of the latents; a standard normal where it is None.

    Raises:
        ValueError: where a size is below one.

    Examples:
        >>> flow = made(jax.random.key(0), n_features=3, hidden_sizes=(16,), n_components=4)
        >>> flow.log_prob(jax.numpy.zeros((5, 3))).shape
        (5,)

    References:
        Germain et al. 2015, arXiv 1502.03509, equations 8-10; Uria et al. 2013, arXiv 1306.0186,
        equation 6, for mixtures.
    """
    transformer = Affine() if n_components is None else Gaussianization(n_components)
    return autoregressive_flow(
        key,
        transformer,
        n_features=n_features,
        n_layers=n_layers,
        hidden_sizes=hidden_sizes,
        linear=linear,
        condition_shape=condition_shape,
        activation=activation,
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
    activation: Activation = "relu",
    base: Any = None,
) -> Flow:
    """Build an inverse autoregressive flow with affine transformers.

    The fast direction of `maf` exchanged, `z[i] = (x[i] - t(z[:i])) exp(-s(z[:i]))`: samples cost
    one pass, densities a little more. The choice for variational inference, where one samples and
    asks for the samples' density.

    Args:
        key: a random key.
        n_features: columns D.
        n_layers: autoregressive layers.
        hidden_sizes: units of each hidden layer (of each residual block) of each network.
        residual: whether the networks are residual.
        linear: the map between layers: "reverse", "permutation", "lu" or None.
        condition_shape: shape of a condition, or None.
        activation: a name of `fluvial.networks.ACTIVATIONS`, or any function.
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
