"""Distributions of independent values: what is known of each gives what is known of the event."""

from abc import abstractmethod
from collections.abc import Callable
from typing import final

import jax.numpy as jnp
from jaxtyping import Array

from fluvial.distributions.distribution import Distribution, Upper
from fluvial.shapes import sum_event


class Independent(Distribution):
    """Values that are independent of each other, each with a distribution of its own.

    A subclass works value by value: on arrays (n, *event_shape), in the default float type.
    """

    condition_shape = None

    @abstractmethod
    def _log_density(self, x: Array) -> Array:
        """Return the log density of each value."""

    @abstractmethod
    def _log_tail_of_each(self, x: Array, upper: Upper) -> Array:
        """Return the log probability of the tail of each value."""

    @abstractmethod
    def _quantile_of_each(self, q: Array, upper: Upper) -> Array:
        """Return the end of the tail of each value that has the probability `q`."""

    @abstractmethod
    def _moments(self) -> tuple[Array, Array, Array]:
        """Return the mean, the variance and the entropy of each value, of shape `event_shape`."""

    @final
    def _log_prob(self, x, condition) -> Array:
        return sum_event(self._log_density(wide(x)))

    @final
    def _log_tail(self, x, upper, condition) -> Array:
        return sum_event(finite_tails(wide(x), upper, self._log_tail_of_each))

    @final
    def _quantile(self, q, upper, condition) -> Array:
        return self._quantile_of_each(wide(q), upper)

    @final
    def _entropy(self, condition) -> Array:
        return jnp.sum(self._moments()[2])

    @final
    def _mean(self, condition) -> Array:
        return self._moments()[0]

    @final
    def _variance(self, condition) -> Array:
        return self._moments()[1]


class Symmetric(Independent):
    """`loc + scale * t` with a distribution of `t` over the whole line that is symmetric about 0.

    A subclass writes the functions of `t`, and gets its parameters' values in the type of `t`.
    """

    @abstractmethod
    def _location_and_scale(self) -> tuple[Array, Array]:
        """Return both, of shape `event_shape`."""

    @abstractmethod
    def _standard_log_density(self, t: Array) -> Array:
        """Return the log density of `t`."""

    @abstractmethod
    def _standard_log_cdf(self, t: Array) -> Array:
        """Return the log probability up to `t`; exact in the lower tail."""

    @abstractmethod
    def _standard_quantile(self, q: Array) -> Array:
        """Return `t` that a share `q` lies below; exact for small `q`."""

    @abstractmethod
    def _standard_moments(self) -> tuple[Array, Array, Array]:
        """Return the mean, the variance and the entropy of `t`, broadcasting to `event_shape`."""

    @final
    def _log_density(self, x) -> Array:
        loc, scale = self._wide_location_and_scale()
        infinite = jnp.isinf(x)
        # Standardised first: the square of a scale may leave the range of the type.
        t = (jnp.where(infinite, loc, x) - loc) / scale
        found = self._standard_log_density(t) - jnp.log(scale)
        return jnp.where(infinite, -jnp.inf, found)

    @final
    def _log_tail_of_each(self, x, upper) -> Array:
        loc, scale = self._wide_location_and_scale()
        t = (x - loc) / scale
        return self._standard_log_cdf(mirrored(t, upper))

    @final
    def _quantile_of_each(self, q, upper) -> Array:
        loc, scale = self._wide_location_and_scale()
        return loc + scale * mirrored(self._standard_quantile(q), upper)

    @final
    def _moments(self) -> tuple[Array, Array, Array]:
        loc, scale = self._wide_location_and_scale()
        mean, variance, entropy = self._standard_moments()
        # A scale twice, so that its square is not formed where the variance is infinite or NaN.
        return loc + scale * mean, scale * variance * scale, entropy + jnp.log(scale)

    def _wide_location_and_scale(self) -> tuple[Array, Array]:
        loc, scale = self._location_and_scale()
        return wide(loc), wide(scale)


class OnInterval(Independent):
    """Values within an open interval, whose ends may be infinite.

    A subclass writes what holds inside; outside the log density is minus infinity, probabilities
    are 0 or 1, and gradients are zero.
    """

    @abstractmethod
    def _ends(self) -> tuple[Array, Array]:
        """Return the lower and the upper end, broadcasting to `event_shape`."""

    @abstractmethod
    def _inner(self) -> Array:
        """Return a point inside, broadcasting to `event_shape`; of no other meaning."""

    @abstractmethod
    def _log_density_inside(self, x: Array) -> Array:
        """Return the log density of values inside."""

    @abstractmethod
    def _log_tail_inside(self, x: Array, upper: Upper) -> Array:
        """Return the log probability of the tails of values inside."""

    def _log_density_at_end(self, x: Array) -> Array:
        """Return the log density of values that are one of the ends."""
        return jnp.full_like(x, -jnp.inf)

    @final
    def _log_density(self, x) -> Array:
        low, high = self._ends()
        inside, safe = self._safe(x)
        at_end = (x == low) | (x == high)
        ends = self._log_density_at_end(jnp.where(at_end, x, low))
        beyond = jnp.where(at_end, ends, -jnp.inf)
        found = jnp.where(inside, self._log_density_inside(safe), beyond)
        return jnp.where(jnp.isnan(x), jnp.nan, found)

    @final
    def _log_tail_of_each(self, x, upper) -> Array:
        low, _ = self._ends()
        inside, safe = self._safe(x)
        # Below all values the lower tail is empty, and the upper one is the whole.
        is_empty = (x <= low) != upper
        beyond = jnp.where(is_empty, -jnp.inf, 0.0)
        found = jnp.where(inside, self._log_tail_inside(safe, upper), beyond)
        return jnp.where(jnp.isnan(x), jnp.nan, found)

    def _safe(self, x: Array) -> tuple[Array, Array]:
        """Return which values lie inside, and values that all do."""
        low, high = self._ends()
        inside = (x > low) & (x < high)
        return inside, jnp.where(inside, x, self._inner())


def finite_tails(x: Array, upper: Upper, log_tail: Callable[[Array, Upper], Array]) -> Array:
    """Return `log_tail(x, upper)`, at the infinities its limits.

    There formulas have gradients that are NaN.
    """
    infinite = jnp.isinf(x)
    is_empty = (x < 0) != upper
    limits = jnp.where(is_empty, -jnp.inf, 0.0).astype(x.dtype)
    return jnp.where(infinite, limits, log_tail(jnp.where(infinite, 0, x), upper))


def wide(value: Array) -> Array:
    """Return the value in the default float type."""
    return value.astype(jnp.result_type(float))


def mirrored(t: Array, upper: Upper) -> Array:
    """Return `t`, and `-t` where the upper tail is meant."""
    if isinstance(upper, bool):
        return -t if upper else t
    return jnp.where(upper, -t, t)
