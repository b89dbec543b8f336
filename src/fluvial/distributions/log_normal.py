"""Log-normal distributions with independent values."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy import special, stats
from jaxtyping import Array, ArrayLike

from fluvial.bijectors._normal_tail import log_cdf
from fluvial.distributions._columns import OnInterval, mirrored, wide
from fluvial.distributions._stored import Free, Positive, checked_positive, common
from fluvial.distributions.normal import ENTROPY
from fluvial.shapes import Shape


class LogNormal(OnInterval):
    """Independent log-normal distributions: `exp(z)` with normal z, for positive values.

    Args:
        loc: means of the logarithms; broadcast against `scale`, their common shape is the event
            shape.
        scale: standard deviations of the logarithms, positive.
        trainable: whether both are trained; a scale stays within a factor exp(7) of its start.

    Raises:
        ValueError: where a scale is not positive and finite.

    Examples:
        >>> round(float(LogNormal(0.0, 1.0).mean()), 5)
        1.64872
    """

    _loc: Free
    _scale: Positive
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, loc: ArrayLike = 0.0, scale: ArrayLike = 1.0, *, trainable: bool = False):
        loc, scale = common(loc, scale)
        self._loc = Free(loc, trainable=trainable)
        self._scale = Positive(checked_positive(scale, "scale"), trainable=trainable)
        self.event_shape = loc.shape

    @property
    def loc(self) -> Array:
        """Means of the logarithms, of shape `event_shape`."""
        return self._loc.value

    @property
    def scale(self) -> Array:
        """Standard deviations of the logarithms, of shape `event_shape`."""
        return self._scale.value

    def _ends(self) -> tuple[Array, Array]:
        return jnp.zeros(()), jnp.full((), jnp.inf)

    def _inner(self) -> Array:
        return jnp.ones(())

    def _log_density_inside(self, x) -> Array:
        return stats.norm.logpdf(self._standardised(x)) - jnp.log(wide(self.scale)) - jnp.log(x)

    def _log_tail_inside(self, x, upper) -> Array:
        return log_cdf(mirrored(self._standardised(x), upper))

    def _quantile_of_each(self, q, upper) -> Array:
        return jnp.exp(wide(self.loc) + wide(self.scale) * mirrored(special.ndtri(q), upper))

    def _moments(self) -> tuple[Array, Array, Array]:
        loc, scale = wide(self.loc), wide(self.scale)
        mean = jnp.exp(loc + scale**2 / 2)
        return mean, jnp.expm1(scale**2) * mean**2, loc + ENTROPY + jnp.log(scale)

    def _sample(self, key, n, condition) -> Array:
        noise = jax.random.normal(key, (n, *self.event_shape), self.loc.dtype)
        return jnp.exp(self.loc + self.scale * noise)

    def _standardised(self, x: Array) -> Array:
        return (jnp.log(x) - wide(self.loc)) / wide(self.scale)
