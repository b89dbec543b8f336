"""Convolutional networks of images."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from fluvial.networks.linear import Activation, activation_function
from fluvial.networks.mlp import OUTPUT_GAIN
from fluvial.networks.random import Key, split, uniform

KERNELS = (3, 1, 3)
"""Sides of the kernels of the three layers."""


class ConvolutionNetwork(eqx.Module):
    """Three convolutions, 3 x 3, 1 x 1 and 3 x 3: (n, H, W, C) to (n, H, W, out_channels).

    Pixels beyond the edge count as zeros, so that the image keeps its size.

    Args:
        key: a random key.
        in_channels: channels C, at least 1.
        out_channels: of the output.
        hidden_channels: of both hidden layers.
        activation: a name of `ACTIVATIONS`, or any function of numbers.

    Examples:
        >>> network = ConvolutionNetwork(jax.random.key(0), 1, 4, hidden_channels=8)
        >>> network(jnp.ones((5, 4, 4, 1))).shape
        (5, 4, 4, 4)

    References:
        Kingma and Dhariwal 2018, arXiv 1807.03039, section 3.3.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    activation: Activation = eqx.field(static=True)

    def __init__(
        self,
        key: Key,
        in_channels: int,
        out_channels: int,
        *,
        hidden_channels: int,
        activation: Activation = "relu",
    ):
        activation_function(activation)
        ends = (in_channels, hidden_channels, hidden_channels, out_channels)
        shapes = [(side, side, *ends[i : i + 2]) for i, side in enumerate(KERNELS)]
        gains = [2**0.5, 2**0.5, OUTPUT_GAIN]
        limits = [
            np.full(shape, gain * np.sqrt(3.0 / np.prod(shape[:3])))
            for shape, gain in zip(shapes, gains, strict=True)
        ]
        self.weights = tuple(uniform(split(key, len(shapes)), shapes, limits))
        self.biases = tuple(_zeros(shapes))
        self.activation = activation

    def __call__(self, images: Array) -> Array:
        act = activation_function(self.activation)
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            images = act(images) if index else images
            images = bias + lax.conv_general_dilated(
                images, weight, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
        return images


def _zeros(shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    return [jax.device_put(np.zeros(shape[-1], jnp.result_type(float))) for shape in shapes]
