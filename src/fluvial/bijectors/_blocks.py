"""What maps of events in blocks share: the blocks are cut, mapped and joined."""

from abc import abstractmethod
from typing import Self

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike

from fluvial.bijectors._outside import Outside
from fluvial.bijectors.bijector import Bijector, Direction, Pair
from fluvial.shapes import as_floats, part_condition


class Blocks(Bijector):
    """A map whose events are cut into blocks, each of which has a bijector of its own."""

    parts: eqx.AbstractVar[tuple[Bijector, ...]]

    @abstractmethod
    def _cut(self, events: Array, *, latent: bool) -> list[Array]:
        """Cut a batch of latents or of data into blocks, each of its part's shape."""

    @abstractmethod
    def _join(self, blocks: list[Array], *, latent: bool) -> Array:
        """Join the blocks of a batch."""

    @property
    def _has_bounds(self) -> bool:
        return any(part._has_bounds for part in self.parts)

    def _find_outside(
        self, direction: Direction, event: Array, condition: Array | None
    ) -> Outside | None:
        blocks = self._cut(event, latent=direction == "forward")
        for part, block in zip(self.parts, blocks, strict=True):
            outside = part._find_outside(direction, block, part_condition(part, condition))
            if outside is not None:
                return outside
        return None

    def _to_ends(
        self, direction: Direction, value: Array, condition: Array | None
    ) -> tuple[Array, Array]:
        latent = direction == "forward"
        found = [
            part._to_ends(direction, block, part_condition(part, condition))
            for part, block in zip(self.parts, self._cut(value, latent=latent), strict=True)
        ]
        out, falls = (self._join([pair[i] for pair in found], latent=not latent) for i in (0, 1))
        return out, falls

    def _forward_and_log_det(self, z, condition) -> Pair:
        return self._map("forward", z, condition)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        return self._map("inverse", x, condition)

    def _map(self, direction: Direction, value: Array, condition: Array | None) -> Pair:
        latent = direction == "forward"
        out: list[Array] = []
        total = jnp.zeros(len(value), jnp.result_type(float))
        for part, block in zip(self.parts, self._cut(value, latent=latent), strict=True):
            method = getattr(part, f"_{direction}_and_log_det")
            block, log_det = method(block, part_condition(part, condition))
            out.append(block)
            total = total + log_det
        return self._join(out, latent=not latent), total

    def initialise(self, x: ArrayLike, condition: ArrayLike | None = None) -> Self:
        blocks = self._cut(as_floats(x).reshape(-1, *self.event_shape), latent=False)
        started = [
            part.initialise(block, condition)
            for part, block in zip(self.parts, blocks, strict=True)
        ]
        return eqx.tree_at(lambda whole: whole.parts, self, tuple(started))
