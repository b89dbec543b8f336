"""A base distribution pushed through a bijector."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors import Bijector
from fluvial.bijectors._calling import is_distribution, when_called_with
from fluvial.bijectors._each_value import spread
from fluvial.bijectors._outside import HARMLESS, lost, replaced
from fluvial.distributions._each_value import independent
from fluvial.distributions._monotone import to_ends
from fluvial.distributions._tiles import by_tiles
from fluvial.distributions.adapter import as_distribution
from fluvial.distributions.distribution import Distribution, Upper
from fluvial.errors import ShapeError
from fluvial.shapes import Shape, part_condition


class TransformedDistribution(Distribution):
    """The distribution of `x = bijector.forward(z)` with z from `base`.

    `log p(x) = log base(z) + log |det dz/dx|` with `z = bijector.inverse(x)`; minus infinity, with
    a gradient of zero, where no z leads to x. Nothing is compiled here; `fluvial.flows.Flow`
    compiles its methods. `bijector(base)` is a shorter way to write it.

    A bijector of event shape () acts on each value of the base's events.

    Args:
        base: a distribution over latents: one of `fluvial.distributions`, or any object with
            `log_prob`, `sample(key, shape)` and `event_shape`, NumPyro's included.
        bijector: a bijector of the base's event shape.
        distribution: another name of `base`.
        event_shape: shape of the latents, where the base has event shape () and its draws are to be
            independent values of a larger event.
        batch_shape: refused: parameters of one event with another shape make a batch here.

    Raises:
        ShapeError: where the event shapes or the declared condition shapes differ.
        TypeError: where a batch shape is given, or not exactly one base.

    Examples:
        >>> flow = TransformedDistribution(StandardNormal(2), Scale(jnp.array([1.0, 2.0])))
        >>> flow.log_prob(jnp.zeros((5, 2))).shape
        (5,)
        >>> doubled = Scale(2.0)(DiagonalNormal(0.0, 1.0))
        >>> doubled.log_prob(2 * jnp.array([0.0, 0.5, 1.0])).round(4).tolist()
        [-1.6121000051498413, -1.7371000051498413, -2.1120998859405518]

    References:
        Papamakarios et al. 2021, arXiv 1912.02762, equation 1.
    """

    base: Distribution
    bijector: Bijector
    _is_compiled: ClassVar[bool] = False
    """Whether the methods are compiled: all that a kind of it may change."""

    def __init__(
        self,
        base: Any = None,
        bijector: Bijector | None = None,
        *,
        distribution: Any = None,
        event_shape: Sequence[int] | None = None,
        batch_shape: Shape | None = None,
    ):
        if batch_shape is not None:
            raise TypeError(
                f"batch_shape={batch_shape} is not taken: sample(key, shape) draws a batch, and "
                "event_shape= makes one event of independent values"
            )
        if (base is None) == (distribution is None) or bijector is None:
            raise TypeError("a transformed distribution needs one base and one bijector")
        base = independent(as_distribution(distribution if base is None else base), event_shape)
        bijector = spread(bijector, base.event_shape)
        if base.event_shape != bijector.latent_shape:
            advice = ""
            if base.event_shape == ():
                advice = f"; give event_shape={bijector.latent_shape} for independent values"
            raise ShapeError(
                f"the base has event_shape {base.event_shape}, "
                f"but the bijector has {bijector.latent_shape}{advice}"
            )
        of_base, of_bijector = base.condition_shape, bijector.condition_shape
        if None not in (of_base, of_bijector) and of_base != of_bijector:
            raise ShapeError(
                f"the base declares condition_shape {of_base}, but the bijector {of_bijector}"
            )
        self.base, self.bijector = base, bijector

    event_shape = property(attrgetter("bijector.event_shape"))  # pyright: ignore[reportAssignmentType]

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

    def _log_tail(self, x: Array, upper: Upper, condition: Array | None) -> Array:
        return self._run(_log_tail, x, upper, condition)

    def _quantile(self, q: Array, upper: Upper, condition: Array | None) -> Array:
        return self._run(_quantile, q, upper, condition)

    def _run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return (_COMPILED[function] if self._is_compiled else function)(self, *arguments)


def _log_prob(self: TransformedDistribution, x: Array, condition: Array | None) -> Array:
    def of_tile(x: Array, condition: Array | None) -> Array:
        z, log_det = self.bijector._inverse_and_log_det(x, condition)
        of_base = part_condition(self.base, condition)
        if not self.bijector._has_bounds:
            return self.base._log_prob(z, of_base) + log_det
        outside = lost(z, log_det)
        log_prob = self.base._log_prob(replaced(z, outside, HARMLESS), of_base) + log_det
        return jnp.where(outside, jnp.asarray(-jnp.inf, log_prob.dtype), log_prob)

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


def _log_tail(
    self: TransformedDistribution, x: Array, upper: Upper, condition: Array | None
) -> Array:
    of_base = part_condition(self.base, condition)
    z, falls = to_ends(self, "inverse", x, condition)
    return self.base._log_tail(z, falls != upper, of_base)


def _quantile(
    self: TransformedDistribution, q: Array, upper: Upper, condition: Array | None
) -> Array:
    of_base = part_condition(self.base, condition)
    middle = self.base._quantile(jnp.full_like(q, 0.5), False, of_base)
    falls = to_ends(self, "forward", middle, condition)[1]
    z = self.base._quantile(q, falls != upper, of_base)
    return to_ends(self, "forward", z, condition)[0]


_FUNCTIONS: list[Any] = [_log_prob, _sample, _sample_and_log_prob, _log_tail, _quantile]
_COMPILED = {function: eqx.filter_jit(function) for function in _FUNCTIONS}


when_called_with(
    is_distribution, lambda bijector, argument: TransformedDistribution(argument, bijector)
)
