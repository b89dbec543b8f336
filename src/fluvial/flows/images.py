"""Glow, a multi-scale flow of images."""

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.bijectors import (
    ActNorm,
    Bijector,
    Chain,
    Convolution1x1,
    Identity,
    ImageCoupling,
    Invert,
    Repeat,
    Reshape,
    Split,
    Squeeze,
)
from fluvial.errors import ShapeError
from fluvial.flows._layers import as_flow
from fluvial.flows.flow import Flow
from fluvial.networks import Activation
from fluvial.networks.random import Key, split
from fluvial.shapes import Shape


def glow(
    key: Array,
    *,
    image_shape: Shape,
    n_scales: int = 2,
    n_layers: int = 4,
    hidden_channels: int = 32,
    condition_shape: Shape | None = None,
    activation: Activation = "relu",
    base: Any = None,
) -> Flow:
    """Build Glow: on each scale an `ActNorm`, a 1 x 1 convolution and a coupling, again and again.

    A scale first makes channels of squares of four pixels; after it half of the channels are done,
    and the other half goes on to the next scale. Both directions cost one pass.
    `flow.bijector.initialise(images)` starts the `ActNorm`s from a batch; do so before training.
    Whole numbers need noise of one step: `bits_per_dimension` then bounds the code length.

    Args:
        key: a random key.
        image_shape: (H, W, C), both sides multiples of 2 to the power `n_scales`.
        n_scales: scales, at least 1.
        n_layers: steps on each scale, at least 1.
        hidden_channels: of both hidden layers of each coupling's network.
        condition_shape: `(C',)`, such as a class in one-hot form; `(H', W', C')`, such as the image
            at a coarser resolution; or None.
        activation: a name of `fluvial.networks.ACTIVATIONS`, or any function.
        base: the distribution of the H W C latents, one vector; a standard normal where it is None.

    Raises:
        ValueError: where a number is less than 1.
        ShapeError: where the image is too small for so many scales.

    Examples:
        >>> flow = glow(jax.random.key(0), image_shape=(4, 4, 1), n_scales=2, n_layers=1)
        >>> flow.sample(jax.random.key(1), (5,)).shape
        (5, 4, 4, 1)

    References:
        Kingma and Dhariwal 2018, arXiv 1807.03039, figure 2 and table 1.
    """
    if min(n_scales, n_layers) < 1:
        raise ValueError(
            f"n_scales and n_layers must be at least 1, but are {n_scales} and {n_layers}"
        )
    shape = tuple(image_shape)
    if len(shape) != 3 or shape[0] % 2**n_scales or shape[1] % 2**n_scales:
        raise ShapeError(
            f"{n_scales} scales need images whose sides {2**n_scales} divides, but got {shape}"
        )

    def make_step(key: Key, shape: Shape) -> Bijector:
        of_convolution, of_coupling = split(key, 2)
        coupling = ImageCoupling(
            of_coupling,
            shape,
            hidden_channels=hidden_channels,
            condition_shape=condition_shape,
            activation=activation,
        )
        return Chain([ActNorm(shape), Convolution1x1(of_convolution, shape), coupling])

    def make_scales(keys: Sequence[Key], shape: Shape) -> Bijector:
        squeeze = Squeeze(shape)
        height, width, channels = squeeze.event_shape
        steps = [make_step(k, squeeze.event_shape) for k in split(keys[0], n_layers)]
        if len(keys) == 1:
            rest: Bijector = Reshape(squeeze.event_shape)
        else:
            further = make_scales(keys[1:], (height, width, channels // 2))
            done = Identity()  # pyright: ignore[reportCallIssue]
            rest = Split([further, done], [channels // 2] * 2)
        return Chain([Invert(squeeze), Repeat(steps), rest])

    bijector = make_scales(split(key, n_scales), shape)
    return as_flow([bijector], math.prod(shape), base)


def bits_per_dimension(log_prob: ArrayLike, shape: Shape, *, step: float = 1.0) -> Array:
    """Return `-log2 p` of a cell of one step, for each number of an event.

    Args:
        log_prob: log densities in nats, any shape.
        shape: shape of an event.
        step: distance between two levels of the data, in the units of the density: 1 / 256
            for eight bits scaled to [0, 1].

    Examples:
        >>> round(float(bits_per_dimension(0.0, (4, 4, 1), step=1 / 256)), 4)
        8.0

    References:
        Theis, van den Oord and Bethge 2016, arXiv 1511.01844, section 3.1.
    """
    nats = -jnp.asarray(log_prob) / math.prod(shape) - np.log(step)
    return nats / np.log(2.0)
