"""The contract of every bijector."""

from abc import abstractmethod
from collections.abc import Callable
from typing import final

import equinox as eqx
import jax
from jaxtyping import Array, ArrayLike, Float

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

Pair = tuple[Events, Values]
"""A batch of events, and the log det of each."""

EventPair = tuple[Float[Array, "*event"], Float[Array, ""]]
"""One event, and its log det."""

BatchPair = tuple[Float[Array, "*batch_event"], Float[Array, "*batch"]]
"""Events with any leading axes, and their log dets."""


class Bijector(eqx.Module):
    """An invertible, differentiable map between latents `z` and data `x`.

    `forward` maps z to x and `inverse` maps x to z. A log det is the natural logarithm of the
    absolute determinant of the Jacobian of the direction that returns it.

    A subclass declares `event_shape` and `condition_shape` (None where it takes no condition) and
    implements `_forward_and_log_det` and `_inverse_and_log_det`, which see exactly one leading
    batch axis. The public methods accept any leading batch axes, those of the condition broadcast
    against those of the input; they check shapes and are final. A map that estimates something by
    random numbers holds a `fluvial.parameters.RandomKey`.

    Attributes:
        event_shape: shape of one latent and of one data point.
        condition_shape: shape of one condition, or None. A bijector that declares none ignores a
            condition that it is given.
    """

    event_shape: eqx.AbstractVar[Shape]
    condition_shape: eqx.AbstractVar[Shape | None]

    @abstractmethod
    def _forward_and_log_det(self, z: Events, condition: Conditions | None) -> Pair:
        """Map (n, *event_shape) and (n, *condition_shape) or None to (n, *event_shape), (n,)."""

    @abstractmethod
    def _inverse_and_log_det(self, x: Events, condition: Conditions | None) -> Pair:
        """Map (n, *event_shape) and (n, *condition_shape) or None to (n, *event_shape), (n,)."""

    @property
    def _takes_row_parameters(self) -> bool:
        """Whether each row of a batch may have trained parameters of its own.

        Then a trained array may have a last axis of rows behind those of an event of shape (), and
        `Coupling` and `MaskedAutoregressive` compute all rows at once instead of one by one. A
        class whose maths broadcasts so says True; compositions ask their parts.
        """
        return False

    @final
    @method
    def forward(
        self, z: ArrayLike, condition: ArrayLike | None = None
    ) -> Float[Array, "*batch_event"]:
        """Map latents `(..., *event_shape)` to data of the same shape.

        Raises:
            ShapeError: where `z` or `condition` has not the declared shape.
        """
        return self.forward_and_log_det(z, condition)[0]

    @final
    @method
    def inverse(
        self, x: ArrayLike, condition: ArrayLike | None = None
    ) -> Float[Array, "*batch_event"]:
        """Map data `(..., *event_shape)` to latents of the same shape.

        Raises:
            ShapeError: where `x` or `condition` has not the declared shape.
        """
        return self.inverse_and_log_det(x, condition)[0]

    @final
    @method
    def forward_and_log_det(self, z: ArrayLike, condition: ArrayLike | None = None) -> BatchPair:
        """Return `forward(z)` and log |det dx/dz| of shape `(...)`."""
        return self._apply(self._forward_and_log_det, "z", z, condition)

    @final
    @method
    def inverse_and_log_det(self, x: ArrayLike, condition: ArrayLike | None = None) -> BatchPair:
        """Return `inverse(x)` and log |det dz/dx| of shape `(...)`."""
        return self._apply(self._inverse_and_log_det, "x", x, condition)

    def initialise(self, x: ArrayLike, condition: ArrayLike | None = None) -> "Bijector":
        """Return a bijector whose data-dependent start is set from the rows `x`; self unchanged."""
        del x, condition
        return self

    def _apply(
        self,
        method: Callable[[Array, Array | None], Pair],
        name: str,
        value: ArrayLike,
        condition: ArrayLike | None,
    ) -> BatchPair:
        value = as_floats(value)
        batch = leading_axes(value, self.event_shape, name, type(self).__name__)
        if self.condition_shape is None:
            condition = None
        else:
            condition = checked_condition(condition, self.condition_shape, type(self).__name__)
            batch_c = leading_axes(condition, self.condition_shape, "condition", "")
            batch = broadcast_batches(batch, batch_c, name)
            condition = flatten_batch(condition, batch, self.condition_shape)
        out, log_det = method(flatten_batch(value, batch, self.event_shape), condition)
        return out.reshape(batch + self.event_shape), log_det.reshape(batch)


class PerEvent(Bijector):
    """A bijector written for one event; batches are vmapped for it.

    The shortest way to a map of vectors, or of a scalar given a condition: implement
    `_event_forward_and_log_det` and `_event_inverse_and_log_det`, from `event_shape` (and
    `condition_shape` or None) to `event_shape` and a scalar. For maps of each value by itself see
    `Elementwise`.
    """

    @abstractmethod
    def _event_forward_and_log_det(self, z: Array, condition: Array | None) -> EventPair:
        """Map one event to one event and its scalar log det."""

    @abstractmethod
    def _event_inverse_and_log_det(self, x: Array, condition: Array | None) -> EventPair:
        """Map one event to one event and its scalar log det."""

    @final
    def _forward_and_log_det(self, z: Array, condition: Array | None) -> Pair:
        return _over_batch(self._event_forward_and_log_det, z, condition)

    @final
    def _inverse_and_log_det(self, x: Array, condition: Array | None) -> Pair:
        return _over_batch(self._event_inverse_and_log_det, x, condition)


def _over_batch(method, value: Array, condition: Array | None) -> Pair:
    axes = (0, None if condition is None else 0)
    return jax.vmap(method, in_axes=axes)(value, condition)
