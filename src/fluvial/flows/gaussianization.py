"""Gaussianization flows."""

from typing import Any

import numpy as np
from jaxtyping import Array

from fluvial.bijectors import Bijector, Chain, Coupling, Gaussianization, Householder
from fluvial.flows._layers import Linear, build_flow, check_sizes
from fluvial.flows.flow import Flow
from fluvial.networks import Activation
from fluvial.networks.random import Key, split, uniform
from fluvial.shapes import Shape


def gaussianization_flow(
    key: Array,
    *,
    n_features: int,
    n_layers: int = 6,
    n_components: int = 8,
    hidden_sizes: tuple[int, ...] = (64,),
    linear: Linear = None,
    condition_shape: Shape | None = None,
    activation: Activation = "relu",
    base: Any = None,
) -> Flow:
    """Build a Gaussianization flow: each column made normal by itself, then all are rotated.

    `z = R quantile(F(x))` in each layer, F a trained mixture's cdf for each column, R a trained
    rotation that starts at random. No network sees the columns, so that it needs few rows and no
    tuning, and many layers where columns depend on each other. A density costs O(D K + D^2) a
    layer; a sample root searches. `bijector.initialise(rows)` fits the layers to rows one after
    another, which is a density already. With a condition the mixtures come from a network of it.

    Args:
        key: a random key.
        n_features: columns D.
        n_layers: layers.
        n_components: components K of each mixture.
        hidden_sizes: units of each hidden layer of the networks of the condition.
        linear: a further map between layers: "reverse", "permutation", "lu" or None.
        condition_shape: shape of a condition, or None.
        activation: of the networks of the condition, a name of `fluvial.networks.ACTIVATIONS`, or
            any function.
        base: the distribution of the latents; a standard normal where it is None.

    Raises:
        ValueError: where a size is below one.

    Examples:
        >>> flow = gaussianization_flow(jax.random.key(0), n_features=3, n_layers=2)
        >>> flow.log_prob(jnp.zeros((5, 3))).shape
        (5,)

    References:
        Meng et al. 2020, arXiv 2003.01941, equations 4-7; Chen and Gopinath 2000.
    """
    check_sizes(n_features=n_features, n_layers=n_layers, linear=linear)

    def make_layer(key: Key) -> Bijector:
        of_rotation, of_network = split(key, 2)
        if condition_shape is None:
            marginal: Bijector = Gaussianization(n_components, shape=(n_features,))
        else:
            marginal = Coupling(
                of_network,
                Gaussianization(n_components),
                n_features=n_features,
                n_identity=0,
                hidden_sizes=tuple(hidden_sizes),
                condition_shape=condition_shape,
                activation=activation,
            )
        shape = (n_features, n_features)
        (vectors,) = uniform([of_rotation], [shape], [np.ones(shape)])
        return Chain([marginal, Householder(vectors)])

    return build_flow(
        key,
        make_layer,
        n_features=n_features,
        n_layers=n_layers,
        n_identity=0,
        linear=linear,
        base=base,
    )
