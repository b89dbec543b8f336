"""The distribution functions that have a name, with trained location and scale."""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy import special
from jaxtyping import Array, ArrayLike

from fluvial.bijectors import _student_t
from fluvial.bijectors._normal_tail import log_cdf, log_density
from fluvial.bijectors._positive import positive_scale
from fluvial.bijectors.affine import Scale
from fluvial.bijectors.elementwise import Elementwise
from fluvial.bijectors.interval import UNIT, Interval
from fluvial.bijectors.logistic import checked_ends
from fluvial.parameters import Fixed
from fluvial.shapes import Shape, as_floats


class _LocationScaleCDF(Elementwise):
    """`x = cdf((z - loc) / scale)` with the distribution function of a standard distribution."""

    image = UNIT
    loc: eqx.AbstractVar[Array]
    scaling: eqx.AbstractVar[Scale]

    @abstractmethod
    def _standard(self, t: Array) -> Array:
        """Return the distribution function, element by element."""

    @abstractmethod
    def _standard_quantile(self, share: Array) -> Array:
        """Return its inverse, element by element."""

    @abstractmethod
    def _standard_log_density(self, t: Array) -> Array:
        """Return the logarithm of its slope, element by element."""

    @property
    def scale(self) -> Array:
        """The scale as it is now, of shape `event_shape`."""
        return self.scaling.scale

    def _forward(self, z: Array) -> Array:
        return self._standard(self._t(z))

    def _inverse(self, x: Array) -> Array:
        return self.scaling._forward(self._standard_quantile(x)) + self.loc

    def _log_slope(self, z: Array, x: Array) -> Array:
        return self._standard_log_density(self._t(z)) - self.scaling._log_slope(z, x)

    def _t(self, z: Array) -> Array:
        return self.scaling._inverse(z - self.loc)


class NormalCDF(_LocationScaleCDF):
    """`x = cdf(z)` of a normal distribution, from the real line to (0, 1).

    Args:
        loc: mean; broadcast against `scale`, their common shape is the event shape; trained.
        scale: standard deviation, positive; trained.

    Raises:
        ValueError: where a scale is not positive and finite.

    Examples:
        >>> normal = Invert(NormalCDF())(Uniform(0.0, 1.0))
        >>> round(float(normal.log_prob(2.01)), 5)
        -2.93899
        >>> share = NormalCDF(0.0, 2.0).forward(jnp.array([0.0, 1.0, 2.0]))
        >>> [round(float(p), 6) for p in share]
        [0.5, 0.691462, 0.841345]
    """

    loc: Array
    scaling: Scale
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, loc: ArrayLike = 0.0, scale: ArrayLike = 1.0):
        self.loc, self.scaling = _location_and_scale(loc, scale)
        self.event_shape = self.loc.shape

    def _standard(self, t):
        return jnp.exp(log_cdf(t))

    def _standard_quantile(self, share):
        return special.ndtri(share)

    def _standard_log_density(self, t):
        return log_density(t)


class LogisticCDF(_LocationScaleCDF):
    """`x = 1 / (1 + exp(-(z - loc) / scale))`, from the real line to (0, 1).

    Args:
        loc: mean; broadcast against `scale`, their common shape is the event shape; trained.
        scale: positive; trained.

    Raises:
        ValueError: where a scale is not positive and finite.

    Examples:
        >>> float(LogisticCDF(1.0, 2.0).forward(1.0))
        0.5
    """

    loc: Array
    scaling: Scale
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, loc: ArrayLike = 0.0, scale: ArrayLike = 1.0):
        self.loc, self.scaling = _location_and_scale(loc, scale)
        self.event_shape = self.loc.shape

    def _standard(self, t):
        return jax.nn.sigmoid(t)

    def _standard_quantile(self, share):
        return jnp.log(share) - jnp.log1p(-share)

    def _standard_log_density(self, t):
        return -jax.nn.softplus(t) - jax.nn.softplus(-t)


class StudentTCDF(_LocationScaleCDF):
    """`x = cdf(z)` of a Student t distribution, from the real line to (0, 1).

    Its inverse is a root search.

    Args:
        df: degrees of freedom, positive, not trained; `df`, `loc` and `scale` are broadcast, and
            their common shape is the event shape.
        loc: centre; trained.
        scale: positive; trained.

    Raises:
        ValueError: where `df` or `scale` is not positive and finite.

    Examples:
        >>> round(float(StudentTCDF(1.0).forward(1.0)), 4)
        0.75
    """

    degrees: Fixed
    loc: Array
    scaling: Scale
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, df: ArrayLike, loc: ArrayLike = 0.0, scale: ArrayLike = 1.0):
        df = positive_scale(as_floats(df), "df").start.value
        df, loc, scale = jnp.broadcast_arrays(df, as_floats(loc), as_floats(scale))
        self.degrees = Fixed(df)
        self.loc, self.scaling = _location_and_scale(loc, scale)
        self.event_shape = self.loc.shape

    @property
    def df(self) -> Array:
        """Degrees of freedom, of shape `event_shape`."""
        return self.degrees.value

    def _standard(self, t):
        return jnp.exp(_student_t.log_cdf(t, self.df))

    def _standard_quantile(self, share):
        return _student_t.quantile(share, jnp.broadcast_to(self.df, share.shape))

    def _standard_log_density(self, t):
        return _student_t.log_density(t, self.df)


class ExponentialCDF(Elementwise):
    """`x = 1 - exp(-rate z)`, from the numbers from zero up to [0, 1).

    Its inverse, `-log(1 - u) / rate`, makes exponential values of uniform ones.

    Args:
        rate: positive; any shape, which becomes the event shape; trained.

    Raises:
        ValueError: where a rate is not positive and finite.

    Examples:
        >>> round(float(ExponentialCDF(2.0).inverse(0.5)), 4)
        0.3466
    """

    domain = Interval(0.0, closed_low=True)
    image = Interval(0.0, 1.0, closed_low=True)
    rating: Scale
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, rate: ArrayLike = 1.0):
        self.rating = positive_scale(as_floats(rate), "rate")
        self.event_shape = self.rating.event_shape

    @property
    def rate(self) -> Array:
        """The rate as it is now, of shape `event_shape`."""
        return self.rating.scale

    def _forward(self, z):
        return -jnp.expm1(-self.rating._forward(z))

    def _inverse(self, x):
        return self.rating._inverse(-jnp.log1p(-x))

    def _log_slope(self, z, x):
        return self.rating._log_slope(z, x) - self.rating._forward(z)


class UniformCDF(Elementwise):
    """`x = (z - low) / (high - low)`, from [low, high] onto [0, 1]; nothing is trained.

    Args:
        low: lower end; broadcast against `high`, their common shape is the event shape.
        high: upper end, above `low`.

    Raises:
        ValueError: where `high` is not above `low`, or an end is not finite.

    Examples:
        >>> float(UniformCDF(2.0, 6.0).forward(3.0))
        0.25
    """

    image = Interval(0.0, 1.0, closed_low=True, closed_high=True)
    ends: Fixed
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, low: ArrayLike = 0.0, high: ArrayLike = 1.0):
        self.ends = Fixed(checked_ends(low, high))
        self.event_shape = self.ends.value[0].shape

    @property
    def domain(self) -> Interval:  # pyright: ignore[reportIncompatibleVariableOverride]
        return Interval(*self.ends.value, closed_low=True, closed_high=True)

    def _forward(self, z):
        low, high = self.ends.value
        return (z - low) / (high - low)

    def _inverse(self, x):
        low, high = self.ends.value
        return jnp.clip(low + x * (high - low), low, high)

    def _log_slope(self, z, x):
        low, high = self.ends.value
        return -jnp.log(high - low)


def _location_and_scale(loc: ArrayLike, scale: ArrayLike) -> tuple[Array, Scale]:
    loc, scale = jnp.broadcast_arrays(as_floats(loc), as_floats(scale))
    return loc, positive_scale(scale, "scale")
