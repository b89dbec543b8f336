"""The contract of every bijector."""

from abc import abstractmethod
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Literal, final

import equinox as eqx
import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from fluvial.bijectors._calling import built_from
from fluvial.bijectors._derived import derived_pair, is_derived, writes
from fluvial.bijectors._outside import Outside, lost
from fluvial.errors import DomainError, ShapeError
from fluvial.methods import method
from fluvial.shapes import (
    Conditions,
    Events,
    Latents,
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

LatentPair = tuple[Latents, Values]
"""A batch of latents, and the log det of each."""

EventPair = tuple[Float[Array, "*event"], Float[Array, ""]]
"""One event, and its log det."""

BatchPair = tuple[Float[Array, "*batch_event"], Float[Array, "*batch"]]
"""Events with any leading axes, and their log dets."""


Direction = Literal["forward", "inverse"]


class Bijector(eqx.Module):
    """An invertible, differentiable map between latents `z` and data `x`.

    `forward` maps z to x and `inverse` maps x to z. A log det is the natural logarithm of the
    absolute determinant of the Jacobian of the direction that returns it. Called with values a
    bijector is its `forward`; with another bijector, the `Chain` that applies the other first; with
    a distribution, the `TransformedDistribution`.

    A subclass declares `event_shape`, and `condition_shape` where it takes a condition. It
    implements `_forward_and_log_det` and `_inverse_and_log_det`, which see exactly one leading
    batch axis; or `_forward`, `_inverse`, `_forward_log_det_jacobian` and
    `_inverse_log_det_jacobian`, of which at least one of the first two: each takes a batch (and the
    condition, where one is declared). What it does not write is derived: a log det from that of the
    other direction or by automatic differentiation, the other direction of a monotone map of event
    shape () by a root search.

    The public methods accept any leading batch axes, those of the condition broadcast against those
    of the input; they check shapes and are final. Values outside the domain of a map raise a
    `DomainError`; under `jax.jit` they give NaN. A map that estimates something by random numbers
    holds a `fluvial.parameters.RandomKey`.

    Attributes:
        event_shape: shape of one data point, and of one latent where `latent_shape` is not another.
        condition_shape: shape of one condition, or None. A bijector that declares none ignores a
            condition that it is given.

    Examples:
        >>> class Sigmoid(Bijector):
        ...     event_shape = ()
        ...
        ...     def _forward(self, z):
        ...         return jax.nn.sigmoid(z)
        >>> round(float(Sigmoid().inverse(0.75)), 4)
        1.0986
    """

    event_shape: eqx.AbstractVar[Shape]
    condition_shape: eqx.AbstractVar[Shape | None]

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        above = [base for base in cls.__mro__ if base not in Bijector.__mro__]
        if not any(_declares(base, "condition_shape") for base in above):
            cls.condition_shape = None
        if not _writes_direction(cls):
            # Asked of objects, since a class may leave it to those that derive from it.
            cls.__check_init__ = _refuse_without_direction

    latent_shape = property(attrgetter("event_shape"), doc="Shape of one latent.")

    @property
    def forward_min_event_ndims(self) -> int:
        """Number of axes of one latent."""
        return len(self.latent_shape)

    @property
    def inverse_min_event_ndims(self) -> int:
        """Number of axes of one data point."""
        return len(self.event_shape)

    @is_derived
    def _forward_and_log_det(self, z: Latents, condition: Conditions | None) -> Pair:
        """Map (n, *latent_shape) and (n, *condition_shape) or None to (n, *event_shape), (n,)."""
        return derived_pair(self, "forward", z, condition)

    @is_derived
    def _inverse_and_log_det(self, x: Events, condition: Conditions | None) -> LatentPair:
        """Map (n, *event_shape) and (n, *condition_shape) or None to (n, *latent_shape), (n,)."""
        return derived_pair(self, "inverse", x, condition)

    def _writes(self, name: str) -> bool:
        """Return whether there is a private method of that name which is not derived."""
        return writes(type(self), name)

    @property
    def _takes_row_parameters(self) -> bool:
        """Whether each row of a batch may have trained parameters of its own.

        Then a trained array may have a last axis of rows behind those of an event of shape (), and
        `Coupling` and `MaskedAutoregressive` compute all rows at once instead of one by one. A
        class whose maths broadcasts so says True; compositions ask their parts.
        """
        return False

    @property
    def _has_bounds(self) -> bool:
        """Whether a direction is not defined everywhere, see `fluvial.bijectors._outside`."""
        return False

    def _find_outside(
        self, direction: Direction, event: Array, condition: Array | None
    ) -> Outside | None:
        """Return which value of one event (1, *shape) lies outside, None where that is unknown."""
        del direction, event, condition
        return None

    def _to_ends(
        self, direction: Direction, value: Array, condition: Array | None
    ) -> tuple[Array, Array]:
        """Map a batch one way, values outside to the ends of what is reached, and tell who falls.

        What the cdf of a transformed distribution is made of; for monotone maps of each value.

        Returns:
            The batch on the other side, and which of its values fall where their own rise.

        Raises:
            NotImplementedError: where the map is no monotone map of each value.
        """
        del direction, value, condition
        raise NotImplementedError(f"{type(self).__name__} is no monotone map of each value")

    @final
    def __call__(self, argument: Any, condition: ArrayLike | None = None) -> Any:
        """Return `forward(argument, condition)` of values, or what is composed with a bijector.

        Args:
            argument: latents `(..., *latent_shape)`; or a bijector, which then acts first; or a
                distribution of the latents.
            condition: of the latents.

        Returns:
            Data; or a `Chain`; or a `TransformedDistribution`.

        Raises:
            TypeError: where `argument` is none of the three.

        Examples:
            >>> float(Shift(1.0)(Scale(2.0))(3.0))
            7.0
        """
        built = built_from(self, argument)
        return self.forward(argument, condition) if built is None else built

    @final
    @method
    def forward(
        self, z: ArrayLike, condition: ArrayLike | None = None
    ) -> Float[Array, "*batch_event"]:
        """Map latents `(..., *latent_shape)` to data `(..., *event_shape)`.

        Raises:
            ShapeError: where `z` or `condition` has not the declared shape.
            DomainError: where a value of `z` lies outside the domain; NaN under `jax.jit`.
        """
        return self.forward_and_log_det(z, condition)[0]

    @final
    @method
    def inverse(
        self, x: ArrayLike, condition: ArrayLike | None = None
    ) -> Float[Array, "*batch_event"]:
        """Map data `(..., *event_shape)` to latents `(..., *latent_shape)`.

        Raises:
            ShapeError: where `x` or `condition` has not the declared shape.
            DomainError: where a value of `x` is not reached by the map; NaN under `jax.jit`.
        """
        return self.inverse_and_log_det(x, condition)[0]

    @final
    @method
    def forward_and_log_det(self, z: ArrayLike, condition: ArrayLike | None = None) -> BatchPair:
        """Return `forward(z)` and log |det dx/dz| of shape `(...)`."""
        return self._apply("forward", z, condition)

    @final
    @method
    def inverse_and_log_det(self, x: ArrayLike, condition: ArrayLike | None = None) -> BatchPair:
        """Return `inverse(x)` and log |det dz/dx| of shape `(...)`."""
        return self._apply("inverse", x, condition)

    @final
    @method
    def forward_log_det_jacobian(
        self, z: ArrayLike, event_ndims: int | None = None, condition: ArrayLike | None = None
    ) -> Float[Array, "*batch"]:
        """Return log |det dx/dz|.

        Args:
            z: latents `(..., *latent_shape)`.
            event_ndims: trailing axes of `z` that make one event: the log dets are summed over
                those in front of `latent_shape`. `forward_min_event_ndims` where it is None.
            condition: `(..., *condition_shape)` where one is declared, else None.

        Raises:
            ShapeError: where `event_ndims` is less than the bijector's own, or more than the axes
                that there are; where `z` or `condition` has not the declared shape.
            DomainError: where a value of `z` lies outside the domain; NaN under `jax.jit`.

        Examples:
            >>> log_det = Scale(2.0).forward_log_det_jacobian(jnp.zeros(3), event_ndims=1)
            >>> round(float(log_det), 4)
            2.0794
        """
        log_det = self.forward_and_log_det(z, condition)[1]
        return self._summed(log_det, self.forward_min_event_ndims, event_ndims)

    @final
    @method
    def inverse_log_det_jacobian(
        self, x: ArrayLike, event_ndims: int | None = None, condition: ArrayLike | None = None
    ) -> Float[Array, "*batch"]:
        """Return log |det dz/dx|.

        Args:
            x: data `(..., *event_shape)`.
            event_ndims: trailing axes of `x` that make one event: the log dets are summed over
                those in front of `event_shape`. `inverse_min_event_ndims` where it is None.
            condition: `(..., *condition_shape)` where one is declared, else None.

        Raises:
            ShapeError: where `event_ndims` is less than the bijector's own, or more than the axes
                that there are; where `x` or `condition` has not the declared shape.
            DomainError: where a value of `x` is not reached by the map; NaN under `jax.jit`.

        Examples:
            >>> Scale(2.0).inverse_log_det_jacobian(jnp.zeros(3), event_ndims=0).shape
            (3,)
        """
        log_det = self.inverse_and_log_det(x, condition)[1]
        return self._summed(log_det, self.inverse_min_event_ndims, event_ndims)

    def initialise(self, x: ArrayLike, condition: ArrayLike | None = None) -> "Bijector":
        """Return a bijector whose data-dependent start is set from the rows `x`; self unchanged."""
        del x, condition
        return self

    def _summed(self, log_det: Array, own: int, event_ndims: int | None) -> Array:
        further = 0 if event_ndims is None else event_ndims - own
        if not 0 <= further <= log_det.ndim:
            raise ShapeError(
                f"event_ndims of {type(self).__name__} must lie in {own}...{own + log_det.ndim} "
                f"for this input, but is {event_ndims}"
            )
        return jnp.sum(log_det, axis=tuple(range(log_det.ndim - further, log_det.ndim)))

    def _apply(
        self, direction: Direction, value: ArrayLike, condition: ArrayLike | None
    ) -> BatchPair:
        owner = type(self).__name__
        if direction == "forward":
            name, shape, shape_out = "z", self.latent_shape, self.event_shape
            function: Callable[..., Pair] = self._forward_and_log_det
        else:
            name, shape, shape_out = "x", self.event_shape, self.latent_shape
            function = self._inverse_and_log_det
        value = as_floats(value)
        batch = leading_axes(value, shape, name, owner)
        if self.condition_shape is None:
            condition = None
        else:
            condition = checked_condition(condition, self.condition_shape, owner)
            batch_c = leading_axes(condition, self.condition_shape, "condition", "")
            batch = broadcast_batches(batch, batch_c, name)
            condition = flatten_batch(condition, batch, self.condition_shape)
        events = flatten_batch(value, batch, shape)
        out, log_det = function(events, condition)
        if self._has_bounds:
            self._check_inside(direction, events, condition, batch, (out, log_det))
        return out.reshape(batch + shape_out), log_det.reshape(batch)

    def _check_inside(
        self,
        direction: Direction,
        events: Array,
        condition: Array | None,
        batch: Shape,
        found: Pair,
    ) -> None:
        """Raise a DomainError for the first event outside, where numbers can be looked at."""
        which = lost(*found)
        if isinstance(which, jax.core.Tracer) or not np.any(which):
            return
        row = int(np.argmax(which))
        given = None if condition is None else condition[row : row + 1]
        event = events[row : row + 1]
        outside = self._find_outside(direction, event, given)
        what = f"the event lies outside the domain of {type(self).__name__}"
        what = what if outside is None else outside.told(event)
        place = [int(index) for index in np.unravel_index(row, batch)]
        where = f", row {place[0] if len(place) == 1 else tuple(place)}" if place else ""
        raise DomainError(f"{direction}{where}: {what}")


def _writes_direction(kind: type) -> bool:
    names = ("_forward_and_log_det", "_inverse_and_log_det", "_forward", "_inverse")
    return any(writes(kind, name) for name in names)


def _refuse_without_direction(bijector: Bijector) -> None:
    """Refuse a map that goes nowhere.

    Raises:
        TypeError: where its class writes no direction.
    """
    if not _writes_direction(type(bijector)):
        raise TypeError(
            f"{type(bijector).__name__} must write _forward, _inverse or both with log det"
        )


def _declares(cls: type, name: str) -> bool:
    return name in vars(cls) or name in vars(cls).get("__annotations__", {})


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
