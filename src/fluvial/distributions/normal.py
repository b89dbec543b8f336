"""Normal distributions with independent values."""

import math
from collections.abc import Sequence
from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy import special, stats
from jaxtyping import Array, ArrayLike

from fluvial.bijectors._normal_tail import log_cdf
from fluvial.distributions._columns import Independent, Symmetric, mirrored
from fluvial.distributions._stored import Free, Positive, checked_positive, common
from fluvial.errors import ShapeError
from fluvial.shapes import Shape, as_floats

ENTROPY = (math.log(2 * math.pi) + 1) / 2
"""Of the standard normal, in nats."""


class StandardNormal(Independent):
    """Independent standard normals; the usual base of a flow.

    Args:
        event_shape: the shape, or a number of columns.
        dtype: floating-point type of the samples; JAX's default one where None.

    Examples:
        >>> float(StandardNormal(2).log_prob(jnp.zeros(2)))
        -1.8378770351409912
    """

    event_shape: Shape = eqx.field(static=True)
    dtype: Any = eqx.field(static=True)

    def __init__(self, event_shape: int | Shape, *, dtype: Any = None):
        self.event_shape = (event_shape,) if isinstance(event_shape, int) else tuple(event_shape)
        self.dtype = jnp.dtype(jnp.result_type(float) if dtype is None else dtype)

    def _log_density(self, x) -> Array:
        return stats.norm.logpdf(x)

    def _log_tail_of_each(self, x, upper) -> Array:
        return log_cdf(mirrored(x, upper))

    def _quantile_of_each(self, q, upper) -> Array:
        return mirrored(special.ndtri(q), upper)

    def _moments(self) -> tuple[Array, Array, Array]:
        one = jnp.ones(self.event_shape)
        return 0 * one, one, ENTROPY * one

    def _sample(self, key, n, condition) -> Array:
        return jax.random.normal(key, (n, *self.event_shape), self.dtype)


class _Normals(Symmetric):
    """Normals with a location and a scale each."""

    _loc: Free
    _scale: Positive
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, loc: Array, scale: Array, *, trainable: bool):
        self._loc = Free(loc, trainable=trainable)
        self._scale = Positive(checked_positive(scale, "scale"), trainable=trainable)
        self.event_shape = loc.shape

    @property
    def loc(self) -> Array:
        """Means, of shape `event_shape`."""
        return self._loc.value

    @property
    def scale(self) -> Array:
        """Standard deviations, of shape `event_shape`."""
        return self._scale.value

    @final
    def _location_and_scale(self) -> tuple[Array, Array]:
        return self.loc, self.scale

    @final
    def _standard_log_density(self, t) -> Array:
        return stats.norm.logpdf(t)

    @final
    def _standard_log_cdf(self, t) -> Array:
        return log_cdf(t)

    @final
    def _standard_quantile(self, q) -> Array:
        return special.ndtri(q)

    @final
    def _standard_moments(self) -> tuple[Array, Array, Array]:
        one = jnp.ones(())
        return 0 * one, one, ENTROPY * one

    @final
    def _sample(self, key, n, condition) -> Array:
        noise = jax.random.normal(key, (n, *self.event_shape), self.loc.dtype)
        return self.loc + self.scale * noise


class Normal(_Normals):
    """Independent normals; a single one where `loc` and `scale` are numbers.

    Args:
        loc: means; broadcast against `scale`, their common shape is the event shape.
        scale: standard deviations, positive.
        trainable: whether both are trained; a scale stays within a factor exp(7) of its start.

    Raises:
        ValueError: where a scale is not positive and finite.

    Examples:
        >>> cdf = Normal(0.0, 1.0).cdf(jnp.array([0.0, 0.5, 1.0]))
        >>> [round(float(p), 6) for p in cdf]
        [0.5, 0.691462, 0.841345]
    """

    def __init__(self, loc: ArrayLike = 0.0, scale: ArrayLike = 1.0, *, trainable: bool = False):
        super().__init__(*common(loc, scale), trainable=trainable)


DiagonalNormal = Normal


class MultivariateNormalDiag(_Normals):
    """A normal vector with a diagonal covariance.

    Args:
        loc: (D,), the means; zeros where None.
        scale_diag: (D,), the standard deviations, positive; ones where None.
        scale_identity_multiplier: a positive number, in place of `scale_diag`: the standard
            deviation of all.
        trainable: as of `Normal`.

    Raises:
        ShapeError: where neither a location nor a scale says what D is, or they say different
            things.
        ValueError: where a scale is not positive and finite, or both kinds of scale are given.

    Examples:
        >>> MultivariateNormalDiag(loc=[0.0, 0.0, 0.0]).event_shape
        (3,)
        >>> wide = MultivariateNormalDiag(loc=[1.0, 1.0], scale_identity_multiplier=2.0)
        >>> round(float(wide.log_prob(jnp.zeros(2))), 4)
        -3.4742
    """

    def __init__(
        self,
        loc: ArrayLike | Sequence[float] | None = None,
        scale_diag: ArrayLike | Sequence[float] | None = None,
        scale_identity_multiplier: ArrayLike | None = None,
        *,
        trainable: bool = False,
    ):
        if scale_diag is not None and scale_identity_multiplier is not None:
            raise ValueError("give either scale_diag or scale_identity_multiplier")
        given = {"loc": loc, "scale_diag": scale_diag}
        vectors = {n: as_floats(jnp.asarray(v)) for n, v in given.items() if v is not None}
        shapes = {vector.shape for vector in vectors.values()}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1:
            told = {name: vector.shape for name, vector in vectors.items()}
            raise ShapeError(f"loc and scale_diag must be of one shape (D,), but have {told}")
        (shape,) = shapes
        multiplier = 1.0 if scale_identity_multiplier is None else scale_identity_multiplier
        if jnp.shape(multiplier) != ():
            raise ShapeError(
                f"scale_identity_multiplier must be a number, but has shape {jnp.shape(multiplier)}"
            )
        zeros = jnp.zeros(shape, next(iter(vectors.values())).dtype)
        scale = vectors.get("scale_diag", as_floats(multiplier))
        super().__init__(*common(vectors.get("loc", zeros), scale), trainable=trainable)
