"""Beta distributions with independent values."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy import special
from jaxtyping import Array, ArrayLike

from fluvial.bijectors._quantile import quantile
from fluvial.distributions._beta_functions import log_beta, log_betainc
from fluvial.distributions._columns import OnInterval, wide
from fluvial.distributions._stored import Positive, checked_positive, common
from fluvial.shapes import Shape


class Beta(OnInterval):
    """Independent beta distributions: `x^(a - 1) (1 - x)^(b - 1) / B(a, b)` on [0, 1].

    Args:
        concentration1: a, positive; broadcast against `concentration0`, their common shape is the
            event shape.
        concentration0: b, positive.
        trainable: whether both are trained; they stay within a factor exp(7) of their start.

    Raises:
        ValueError: where one is not positive and finite.

    Examples:
        >>> beta = Beta(2.0, 3.0)
        >>> round(float(beta.cdf(0.5)), 6), round(float(beta.quantile(0.6875)), 6)
        (0.6875, 0.5)
    """

    _concentration1: Positive
    _concentration0: Positive
    event_shape: Shape = eqx.field(static=True)

    def __init__(
        self, concentration1: ArrayLike, concentration0: ArrayLike, *, trainable: bool = False
    ):
        a, b = common(concentration1, concentration0)
        self._concentration1 = Positive(checked_positive(a, "concentration1"), trainable=trainable)
        self._concentration0 = Positive(checked_positive(b, "concentration0"), trainable=trainable)
        self.event_shape = a.shape

    @property
    def concentration1(self) -> Array:
        """The exponents of x plus one, of shape `event_shape`."""
        return self._concentration1.value

    @property
    def concentration0(self) -> Array:
        """The exponents of 1 - x plus one, of shape `event_shape`."""
        return self._concentration0.value

    def _ends(self) -> tuple[Array, Array]:
        return jnp.zeros(()), jnp.ones(())

    def _inner(self) -> Array:
        return jnp.full((), 0.5)

    def _log_density_inside(self, x) -> Array:
        a, b = self._wide()
        return (a - 1) * jnp.log(x) + (b - 1) * jnp.log1p(-x) - log_beta(a, b)

    def _log_density_at_end(self, x) -> Array:
        a, b = (jax.lax.stop_gradient(value) for value in self._wide())
        x = jax.lax.stop_gradient(x)
        return special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x) - log_beta(a, b)

    def _log_tail_inside(self, x, upper) -> Array:
        a, b = self._wide()
        return log_betainc(
            jnp.where(upper, b, a),
            jnp.where(upper, a, b),
            jnp.where(upper, 1 - x, x),
            jnp.where(upper, x, 1 - x),
        )

    def _quantile_of_each(self, q, upper) -> Array:
        return jnp.clip(quantile(self._log_tail_of_each, q, upper), 0, 1)

    def _moments(self) -> tuple[Array, Array, Array]:
        a, b = self._wide()
        total = a + b
        mean = a / total
        entropy = (
            log_beta(a, b)
            - (a - 1) * special.digamma(a)
            - (b - 1) * special.digamma(b)
            + (total - 2) * special.digamma(total)
        )
        return mean, mean * (b / total) / (total + 1), entropy

    def _sample(self, key, n, condition) -> Array:
        a, b = self.concentration1, self.concentration0
        return jax.random.beta(key, a, b, (n, *self.event_shape), a.dtype)

    def _wide(self) -> tuple[Array, Array]:
        return wide(self.concentration1), wide(self.concentration0)
