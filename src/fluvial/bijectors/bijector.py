"""The contract of every bijector."""

from abc import abstractmethod
from collections.abc import Callable
from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike

from fluvial.errors import ShapeError

Shape = tuple[int, ...]
Pair = tuple[Array, Array]


class Bijector(eqx.Module):
    """An invertible, differentiable map between latents `z` and data `x`.

    `forward` maps z to x and `inverse` maps x to z. A log det is the natural logarithm of the
    absolute determinant of the Jacobian of the direction that returns it.

    A subclass declares `event_shape` and `condition_shape` (None where it takes no condition) and
    implements `_forward_and_log_det` and `_inverse_and_log_det`, which see exactly one leading
    batch axis. The public methods accept any leading batch axes, those of the condition broadcast
    against those of the input; they check shapes and are final.

    Attributes:
        event_shape: shape of one latent and of one data point.
        condition_shape: shape of one condition, or None. A bijector that declares none ignores a
            condition that it is given.
    """

    event_shape: eqx.AbstractVar[Shape]
    condition_shape: eqx.AbstractVar[Shape | None]

    @abstractmethod
    def _forward_and_log_det(self, z: Array, condition: Array | None) -> Pair:
        """Map (n, *event_shape) and (n, *condition_shape) or None to (n, *event_shape), (n,)."""

    @abstractmethod
    def _inverse_and_log_det(self, x: Array, condition: Array | None) -> Pair:
        """Map (n, *event_shape) and (n, *condition_shape) or None to (n, *event_shape), (n,)."""

    @final
    def forward(self, z: ArrayLike, condition: ArrayLike | None = None) -> Array:
        """Map latents `(..., *event_shape)` to data of the same shape.

        Raises:
            ShapeError: where `z` or `condition` has not the declared shape.
        """
        return self.forward_and_log_det(z, condition)[0]

    @final
    def inverse(self, x: ArrayLike, condition: ArrayLike | None = None) -> Array:
        """Map data `(..., *event_shape)` to latents of the same shape.

        Raises:
            ShapeError: where `x` or `condition` has not the declared shape.
        """
        return self.inverse_and_log_det(x, condition)[0]

    @final
    def forward_and_log_det(self, z: ArrayLike, condition: ArrayLike | None = None) -> Pair:
        """Return `forward(z)` and log |det dx/dz| of shape `(...)`."""
        return self._apply(self._forward_and_log_det, "z", z, condition)

    @final
    def inverse_and_log_det(self, x: ArrayLike, condition: ArrayLike | None = None) -> Pair:
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
    ) -> Pair:
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

    The shortest way to a bijector of one's own: implement `_event_forward_and_log_det` and
    `_event_inverse_and_log_det`, from `event_shape` (and `condition_shape` or None) to
    `event_shape` and a scalar. With `event_shape = ()` it can serve as a transformer of
    `Coupling` and `MaskedAutoregressive`.
    """

    @abstractmethod
    def _event_forward_and_log_det(self, z: Array, condition: Array | None) -> Pair:
        """Map one event to one event and its scalar log det."""

    @abstractmethod
    def _event_inverse_and_log_det(self, x: Array, condition: Array | None) -> Pair:
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


def as_floats(value: ArrayLike) -> Array:
    """Return a floating-point array; integers and booleans become the default float type."""
    value = jnp.asarray(value)
    if jnp.issubdtype(value.dtype, jnp.floating):
        return value
    return value.astype(jnp.result_type(float))


def leading_axes(value: Array, shape: Shape, name: str, owner: str) -> Shape:
    """Return the batch axes of `value` in front of `shape`.

    Raises:
        ShapeError: where the trailing axes of `value` are not `shape`.
    """
    split = value.ndim - len(shape)
    if split < 0 or value.shape[split:] != shape:
        where = f"{owner}: " if owner else ""
        raise ShapeError(
            f"{where}{name} has shape {value.shape}, but its trailing axes must be {shape}"
        )
    return value.shape[:split]


def checked_condition(condition: ArrayLike | None, shape: Shape, owner: str) -> Array:
    """Return the condition as floats.

    Raises:
        ShapeError: where the condition is missing or its trailing axes are not `shape`.
    """
    if condition is None:
        raise ShapeError(f"{owner} needs a condition of shape (..., *{shape}), but got None")
    condition = as_floats(condition)
    leading_axes(condition, shape, "condition", owner)
    return condition


def broadcast_batches(batch: Shape, of_condition: Shape, name: str) -> Shape:
    """Return the common batch shape.

    Raises:
        ShapeError: where the two do not broadcast.
    """
    try:
        return jnp.broadcast_shapes(batch, of_condition)
    except ValueError:
        raise ShapeError(
            f"the batch axes {batch} of {name} and {of_condition} of the condition do not broadcast"
        ) from None


def flatten_batch(value: Array, batch: Shape, shape: Shape) -> Array:
    """Broadcast to `batch + shape` and merge the batch axes into one."""
    value = jnp.broadcast_to(value, batch + shape)
    size = 1
    for axis in batch:
        size *= axis
    return value.reshape((size, *shape))


def merged_condition_shape(parts: "tuple[Bijector, ...] | list[Bijector]") -> Shape | None:
    """Return the condition shape that a composition of `parts` declares.

    Raises:
        ShapeError: where two parts declare different shapes.
    """
    declared = {part.condition_shape for part in parts if part.condition_shape is not None}
    if len(declared) > 1:
        raise ShapeError(f"parts of one composition declare different conditions: {declared}")
    return declared.pop() if declared else None


def sum_log_det(terms: Array) -> Array:
    """Sum `(n, ...)` to `(n,)`, in float64 where JAX has it switched on."""
    axes = tuple(range(1, terms.ndim))
    return jnp.sum(terms, axis=axes, dtype=jnp.result_type(float))
