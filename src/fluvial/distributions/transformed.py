"""A base distribution pushed through a bijector."""

from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
from jaxtyping import Array

from fluvial.bijectors import Bijector
from fluvial.distributions._tiles import by_tiles
from fluvial.distributions.adapter import as_distribution
from fluvial.distributions.distribution import Distribution
from fluvial.errors import ShapeError
from fluvial.shapes import Shape, part_condition


class TransformedDistribution(Distribution):
    """The distribution of `x = bijector.forward(z)` with z from `base`.

    `log p(x) = log base(z) + log |det dz/dx|` with `z = bijector.inverse(x)`. Nothing is compiled
    here; `fluvial.flows.Flow` compiles its methods.

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

    base: Distribution
    bijector: Bijector
    _is_compiled: ClassVar[bool] = False
    """Whether the methods are compiled: all that a kind of it may change."""

    def __init__(self, base: Any, bijector: Bijector):
        base = as_distribution(base)
        if base.event_shape != bijector.event_shape:
            raise ShapeError(
                f"the base has event_shape {base.event_shape}, "
                f"but the bijector has {bijector.event_shape}"
            )
        of_base, of_bijector = base.condition_shape, bijector.condition_shape
        if None not in (of_base, of_bijector) and of_base != of_bijector:
            raise ShapeError(
                f"the base declares condition_shape {of_base}, but the bijector {of_bijector}"
            )
        self.base, self.bijector = base, bijector

    @property
    def event_shape(self) -> Shape:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.bijector.event_shape

    @property
    def condition_shape(self) -> Shape | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        declared = self.bijector.condition_shape
        return self.base.condition_shape if declared is None else declared

    def _log_prob(self, x: Array, condition: Array | None) -> Array:
        return self._run(_log_prob, x, condition)

    def _sample(self, key: Array, n: int, condition: Array | None) -> Array:
        return self._run(_sample, key, n, condition)

    def _sample_and_log_prob(
        self, key: Array, n: int, condition: Array | None
    ) -> tuple[Array, Array]:
        return self._run(_sample_and_log_prob, key, n, condition)

    def _run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return (_COMPILED[function] if self._is_compiled else function)(self, *arguments)


def _log_prob(self: TransformedDistribution, x: Array, condition: Array | None) -> Array:
    def of_tile(x: Array, condition: Array | None) -> Array:
        z, log_det = self.bijector._inverse_and_log_det(x, condition)
        return self.base._log_prob(z, part_condition(self.base, condition)) + log_det

    return by_tiles(of_tile, x, condition)


def _sample(self: TransformedDistribution, key: Array, n: int, condition: Array | None) -> Array:
    z = self.base._sample(key, n, part_condition(self.base, condition))
    return by_tiles(self.bijector._forward_and_log_det, z, condition)[0]


def _sample_and_log_prob(
    self: TransformedDistribution, key: Array, n: int, condition: Array | None
) -> tuple[Array, Array]:
    z, log_prob = self.base._sample_and_log_prob(key, n, part_condition(self.base, condition))
    x, log_det = by_tiles(self.bijector._forward_and_log_det, z, condition)
    return x, log_prob - log_det


_FUNCTIONS: list[Any] = [_log_prob, _sample, _sample_and_log_prob]
_COMPILED = {function: eqx.filter_jit(function) for function in _FUNCTIONS}
