"""Distribution functions as maps onto (0, 1): their inverses turn uniforms into anything."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors._outside import HARMLESS, Outside, marked
from fluvial.bijectors.bijector import Bijector, Direction, Pair
from fluvial.bijectors.interval import Interval
from fluvial.errors import ShapeError
from fluvial.shapes import Shape

SHARES = Interval(0.0, 1.0, closed_low=True, closed_high=True)


class CDF(Bijector):
    """`x = cdf(z)`, from the support of a distribution onto (0, 1).

    `Invert(CDF(d))` takes a uniform base to d. A value that the distribution holds impossible, and
    a share whose quantile is infinite, lie outside the domain.

    Args:
        distribution: one of event shape () without condition, with `cdf(x)`, `quantile(q)` and
            `log_prob(x)`. Its arrays are trained if it has them trained.

    Raises:
        TypeError: where the distribution lacks one of the three.
        ShapeError: where its event shape is not (), or it declares a condition.

    Examples:
        >>> class Triangle:
        ...     event_shape = ()
        ...
        ...     def cdf(self, x):
        ...         return x**2
        ...
        ...     def quantile(self, q):
        ...         return jnp.sqrt(q)
        ...
        ...     def log_prob(self, x):
        ...         return jnp.log(2 * x)
        >>> float(CDF(Triangle()).forward(0.5))
        0.25
    """

    distribution: Any
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, distribution: Any):
        needed = ("cdf", "quantile", "log_prob", "event_shape")
        missing = [name for name in needed if not hasattr(distribution, name)]
        kind = type(distribution).__name__
        if missing:
            raise TypeError(f"CDF needs cdf, quantile and log_prob, but {kind} lacks {missing[0]}")
        condition_shape = getattr(distribution, "condition_shape", None)
        if tuple(distribution.event_shape) != () or condition_shape is not None:
            raise ShapeError(
                f"CDF needs a distribution of event shape () without condition, but {kind} has "
                f"event_shape {tuple(distribution.event_shape)} and condition_shape "
                f"{condition_shape}; one of event shape () acts on each value of larger events"
            )
        self.distribution = distribution
        self.event_shape = ()

    @property
    def _has_bounds(self) -> bool:
        return True

    def _find_outside(
        self, direction: Direction, event: Array, condition: Array | None
    ) -> Outside | None:
        name = type(self.distribution).__name__
        if direction == "forward":
            return Outside(float(event[0]), f"the support of {name}", "where its CDF is defined")
        return Outside(float(event[0]), f"the shares of which {name} has quantiles", "in [0, 1]")

    def _to_ends(
        self, direction: Direction, value: Array, condition: Array | None
    ) -> tuple[Array, Array]:
        if direction == "forward":
            out = self.distribution.cdf(value)
        else:
            out = self.distribution.quantile(jnp.clip(value, 0, 1))
        return out.astype(value.dtype), jnp.zeros(value.shape, bool)

    def _forward_and_log_det(self, z, condition) -> Pair:
        log_prob = self._log_prob(z)
        inside = ~jnp.isneginf(log_prob)
        return marked(self.distribution.cdf(z).astype(z.dtype), log_prob, inside)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        outside = SHARES.leaves_out(x)
        z = self.distribution.quantile(jnp.where(outside, jnp.asarray(0.5, x.dtype), x))
        outside |= jnp.isinf(z)
        z = jnp.where(outside, jnp.asarray(HARMLESS, z.dtype), z)
        return marked(z.astype(x.dtype), -self._log_prob(z), ~outside)

    def _log_prob(self, z: Array) -> Array:
        return self.distribution.log_prob(z).astype(jnp.result_type(float))
