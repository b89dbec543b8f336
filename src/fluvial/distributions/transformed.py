"""A base distribution pushed through a bijector."""

from abc import abstractmethod
from typing import Any, final

import equinox as eqx
from jaxtyping import Array

from fluvial.bijectors import Bijector
from fluvial.distributions._tiles import by_tiles
from fluvial.distributions.adapter import as_distribution
from fluvial.distributions.distribution import Distribution
from fluvial.errors import ShapeError
from fluvial.shapes import Shape, part_condition


class AbstractTransformed(Distribution):
    """The maths of `x = bijector.forward(z)`, as its two kinds share it.

    They differ in what they compile: `TransformedDistribution` nothing, `fluvial.flows.Flow` its
    public methods.
    """

    base: Distribution = eqx.field(converter=as_distribution)
    bijector: Bijector

    def __check_init__(self):
        if self.base.event_shape != self.bijector.event_shape:
            raise ShapeError(
                f"the base has event_shape {self.base.event_shape}, "
                f"but the bijector has {self.bijector.event_shape}"
            )
        of_base, of_bijector = self.base.condition_shape, self.bijector.condition_shape
        if None not in (of_base, of_bijector) and of_base != of_bijector:
            raise ShapeError(
                f"the base declares condition_shape {of_base}, but the bijector {of_bijector}"
            )

    @property
    def event_shape(self) -> Shape:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.bijector.event_shape

    @property
    def condition_shape(self) -> Shape | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        declared = self.bijector.condition_shape
        return self.base.condition_shape if declared is None else declared

    # Abstract again: the base class derives it from the other two, at the cost of an inverse.
    @abstractmethod
    def _sample_and_log_prob(
        self, key: Array, n: int, condition: Array | None
    ) -> tuple[Array, Array]: ...

    def _density(self, x: Array, condition: Array | None) -> Array:
        return by_tiles(self._density_of_tile, x, condition)

    def _density_of_tile(self, x: Array, condition: Array | None) -> Array:
        z, log_det = self.bijector._inverse_and_log_det(x, condition)
        return self.base._log_prob(z, part_condition(self.base, condition)) + log_det

    def _draw(self, key: Array, n: int, condition: Array | None) -> Array:
        z = self.base._sample(key, n, part_condition(self.base, condition))
        return self._forward(z, condition)[0]

    def _draw_with_density(
        self, key: Array, n: int, condition: Array | None
    ) -> tuple[Array, Array]:
        z, log_prob = self.base._sample_and_log_prob(key, n, part_condition(self.base, condition))
        x, log_det = self._forward(z, condition)
        return x, log_prob - log_det

    def _forward(self, z: Array, condition: Array | None) -> tuple[Array, Array]:
        return by_tiles(self.bijector._forward_and_log_det, z, condition)


@final
class TransformedDistribution(AbstractTransformed):
    """The distribution of `x = bijector.forward(z)` with z from `base`.

    `log p(x) = log base(z) + log |det dz/dx|` with `z = bijector.inverse(x)`.

    Args:
        base: a distribution over latents: one of `fluvial.distributions`, or any object with
            `log_prob`, `sample(key, shape)` and `event_shape`, NumPyro's included.
        bijector: a bijector of the base's event shape.

    Raises:
        ShapeError: where the event shapes or the declared condition shapes differ.

    Examples:
        >>> flow = TransformedDistribution(StandardNormal(2), Scale(jnp.array([1.0, 2.0])))
        >>> flow.log_prob(jnp.zeros((5, 2))).shape
        (5,)

    References:
        Papamakarios et al. 2021, arXiv 1912.02762, equation 1.
    """

    def __init__(self, base: Any, bijector: Bijector):
        self.base, self.bijector = base, bijector

    def _log_prob(self, x: Array, condition: Array | None) -> Array:
        return self._density(x, condition)

    def _sample(self, key: Array, n: int, condition: Array | None) -> Array:
        return self._draw(key, n, condition)

    def _sample_and_log_prob(
        self, key: Array, n: int, condition: Array | None
    ) -> tuple[Array, Array]:
        return self._draw_with_density(key, n, condition)
