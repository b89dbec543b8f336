"""Shapes of events, of conditions and of the batches in front of them."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from fluvial.errors import ShapeError

Shape = tuple[int, ...]
"""The shape of an event, a condition or a batch."""

Numbers = ArrayLike | Sequence[Any]
"""Numbers in an array, or in lists of lists."""


Events = Float[Array, "n *event"]
"""A batch of events with exactly one leading axis."""

Latents = Float[Array, "n *latent"]
"""A batch of latents with exactly one leading axis; of another shape where a map changes it."""

Conditions = Float[Array, "n *condition"]
"""The conditions of a batch of events."""

Values = Float[Array, " n"]
"""A log density, or a log det, of each event of a batch."""


class Conditional(Protocol):
    """Anything that declares the shape of its condition, None where it takes none."""

    @property
    def condition_shape(self) -> Shape | None: ...


def as_floats(value: Numbers) -> Array:
    """Return a floating-point array; integers and booleans become the default float type."""
    if isinstance(value, np.ndarray):
        # Put there as it is: `jnp.asarray` compiles a program for each new shape.
        dtype = value.dtype if np.issubdtype(value.dtype, np.floating) else jnp.result_type(float)
        return jax.device_put(value.astype(jax.dtypes.canonicalize_dtype(dtype)))
    value = jnp.asarray(value)
    if jnp.issubdtype(value.dtype, jnp.floating):
        return value
    return value.astype(jnp.result_type(float))


def common_type(*values: Any) -> Any:
    """Return the type that holds those of all arrays and types.

    Where JAX refuses to mix types (strict promotion), too: what takes this type says so.
    """
    with jax.numpy_dtype_promotion("standard"):
        return jnp.result_type(*values)


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
    return value.reshape((math.prod(batch), *shape))


def part_condition(part: Conditional, condition: Array | None) -> Array | None:
    """Return the condition for a part that declares one, None for one that does not."""
    return None if part.condition_shape is None else condition


def merged_condition_shape(parts: Iterable[Conditional]) -> Shape | None:
    """Return the condition shape that a composition of `parts` declares.

    Raises:
        ShapeError: where two parts declare different shapes.
    """
    declared = {part.condition_shape for part in parts if part.condition_shape is not None}
    if len(declared) > 1:
        raise ShapeError(f"parts of one composition declare different conditions: {declared}")
    return declared.pop() if declared else None


def sum_event(terms: Array) -> Array:
    """Sum `(n, *event_shape)` to `(n,)`, in float64 where JAX has it switched on."""
    axes = tuple(range(1, terms.ndim))
    return jnp.sum(terms, axis=axes, dtype=jnp.result_type(float))


def condition_size(condition_shape: Shape | None) -> int:
    """Return the length of a flattened condition, 0 for None."""
    return 0 if condition_shape is None else math.prod(condition_shape)


def flat_conditions(condition: Array) -> Array:
    """Flatten each of the n conditions: (n, *condition_shape) to (n, C)."""
    return condition.reshape(condition.shape[0], math.prod(condition.shape[1:]))
