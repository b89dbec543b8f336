"""Maps that move values about, and change the shape of an event; their log det is 0."""

import math
from abc import abstractmethod
from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors.bijector import Bijector, Direction, Pair
from fluvial.errors import ShapeError
from fluvial.shapes import Shape


class _Moving(Bijector):
    """A map that moves values about."""

    shape_in: eqx.AbstractVar[Shape]

    @abstractmethod
    def _move(self, z: Array) -> Array:
        """Map latents (n, *latent_shape) to data (n, *event_shape)."""

    @abstractmethod
    def _move_back(self, x: Array) -> Array:
        """Map data (n, *event_shape) to latents (n, *latent_shape)."""

    @property
    def latent_shape(self) -> Shape:
        return self.shape_in

    def _forward_and_log_det(self, z, condition) -> Pair:
        return self._move(z), jnp.zeros(len(z), jnp.result_type(float))

    def _inverse_and_log_det(self, x, condition) -> Pair:
        return self._move_back(x), jnp.zeros(len(x), jnp.result_type(float))

    def _to_ends(
        self, direction: Direction, value: Array, condition: Array | None
    ) -> tuple[Array, Array]:
        out = self._move(value) if direction == "forward" else self._move_back(value)
        return out, jnp.zeros(out.shape, bool)


class Reshape(_Moving):
    """The values of an event in another shape, in their order.

    Args:
        event_shape_out: shape of the data; one size may be -1, for what remains.
        event_shape_in: shape of the latents; a vector where it is None.

    Raises:
        ShapeError: where both shapes have not the same number of values.

    Examples:
        >>> Reshape((2, 2)).forward(jnp.array([1.0, 2.0, 3.0, 4.0])).tolist()
        [[1.0, 2.0], [3.0, 4.0]]
    """

    event_shape: Shape = eqx.field(static=True)
    shape_in: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, event_shape_out: Shape, event_shape_in: Shape | None = None):
        shape_out = tuple(event_shape_out)
        shape_in = (math.prod(shape_out),) if event_shape_in is None else tuple(event_shape_in)
        self.event_shape = _completed(shape_out, math.prod(shape_in))
        self.shape_in = _completed(shape_in, math.prod(self.event_shape))

    def _move(self, z: Array) -> Array:
        return z.reshape(len(z), *self.event_shape)

    def _move_back(self, x: Array) -> Array:
        return x.reshape(len(x), *self.shape_in)


def _completed(shape: Shape, size: int) -> Shape:
    """Return a shape of so many values, with its -1 filled in."""
    rest = math.prod(length for length in shape if length != -1)
    if shape.count(-1) == 1 and rest > 0 and size > 0 and size % rest == 0:
        return tuple(size // rest if length == -1 else length for length in shape)
    if min(shape, default=0) < 0 or math.prod(shape) != size:
        raise ShapeError(f"an event of {size} values cannot have the shape {shape}")
    return shape


class Transpose(_Moving):
    """The axes of an event in another order: `x = transpose(z, axes)`.

    Args:
        latent_shape: shape of the latents.
        axes: for each axis of the data that of the latents; reversed where it is None.

    Raises:
        ShapeError: where `axes` does not hold each axis once.

    Examples:
        >>> Transpose((2, 3)).forward(jnp.arange(6.0).reshape(2, 3)).tolist()
        [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
    """

    axes: tuple[int, ...] = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)
    shape_in: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, latent_shape: Shape, axes: Sequence[int] | None = None):
        self.shape_in = tuple(latent_shape)
        n_axes = len(self.shape_in)
        axes = range(n_axes)[::-1] if axes is None else [axis % max(n_axes, 1) for axis in axes]
        if sorted(axes) != list(range(n_axes)):
            raise ShapeError(f"axes must hold each of 0...{n_axes - 1} once, but are {list(axes)}")
        self.axes = tuple(axes)
        self.event_shape = tuple(self.shape_in[axis] for axis in self.axes)

    def _move(self, z: Array) -> Array:
        return jnp.transpose(z, (0, *(1 + axis for axis in self.axes)))

    def _move_back(self, x: Array) -> Array:
        return jnp.transpose(x, (0, *(1 + self.axes.index(i) for i in range(len(self.axes)))))


class Squeeze(_Moving):
    """Squares of pixels become channels: (H, W, C) to (H / f, W / f, f f C).

    `Invert(Squeeze(shape))` spreads channels over the image; that is the way from latents to data
    in a multi-scale flow.

    Args:
        latent_shape: (H, W, C), H and W multiples of the factor.
        factor: side of a square in pixels.

    Raises:
        ShapeError: where the latents are no image, or one that the factor does not divide.

    Examples:
        >>> Squeeze((4, 4, 3)).event_shape
        (2, 2, 12)

    References:
        Dinh et al. 2017, arXiv 1605.08803, section 3.6 and figure 3.
    """

    factor: int = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)
    shape_in: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, latent_shape: Shape, factor: int = 2):
        shape = tuple(latent_shape)
        if len(shape) != 3 or factor < 1 or shape[0] % factor or shape[1] % factor:
            raise ShapeError(
                f"an image (height, width, channels) must have sides that {factor} divides, but "
                f"has shape {shape}"
            )
        height, width, channels = shape
        self.factor, self.shape_in = factor, shape
        self.event_shape = (height // factor, width // factor, factor * factor * channels)

    def _move(self, z: Array) -> Array:
        height, width, _ = self.event_shape
        squares = z.reshape(len(z), height, self.factor, width, self.factor, self.shape_in[2])
        return jnp.transpose(squares, (0, 1, 3, 2, 4, 5)).reshape(len(z), *self.event_shape)

    def _move_back(self, x: Array) -> Array:
        height, width, _ = self.event_shape
        squares = x.reshape(len(x), height, width, self.factor, self.factor, self.shape_in[2])
        return jnp.transpose(squares, (0, 1, 3, 2, 4, 5)).reshape(len(x), *self.shape_in)
