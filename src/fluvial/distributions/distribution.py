"""The contract of every distribution."""

import math
from abc import abstractmethod
from typing import final

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from fluvial.errors import ShapeError
from fluvial.methods import method
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


class Distribution(eqx.Module):
    """A probability distribution over events of one shape, with or without a condition.

    A subclass declares `event_shape` and `condition_shape` (None where it takes no condition) and
    implements `_log_prob` and `_sample`, which see exactly one leading batch axis; where both
    together cost less than one after the other, `_sample_and_log_prob` too. The public methods
    accept any leading batch axes, those of the condition broadcast against those of the events;
    they check shapes and are final.

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
        x = as_floats(x)
        batch = leading_axes(x, self.event_shape, "x", type(self).__name__)
        condition = self._checked_condition(condition)
        if condition is not None:
            batch = broadcast_batches(batch, self._condition_batch(condition), "x")
            condition = flatten_batch(condition, batch, self._declared_shape)
        return self._log_prob(flatten_batch(x, batch, self.event_shape), condition).reshape(batch)

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
        """
        batch, condition = self._sample_batch(shape, condition)
        x = self._sample(key, math.prod(batch), condition)
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
            ShapeError: as `sample`.
        """
        batch, condition = self._sample_batch(shape, condition)
        x, log_prob = self._sample_and_log_prob(key, math.prod(batch), condition)
        return x.reshape(batch + self.event_shape), log_prob.reshape(batch)

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
