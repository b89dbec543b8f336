"""Events in blocks, each with a bijector of its own."""

import math
from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.bijectors._blocks import Blocks
from fluvial.bijectors._each_value import spread
from fluvial.bijectors.bijector import Bijector
from fluvial.errors import ShapeError
from fluvial.shapes import Shape, merged_condition_shape


class Blockwise(Blocks):
    """Each block of columns has a bijector of its own: `x = [b1(z1), b2(z2), ...]`.

    Args:
        bijectors: one for each block, of vectors; one of event shape () acts on each column of its
            block.
        block_sizes: columns of each block. Where it is None a vector map has as many as its event,
            and one of event shape () has one column.

    Raises:
        ShapeError: where a bijector is not one of vectors, its event has not the size of its block,
            or the declared condition shapes differ.
        ValueError: where there is no block, or not a size for each.

    Examples:
        >>> blocks = Blockwise([Exp(), Shift(1.0)], block_sizes=[1, 2])
        >>> blocks.forward(jnp.array([0.0, 2.0, 3.0])).tolist()
        [1.0, 3.0, 4.0]
    """

    parts: tuple[Bijector, ...]
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(self, bijectors: Sequence[Bijector], block_sizes: Sequence[int] | None = None):
        sizes = _sizes(bijectors, block_sizes, axis=0, name="block_sizes")
        parts = [spread(part, (size,)) for part, size in zip(bijectors, sizes, strict=True)]
        _check_pieces(parts, [(size,) for size in sizes])
        if any(len(part.latent_shape) != 1 for part in parts):
            raise ShapeError("the latents of a block must be a vector")
        self.parts = tuple(parts)
        self.event_shape = (sum(sizes),)
        self.condition_shape = merged_condition_shape(parts)

    @property
    def latent_shape(self) -> Shape:
        return (sum(part.latent_shape[0] for part in self.parts),)

    def _cut(self, events: Array, *, latent: bool) -> list[Array]:
        shapes = [part.latent_shape if latent else part.event_shape for part in self.parts]
        return _cut(events, [size for (size,) in shapes], axis=1)

    def _join(self, blocks: list[Array], *, latent: bool) -> Array:
        return jnp.concatenate(blocks, axis=1)


class Split(Blocks):
    """An array split along an axis: each piece has a bijector, and the latents are one vector.

    The split of a multi-scale flow: `Split([more_layers, Identity()], sizes=[2, 2])` gives the
    first two channels further layers, and takes the others from the base as they are. The latents
    are those of all pieces, flattened one behind the other, so that pieces may change their shapes
    on the way.

    Args:
        bijectors: one for each piece; one of event shape () acts on each value of its piece.
        sizes: length of each piece along the axis. Where it is None a piece is as long as the event
            of its bijector, or 1 for one of event shape ().
        axis: which axis of an event is split; the last by default.
        event_shape: shape of the whole array; needed where all bijectors are of event shape ().

    Raises:
        ShapeError: where the shapes of the pieces do not fit each other or `event_shape`, or the
            declared condition shapes differ.
        ValueError: where there is no piece, or not a size for each.

    Examples:
        >>> split = Split([Exp(), Identity()], sizes=[1, 2], event_shape=(2, 3))
        >>> split.forward(jnp.zeros(6)).tolist()
        [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]

    References:
        Dinh et al. 2017, arXiv 1605.08803, section 3.6.
    """

    parts: tuple[Bijector, ...]
    axis: int = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(
        self,
        bijectors: Sequence[Bijector],
        sizes: Sequence[int] | None = None,
        *,
        axis: int = -1,
        event_shape: Shape | None = None,
    ):
        shapes = [part.event_shape for part in bijectors if part.event_shape != ()]
        whole = tuple(event_shape or (*shapes, ())[0])
        if not -len(whole) <= axis < len(whole):
            raise ShapeError(
                f"there is no axis {axis} in an event of shape {whole}; give event_shape="
            )
        self.axis = axis % len(whole)
        before, after = whole[: self.axis], whole[self.axis + 1 :]
        sizes = _sizes(bijectors, sizes, axis=self.axis, name="sizes")
        pieces = [(*before, size, *after) for size in sizes]
        parts = [spread(part, piece) for part, piece in zip(bijectors, pieces, strict=True)]
        _check_pieces(parts, pieces)
        self.event_shape = (*before, sum(sizes), *after)
        if event_shape is not None and self.event_shape != whole:
            raise ShapeError(f"pieces of sizes {sizes} do not make an event of shape {whole}")
        self.parts = tuple(parts)
        self.condition_shape = merged_condition_shape(parts)

    @property
    def latent_shape(self) -> Shape:
        return (sum(math.prod(part.latent_shape) for part in self.parts),)

    def _cut(self, events: Array, *, latent: bool) -> list[Array]:
        if not latent:
            return _cut(events, [p.event_shape[self.axis] for p in self.parts], 1 + self.axis)
        shapes = [part.latent_shape for part in self.parts]
        pieces = _cut(events, [math.prod(shape) for shape in shapes], axis=1)
        return [
            piece.reshape(len(events), *shape) for piece, shape in zip(pieces, shapes, strict=True)
        ]

    def _join(self, blocks: list[Array], *, latent: bool) -> Array:
        if not latent:
            return jnp.concatenate(blocks, axis=1 + self.axis)
        flat = [block.reshape(len(block), math.prod(block.shape[1:])) for block in blocks]
        return jnp.concatenate(flat, axis=1)


def _cut(events: Array, sizes: Sequence[int], axis: int) -> list[Array]:
    return jnp.split(events, np.cumsum(sizes)[:-1], axis=axis)


def _sizes(
    bijectors: Sequence[Bijector], sizes: Sequence[int] | None, *, axis: int, name: str
) -> list[int]:
    """Return the length of each piece.

    Raises:
        ValueError: where there is no piece, or not a size for each.
    """
    if not bijectors:
        raise ValueError("a composition needs at least one bijector")
    if sizes is None:
        return [part.event_shape[axis] if part.event_shape else 1 for part in bijectors]
    if len(sizes) != len(bijectors) or min(sizes) < 1:
        raise ValueError(
            f"{name} must have a positive size for each of {len(bijectors)} bijectors, but is "
            f"{list(sizes)}"
        )
    return list(sizes)


def _check_pieces(parts: Sequence[Bijector], pieces: Sequence[Shape]) -> None:
    for place, (part, piece) in enumerate(zip(parts, pieces, strict=True)):
        if part.event_shape != piece:
            raise ShapeError(
                f"piece {place} has shape {piece}, but its bijector has event_shape "
                f"{part.event_shape}"
            )
