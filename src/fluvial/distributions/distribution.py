"""The contract of every distribution."""

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, final

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from fluvial.bijectors._quantile import quantile
from fluvial.distributions._estimate import (
    N_SAMPLES,
    checked_n_samples,
    mean_of,
    variance_of,
)
from fluvial.errors import ClosedFormError, ShapeError
from fluvial.methods import method
from fluvial.parameters import checked_key
from fluvial.shapes import (
    Conditions,
    Events,
    Shape,
    Values,
    as_floats,
    broadcast_batches,
    checked_condition,
    flatten_batch,
    leading_axes,
)

Upper = bool | Array
"""Whether the upper tail of each value is meant: for all of them, or (n, *event_shape)."""


class Distribution(eqx.Module):
    """A probability distribution over events of one shape, with or without a condition.

    A subclass declares `event_shape` and `condition_shape` (None where it takes no condition) and
    implements `_log_prob` and `_sample`, which see exactly one leading batch axis; where both
    together cost less than one after the other, `_sample_and_log_prob` too. What else has a closed
    form it implements as well: `_log_tail` for the cdf and the survival function, `_quantile`,
    `_entropy`, `_mean` and `_variance`. The public methods accept any leading batch axes, those of
    the condition broadcast against those of the events; they check shapes and are final.

    Outside the support the log density is minus infinity, with zero as its gradient; a NaN stays
    a NaN.

    Attributes:
        event_shape: shape of one event.
        condition_shape: shape of one condition, or None. A distribution that declares none
            refuses a condition that it is given.
    """

    event_shape: eqx.AbstractVar[Shape]
    condition_shape: eqx.AbstractVar[Shape | None]

    @abstractmethod
    def _log_prob(self, x: Events, condition: Conditions | None) -> Values:
        """Map (n, *event_shape) and (n, *condition_shape) or None to (n,)."""

    @abstractmethod
    def _sample(self, key: Array, n: int, condition: Conditions | None) -> Events:
        """Draw (n, *event_shape), given (n, *condition_shape) or None."""

    def _sample_and_log_prob(
        self, key: Array, n: int, condition: Conditions | None
    ) -> tuple[Events, Values]:
        """Draw (n, *event_shape) and return it with its log density (n,)."""
        x = self._sample(key, n, condition)
        return x, self._log_prob(x, condition)

    def _log_tail(self, x: Events, upper: Upper, condition: Conditions | None) -> Values:
        """Return the log probability that each value of an event lies in its tail, (n,).

        The lower tail of `x` is up to `x`; where `upper` holds it is that above `x`.
        """
        del x, upper, condition
        raise self._no_closed_form("the cdf", "estimate it by the share of samples below")

    def _quantile(self, q: Events, upper: Upper, condition: Conditions | None) -> Events:
        """Return the ends of the tails, lower ones or `upper`, that have the probabilities `q`.

        Where there is no formula, a search finds that of a single value.
        """
        if math.prod(self.event_shape) != 1:
            raise self._no_closed_form("quantiles", "estimate them from samples")
        return quantile(_LogTail(self, condition), q.astype(jnp.result_type(float)), upper)

    def _entropy(self, condition: Conditions | None) -> Array:
        """Return the entropy in nats; it broadcasts to (n,)."""
        del condition
        raise self._no_closed_form("the entropy", "give a key for an estimate")

    def _mean(self, condition: Conditions | None) -> Array:
        """Return the mean; it broadcasts to (n, *event_shape)."""
        del condition
        raise self._no_closed_form("the mean", "give a key for an estimate")

    def _variance(self, condition: Conditions | None) -> Array:
        """Return the variance of each value; it broadcasts to (n, *event_shape)."""
        del condition
        raise self._no_closed_form("the variance", "give a key for an estimate")

    @final
    def to_numpyro(self, condition: ArrayLike | None = None, *, support: Any = None) -> Any:
        """Return the distribution as one of NumPyro, for `numpyro.sample`.

        Its parameters are constants of the model. Needs NumPyro: `pip install "fluvial[numpyro]"`.
        The way back needs nothing: NumPyro's distributions serve as bases as they are.

        Args:
            condition: `(..., *condition_shape)` where one is declared; its leading axes are the
                batch shape.
            support: where samples lie, a constraint of `numpyro.distributions.constraints`, where
                it is not the real numbers.

        Raises:
            ShapeError: where the condition has not the declared shape.
            ImportError: where NumPyro is not installed.
        """
        try:
            from fluvial.distributions._numpyro import FluvialDistribution
        except ImportError as error:
            raise ImportError('to_numpyro needs NumPyro: pip install "fluvial[numpyro]"') from error
        if self.condition_shape is None:
            given = None
        else:
            given = checked_condition(condition, self.condition_shape, type(self).__name__)
        return FluvialDistribution(self, given, support)

    @final
    @method
    def log_prob(self, x: ArrayLike, condition: ArrayLike | None = None) -> Float[Array, "*batch"]:
        """Return the log density of events, in nats.

        Args:
            x: `(..., *event_shape)`.
            condition: `(..., *condition_shape)` where one is declared, else None; its leading
                axes broadcast against those of `x`.

        Returns:
            The common leading axes of `x` and `condition`; float64 where JAX has it switched on.

        Raises:
            ShapeError: where `x` or `condition` has not the declared shape, or a condition is
                given to a distribution that declares none.
        """
        batch, x, condition = self._event_batch("x", x, condition)
        return self._log_prob(x, condition).reshape(batch)

    @final
    @method
    def prob(self, x: ArrayLike, condition: ArrayLike | None = None) -> Float[Array, "*batch"]:
        """Return the density of events: the exponential of `log_prob`, in all else like it."""
        return jnp.exp(self.log_prob(x, condition))

    @final
    @method
    def log_cdf(self, x: ArrayLike, condition: ArrayLike | None = None) -> Float[Array, "*batch"]:
        """Return the logarithm of `cdf`; it keeps its digits where that is close to 0 or to 1.

        In all else like `cdf`.
        """
        return self._log_tails(x, condition, upper=False)

    @final
    @method
    def cdf(self, x: ArrayLike, condition: ArrayLike | None = None) -> Float[Array, "*batch"]:
        """Return the probability that every value of an event is at most that of `x`.

        Args:
            x: `(..., *event_shape)`.
            condition: as of `log_prob`.

        Returns:
            The common leading axes of `x` and `condition`; 0 and 1 outside the support.

        Raises:
            ShapeError: as `log_prob`.
            ClosedFormError: where the distribution has no closed form of it.
        """
        return jnp.exp(self._log_tails(x, condition, upper=False))

    @final
    @method
    def log_survival_function(
        self, x: ArrayLike, condition: ArrayLike | None = None
    ) -> Float[Array, "*batch"]:
        """Return the logarithm of `survival_function`; in all else like that."""
        return self._log_tails(x, condition, upper=True)

    @final
    @method
    def survival_function(
        self, x: ArrayLike, condition: ArrayLike | None = None
    ) -> Float[Array, "*batch"]:
        """Return the probability that every value of an event is greater than that of `x`.

        Of events of one value it is `1 - cdf(x)`, with all its digits. In all else like `cdf`.
        """
        return jnp.exp(self._log_tails(x, condition, upper=True))

    @final
    @method
    def quantile(
        self, q: ArrayLike, condition: ArrayLike | None = None
    ) -> Float[Array, "*batch_event"]:
        """Return the values that lie above a share `q` of the distribution: the inverse of `cdf`.

        An event of several values needs independent ones, and each is taken by itself: uniform
        random `q` give samples.

        Args:
            q: `(..., *event_shape)`, probabilities in [0, 1]; others give NaN.
            condition: as of `log_prob`.

        Returns:
            `(..., *event_shape)`, in the type of `q`.

        Raises:
            ShapeError: as `log_prob`.
            ClosedFormError: where the values are neither independent nor a single one, or the
                distribution has no closed form of `cdf`.
        """
        batch, q, condition = self._event_batch("q", q, condition)
        valid = (q >= 0) & (q <= 1)
        x = self._quantile(jnp.where(valid, q, 0.5), False, condition)
        x = jnp.where(valid, x.astype(q.dtype), jnp.asarray(jnp.nan, q.dtype))
        return x.reshape(batch + self.event_shape)

    @final
    @method
    def entropy(
        self,
        condition: ArrayLike | None = None,
        *,
        key: Array | None = None,
        n_samples: int = N_SAMPLES,
    ) -> Any:
        """Return the differential entropy, `-E log p(x)`, in nats.

        Args:
            condition: `(..., *condition_shape)` where one is declared, else None.
            key: of `jax.random`, for an estimate by Monte Carlo; None for the closed form.
            n_samples: of the estimate, at least 2.

        Returns:
            The leading axes of the condition; with a key an `Estimate` of two such arrays.

        Raises:
            ShapeError: as `sample`.
            ClosedFormError: where there is no closed form and no key is given.
            ValueError: where `n_samples` is less than 2.
        """
        if key is None:
            return self._in_closed_form(self._entropy, condition, ())
        x, log_prob = self.sample_and_log_prob(key, checked_n_samples(n_samples), condition)
        del x
        return mean_of(-log_prob)

    @final
    @method
    def mean(
        self,
        condition: ArrayLike | None = None,
        *,
        key: Array | None = None,
        n_samples: int = N_SAMPLES,
    ) -> Any:
        """Return the mean of each value of an event.

        Args:
            condition: `(..., *condition_shape)` where one is declared, else None.
            key: of `jax.random`, for an estimate by Monte Carlo; None for the closed form.
            n_samples: of the estimate, at least 2.

        Returns:
            Leading axes of the condition + event_shape, NaN where there is no mean; with a key an
            `Estimate` of two such arrays.

        Raises:
            ShapeError: as `sample`.
            ClosedFormError: where there is no closed form and no key is given.
            ValueError: where `n_samples` is less than 2.
        """
        if key is None:
            return self._in_closed_form(self._mean, condition, self.event_shape)
        return mean_of(self._wide_sample(key, n_samples, condition))

    @final
    @method
    def variance(
        self,
        condition: ArrayLike | None = None,
        *,
        key: Array | None = None,
        n_samples: int = N_SAMPLES,
    ) -> Any:
        """Return the variance of each value of an event; in all else like `mean`."""
        if key is None:
            return self._in_closed_form(self._variance, condition, self.event_shape)
        return variance_of(self._wide_sample(key, n_samples, condition))

    @final
    @method
    def sample(
        self, key: Array, shape: int | Shape = (), condition: ArrayLike | None = None
    ) -> Float[Array, "*batch_event"]:
        """Draw independent events.

        Args:
            key: a key of `jax.random`; the same key gives the same events.
            shape: number of draws, or their shape; for each condition where one is declared.
            condition: `(..., *condition_shape)` where one is declared, else None.

        Returns:
            `shape + leading axes of the condition + event_shape`.

        Raises:
            ShapeError: where `condition` has not the declared shape, or is given to a distribution
                that declares none.
            TypeError: where the key is none, such as a seed or a number of draws.
        """
        batch, condition = self._sample_batch(shape, condition)
        x = self._sample(checked_key(key), math.prod(batch), condition)
        return x.reshape(batch + self.event_shape)

    @final
    @method
    def sample_and_log_prob(
        self, key: Array, shape: int | Shape = (), condition: ArrayLike | None = None
    ) -> tuple[Float[Array, "*batch_event"], Float[Array, "*batch"]]:
        """Draw as `sample` does, and return the events with their log density.

        Returns:
            The events, `shape + leading axes of the condition + event_shape`, and their log
            density, `shape + leading axes of the condition`.

        Raises:
            ShapeError, TypeError: as `sample`.
        """
        batch, condition = self._sample_batch(shape, condition)
        x, log_prob = self._sample_and_log_prob(checked_key(key), math.prod(batch), condition)
        return x.reshape(batch + self.event_shape), log_prob.reshape(batch)

    def _log_tails(self, x: ArrayLike, condition: ArrayLike | None, *, upper: bool) -> Array:
        batch, x, condition = self._event_batch("x", x, condition)
        return self._log_tail(x, upper, condition).reshape(batch)

    def _in_closed_form(
        self,
        function: Callable[[Array | None], Array],
        condition: ArrayLike | None,
        shape: Shape,
    ) -> Array:
        batch, condition = self._sample_batch((), condition)
        found = function(condition)
        return jnp.broadcast_to(found, (math.prod(batch), *shape)).reshape(batch + shape)

    def _wide_sample(self, key: Array, n_samples: int, condition: ArrayLike | None) -> Array:
        x = self.sample(key, checked_n_samples(n_samples), condition)
        return x.astype(jnp.result_type(float))

    def _no_closed_form(self, what: str, remedy: str) -> ClosedFormError:
        return ClosedFormError(
            f"{type(self).__name__} of event_shape {self.event_shape} has no closed form of "
            f"{what}; {remedy}"
        )

    def _event_batch(
        self, name: str, value: ArrayLike, condition: ArrayLike | None
    ) -> tuple[Shape, Array, Array | None]:
        """Return the batch axes, and events and conditions with these axes made one."""
        value = as_floats(value)
        batch = leading_axes(value, self.event_shape, name, type(self).__name__)
        condition = self._checked_condition(condition)
        if condition is not None:
            batch = broadcast_batches(batch, self._condition_batch(condition), name)
            condition = flatten_batch(condition, batch, self._declared_shape)
        return batch, flatten_batch(value, batch, self.event_shape), condition

    def _sample_batch(
        self, shape: int | Shape, condition: ArrayLike | None
    ) -> tuple[Shape, Array | None]:
        batch = (shape,) if isinstance(shape, int) else tuple(shape)
        condition = self._checked_condition(condition)
        if condition is None:
            return batch, None
        batch = batch + self._condition_batch(condition)
        return batch, flatten_batch(condition, batch, self._declared_shape)

    def _checked_condition(self, condition: ArrayLike | None) -> Array | None:
        owner = type(self).__name__
        if self.condition_shape is not None:
            return checked_condition(condition, self.condition_shape, owner)
        if condition is not None:
            given = jnp.shape(condition)
            raise ShapeError(
                f"{owner} takes no condition (condition_shape is None), "
                f"but got one of shape {given}"
            )
        return None

    def _condition_batch(self, condition: Array) -> Shape:
        return leading_axes(condition, self._declared_shape, "condition", type(self).__name__)

    @property
    def _declared_shape(self) -> Shape:
        return () if self.condition_shape is None else self.condition_shape


class _LogTail(eqx.Module):
    """The tails of events of one value, value by value."""

    distribution: Distribution
    condition: Array | None

    def __call__(self, x: Array, upper: Upper) -> Array:
        return self.distribution._log_tail(x, upper, self.condition).reshape(x.shape)
