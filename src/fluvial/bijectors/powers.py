"""Powers of positive numbers, and the reciprocal."""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors.bijector import Direction
from fluvial.bijectors.elementwise import Elementwise
from fluvial.bijectors.interval import LINE, POSITIVE, Interval, NonZero

NOT_NEGATIVE = Interval(0.0, closed_low=True)


class Reciprocal(Elementwise):
    """`x = 1 / z`, of all numbers but zero.

    Examples:
        >>> float(Reciprocal().forward(-4.0))
        -0.25
    """

    event_shape = ()
    domain = NonZero()
    image = NonZero()

    def _forward(self, z):
        return 1 / z

    def _inverse(self, x):
        return 1 / x

    def _log_slope(self, z, x):
        return -2 * jnp.log(jnp.abs(z))

    def _to_ends(
        self, direction: Direction, value: Array, condition: Array | None
    ) -> tuple[Array, Array]:
        raise NotImplementedError("Reciprocal is not monotone across zero; Power(-1) is, above it")


class Square(Elementwise):
    """`x = z^2`, of the numbers from zero up.

    Examples:
        >>> float(Square().inverse(9.0))
        3.0
    """

    event_shape = ()
    domain = NOT_NEGATIVE
    image = NOT_NEGATIVE

    def _forward(self, z):
        return z * z

    def _inverse(self, x):
        return jnp.sqrt(x)

    def _log_slope(self, z, x):
        return math.log(2.0) + jnp.log(z)


class Power(Elementwise):
    """`x = z^power`, of positive numbers; of zero too where the power is positive.

    Args:
        power: finite and not zero; not trained.

    Raises:
        ValueError: where the power is zero or not finite.

    Examples:
        >>> float(Power(3.0).inverse(8.0))
        2.0
    """

    power: float = eqx.field(static=True)
    event_shape = ()

    def __init__(self, power: float):
        if power == 0 or not math.isfinite(power):
            raise ValueError(f"power must be finite and not zero, but is {power}")
        self.power = float(power)

    @property
    def domain(self) -> Interval:  # pyright: ignore[reportIncompatibleVariableOverride]
        return NOT_NEGATIVE if self.power > 0 else POSITIVE

    @property
    def image(self) -> Interval:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.domain

    def _forward(self, z):
        return z**self.power

    def _inverse(self, x):
        return x ** (1 / self.power)

    def _log_slope(self, z, x):
        return math.log(abs(self.power)) + (self.power - 1) * jnp.log(z)


class PowerTransform(Elementwise):
    """`x = (1 + power z)^(1 / power)` for z above -1 / power: the inverse of a Box-Cox transform.

    With power 0 it is the exponential.

    Args:
        power: not negative; not trained.

    Raises:
        ValueError: where the power is negative or not finite.

    Examples:
        >>> float(PowerTransform(2.0).forward(4.0))
        3.0

    References:
        Box and Cox 1964, Journal of the Royal Statistical Society B 26(2), equation 1.
    """

    power: float = eqx.field(static=True)
    event_shape = ()
    image = POSITIVE

    def __init__(self, power: float = 0.0):
        if not 0 <= power < math.inf:
            raise ValueError(f"power must be finite and not negative, but is {power}")
        self.power = float(power)

    @property
    def domain(self) -> Interval:  # pyright: ignore[reportIncompatibleVariableOverride]
        return Interval(-1 / self.power) if self.power else LINE

    def _forward(self, z):
        return jnp.exp(self._log(z))

    def _inverse(self, x):
        return jnp.expm1(self.power * jnp.log(x)) / self.power if self.power else jnp.log(x)

    def _log_slope(self, z, x):
        return (1 - self.power) * self._log(z)

    def _log(self, z: Array) -> Array:
        return jnp.log1p(self.power * z) / self.power if self.power else z
