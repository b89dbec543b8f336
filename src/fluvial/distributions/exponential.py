"""Exponential distributions with independent values."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike

from fluvial.distributions._columns import OnInterval, wide
from fluvial.distributions._stored import Positive, checked_positive
from fluvial.distributions.distribution import Upper
from fluvial.shapes import Shape, as_floats


class Exponential(OnInterval):
    """Independent exponential distributions: `rate exp(-rate x)` for x from 0 on.

    Args:
        rate: positive; its shape is the event shape. The mean is `1 / rate`.
        trainable: whether it is trained; it stays within a factor exp(7) of its start.

    Raises:
        ValueError: where a rate is not positive and finite.

    Examples:
        >>> exponential = Exponential(2.0)
        >>> float(exponential.mean()), round(float(exponential.survival_function(1.0)), 5)
        (0.5, 0.13534)
    """

    _rate: Positive
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, rate: ArrayLike = 1.0, *, trainable: bool = False):
        rate = checked_positive(as_floats(rate), "rate")
        self._rate = Positive(rate, trainable=trainable)
        self.event_shape = rate.shape

    @property
    def rate(self) -> Array:
        """Rates, of shape `event_shape`."""
        return self._rate.value

    def _ends(self) -> tuple[Array, Array]:
        return jnp.zeros(()), jnp.full((), jnp.inf)

    def _inner(self) -> Array:
        return 1 / wide(self.rate)

    def _log_density_inside(self, x) -> Array:
        rate = wide(self.rate)
        return jnp.log(rate) - rate * x

    def _log_density_at_end(self, x) -> Array:
        return jnp.where(x == 0, jnp.log(wide(self.rate)), -jnp.inf)

    def _log_tail_inside(self, x, upper: Upper) -> Array:
        depth = wide(self.rate) * x
        return jnp.where(upper, -depth, log1mexp(depth))

    def _quantile_of_each(self, q, upper: Upper) -> Array:
        return -jnp.where(upper, jnp.log(q), jnp.log1p(-q)) / wide(self.rate)

    def _moments(self) -> tuple[Array, Array, Array]:
        mean = 1 / wide(self.rate)
        return mean, mean**2, 1 + jnp.log(mean)

    def _sample(self, key, n, condition) -> Array:
        return jax.random.exponential(key, (n, *self.event_shape), self.rate.dtype) / self.rate


def log1mexp(depth: Array) -> Array:
    """Return `log(1 - exp(-depth))` for positive depths, with all digits.

    References:
        Mächler 2012, Accurately computing log(1 - exp(-|a|)), equation 7.
    """
    is_small = depth < 0.7
    small = jnp.log(-jnp.expm1(-jnp.where(is_small, depth, 0.5)))
    large = jnp.log1p(-jnp.exp(-jnp.where(is_small, 1.0, depth)))
    return jnp.where(is_small, small, large)
