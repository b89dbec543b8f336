"""Maps of the channels of images."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, ArrayLike

from fluvial.bijectors._matrices import product
from fluvial.bijectors.affine import LOG_SCALE_BOUND
from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.errors import ShapeError
from fluvial.networks import Activation, ConvolutionNetwork
from fluvial.networks.random import Key, seed
from fluvial.parameters import Fixed, soft_clip, zeros
from fluvial.shapes import Shape, sum_event


class Convolution1x1(Bijector):
    """`x[h, w] = W z[h, w]`: one trained matrix mixes the channels of each pixel.

    `W = P L (U + diag(s))` with P a fixed permutation, L lower triangular with a diagonal of ones,
    U upper triangular without diagonal; training moves each s within a factor of exp(7) and never
    its sign. So the log det is H W sum(log |s|). Events of one axis are vectors: there it is a
    linear map.

    Args:
        key: a random key: W starts as a random rotation; None: as the identity.
        event_shape: `(..., C)`, the channels last.

    Raises:
        ShapeError: where there is no channel.

    Examples:
        >>> convolution = Convolution1x1(None, (2, 2, 3))
        >>> convolution.forward(jnp.ones((5, 2, 2, 3))).shape
        (5, 2, 2, 3)

    References:
        Kingma and Dhariwal 2018, arXiv 1807.03039, section 3.2, equations 9-11.
    """

    order: Fixed
    start: Fixed
    raw: Array
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, key: Key | None, event_shape: Shape):
        shape = tuple(event_shape)
        if not shape or min(shape) < 1:
            raise ShapeError(f"an event must end with at least one channel, but has shape {shape}")
        size, dtype = shape[-1], jnp.result_type(float)
        self.event_shape = shape
        order, lower_upper = _rotation(key, size)
        self.order = Fixed(jnp.asarray(order))
        self.start = Fixed(jnp.asarray(lower_upper, dtype))
        self.raw = zeros((size, size))

    @property
    def _lower(self) -> Array:
        identity = jnp.eye(len(self.raw), dtype=self.raw.dtype)
        return jnp.tril(self.start.value + self.raw, -1) + identity

    @property
    def _upper(self) -> Array:
        diagonal = jnp.diagonal(self.start.value) * jnp.exp(self._moved)
        return jnp.triu(self.start.value + self.raw, 1) + jnp.diag(diagonal)

    @property
    def _moved(self) -> Array:
        return soft_clip(jnp.diagonal(self.raw), LOG_SCALE_BOUND)

    @property
    def weight(self) -> Array:
        """W, (C, C)."""
        return product(self._lower, self._upper)[self.order.value]

    def _forward_and_log_det(self, z, condition) -> Pair:
        return product(z, self.weight.T), self._log_det(len(z))

    def _inverse_and_log_det(self, x, condition) -> Pair:
        pixels = x.reshape(-1, len(self.raw)).T[jnp.argsort(self.order.value)]
        partly = solve_triangular(self._lower, pixels, lower=True, unit_diagonal=True)
        z = solve_triangular(self._upper, partly, lower=False)
        return z.T.reshape(x.shape), -self._log_det(len(x))

    def _log_det(self, n: int) -> Array:
        logs = jnp.log(jnp.abs(jnp.diagonal(self.start.value))) + self._moved
        log_det = math.prod(self.event_shape[:-1]) * jnp.sum(logs, dtype=jnp.result_type(float))
        return jnp.broadcast_to(log_det, (n,))


class ImageCoupling(Bijector):
    """The first half of the channels passes; by convolutions it sets the map of the others.

    `x = z exp(s) + t` for each value of the other channels, `|s| < log_scale_bound`. Both
    directions cost one pass of the network. A condition is seen at every pixel: a vector as it is,
    an image (H', W', C') resized to the event's height and width.

    Args:
        key: a random key.
        event_shape: (H, W, C), C at least 2.
        hidden_channels: of both hidden layers of the network.
        condition_shape: `(C',)`, `(H', W', C')`, or None.
        activation: of the network, a name of `fluvial.networks.ACTIVATIONS` or any function.
        log_scale_bound: greater than 0.

    Raises:
        ShapeError: where the event is no image of at least two channels, or the condition neither a
            vector nor an image.

    Examples:
        >>> layer = ImageCoupling(jax.random.key(0), (4, 4, 2), hidden_channels=8)
        >>> layer.forward(jnp.ones((5, 4, 4, 2))).shape
        (5, 4, 4, 2)

    References:
        Kingma and Dhariwal 2018, arXiv 1807.03039, section 3.3.
    """

    network: ConvolutionNetwork
    log_scale_bound: float = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(
        self,
        key: Key,
        event_shape: Shape,
        *,
        hidden_channels: int = 32,
        condition_shape: Shape | None = None,
        activation: Activation = "relu",
        log_scale_bound: float = 3.0,
    ):
        shape = tuple(event_shape)
        if len(shape) != 3 or shape[2] < 2:
            raise ShapeError(f"an image coupling needs (H, W, C >= 2), but got {shape}")
        if condition_shape is not None and len(condition_shape) not in (1, 3):
            raise ShapeError(
                f"the condition of images is a vector or an image, but has shape {condition_shape}"
            )
        kept = shape[2] // 2
        more = 0 if condition_shape is None else condition_shape[-1]
        moved = shape[2] - kept
        self.network = ConvolutionNetwork(
            key,
            kept + more,
            2 * moved,
            hidden_channels=hidden_channels,
            activation=activation,
        )
        self.log_scale_bound = log_scale_bound
        self.event_shape, self.condition_shape = shape, condition_shape

    def _forward_and_log_det(self, z, condition) -> Pair:
        kept, moved, shift, log_scale = self._parts(z, condition)
        moved = moved * jnp.exp(log_scale) + shift
        return jnp.concatenate([kept, moved], axis=3), sum_event(log_scale)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        kept, moved, shift, log_scale = self._parts(x, condition)
        moved = (moved - shift) * jnp.exp(-log_scale)
        return jnp.concatenate([kept, moved], axis=3), -sum_event(log_scale)

    def _parts(self, value: Array, condition: Array | None) -> tuple[Array, Array, Array, Array]:
        """Return the channels that pass, the others, and their shifts and log scales."""
        kept, moved = jnp.split(value, [self.event_shape[2] // 2], axis=3)
        seen = kept
        if condition is not None:
            sides = value.shape[:3]
            if condition.ndim == 2:
                at_pixels = jnp.broadcast_to(condition[:, None, None], (*sides, condition.shape[1]))
            else:
                at_pixels = jax.image.resize(condition, (*sides, condition.shape[3]), "linear")
            seen = jnp.concatenate([kept, at_pixels], axis=3)
        shift, raw = jnp.split(self.network(seen), 2, axis=3)
        return kept, moved, shift, soft_clip(raw, self.log_scale_bound)


def _rotation(key: Key | None, size: int) -> tuple[ArrayLike, Any]:
    """Return a random rotation as the order of the rows of L U, and L and U in one matrix."""
    if key is None:
        return np.arange(size, dtype=np.int32), np.eye(size)
    if isinstance(key, jax.core.Tracer):
        matrix = jnp.linalg.qr(jax.random.normal(key, (size, size)))[0]
        permutation, lower, upper = jax.scipy.linalg.lu(matrix)
        order = jnp.argmax(permutation, axis=1).astype(jnp.int32)
        return order, jnp.tril(lower, -1) + upper
    matrix = np.linalg.qr(np.random.default_rng(seed(key)).normal(size=(size, size)))[0]
    order = np.arange(size)
    for column in range(size):
        # Gauss with the largest pivot of each column.
        pivot = column + np.argmax(np.abs(matrix[column:, column]))
        matrix[[column, pivot]], order[[column, pivot]] = (
            matrix[[pivot, column]],
            order[[pivot, column]],
        )
        below = matrix[column + 1 :]
        below[:, column] /= matrix[column, column]
        below[:, column + 1 :] -= below[:, column : column + 1] * matrix[column, column + 1 :]
    return np.argsort(order).astype(np.int32), matrix
