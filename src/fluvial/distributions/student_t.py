"""Student's t with independent columns."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike

from fluvial.bijectors._student_t import entropy, log_cdf, log_density, quantile
from fluvial.distributions._columns import Symmetric, wide
from fluvial.distributions._stored import Free, Positive, checked_positive, common
from fluvial.shapes import Shape


class StudentT(Symmetric):
    """Independent Student t distributions; a base with heavy tails.

    With many degrees of freedom it becomes the normal distribution, in value and in gradient.

    Args:
        df: degrees of freedom, positive; `df`, `loc` and `scale` are broadcast, and their common
            shape is the event shape.
        loc: centres.
        scale: positive.
        trainable: whether all three are trained; `df` and `scale` stay within a factor exp(7) of
            their start.

    Raises:
        ValueError: where `df` or `scale` is not positive and finite.

    Examples:
        >>> StudentT(jnp.full(3, 5.0)).event_shape
        (3,)
    """

    _df: Positive
    _loc: Free
    _scale: Positive
    event_shape: Shape = eqx.field(static=True)

    def __init__(
        self,
        df: ArrayLike,
        loc: ArrayLike = 0.0,
        scale: ArrayLike = 1.0,
        *,
        trainable: bool = False,
    ):
        df, loc, scale = common(df, loc, scale)
        self._df = Positive(checked_positive(df, "df"), trainable=trainable)
        self._loc = Free(loc, trainable=trainable)
        self._scale = Positive(checked_positive(scale, "scale"), trainable=trainable)
        self.event_shape = loc.shape

    @property
    def df(self) -> Array:
        """Degrees of freedom, of shape `event_shape`."""
        return self._df.value

    @property
    def loc(self) -> Array:
        """Centres, of shape `event_shape`."""
        return self._loc.value

    @property
    def scale(self) -> Array:
        """Scales, of shape `event_shape`."""
        return self._scale.value

    def _location_and_scale(self) -> tuple[Array, Array]:
        return self.loc, self.scale

    def _standard_log_density(self, t) -> Array:
        return log_density(t, wide(self.df))

    def _standard_log_cdf(self, t) -> Array:
        return log_cdf(t, wide(self.df))

    def _standard_quantile(self, q) -> Array:
        return quantile(q, wide(self.df))

    def _standard_moments(self) -> tuple[Array, Array, Array]:
        df = wide(self.df)
        mean = jnp.where(df > 1, 0.0, jnp.nan)
        variance = jnp.where(df > 2, df / jnp.where(df > 2, df - 2, 1.0), jnp.inf)
        return mean, jnp.where(df > 1, variance, jnp.nan), entropy(df)

    def _sample(self, key, n, condition) -> Array:
        noise = jax.random.t(key, self.df, (n, *self.event_shape), self.loc.dtype)
        return self.loc + self.scale * noise
