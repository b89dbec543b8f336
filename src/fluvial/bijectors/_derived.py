"""What a bijector does not write, derived from what it writes.

A direction has a value, `_forward` or `_inverse`, and a log det, `_forward_log_det_jacobian` or
`_inverse_log_det_jacobian`. Values of scalar maps are derived by a root search; a log det from that
of the other direction, or by automatic differentiation.
"""

import math
from functools import lru_cache
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors import _root_search

Function = TypeVar("Function")

LARGEST_JACOBIAN = 64
"""Values of an event up to which a log det is taken from a Jacobian; it costs that many passes."""

OTHER = {"forward": "inverse", "inverse": "forward"}


def is_derived(method: Function) -> Function:
    """Mark a method that stands for what a class may write."""
    setattr(method, "is_derived", True)  # noqa: B010
    return method


@lru_cache(1024)
def writes(kind: type, name: str) -> bool:
    """Return whether a class of bijectors has a method of its own of that name."""
    written = getattr(kind, name, None)
    return written is not None and not getattr(written, "is_derived", False)


def writes_value(bijector: Any, direction: str) -> bool:
    """Return whether the class says what one direction gives."""
    return bijector._writes(f"_{direction}") or bijector._writes(f"_{direction}_and_log_det")


def derived_pair(bijector: Any, direction: str, given: Array, condition: Array | None) -> Any:
    """Return the values of one direction and their log dets, (n, *event_shape) and (n,)."""
    out = value(bijector, direction, given, condition)
    return out, _log_det(bijector, direction, given, out, condition)


def value(bijector: Any, direction: str, given: Array, condition: Array | None) -> Array:
    """Return the values of one direction, by a root search where it is not written.

    Raises:
        NotImplementedError: where it is not written and the map is not scalar.
    """
    if bijector._writes(f"_{direction}"):
        method = getattr(bijector, f"_{direction}")
        return method(given) if bijector.condition_shape is None else method(given, condition)
    if bijector._writes(f"_{direction}_and_log_det"):
        return getattr(bijector, f"_{direction}_and_log_det")(given, condition)[0]
    if bijector.event_shape != ():
        raise NotImplementedError(
            f"{type(bijector).__name__} has no {direction}: write _{direction}, which is derived "
            f"for maps of event shape () only, not for {bijector.event_shape}"
        )
    return _root_search.inverse(_Value(bijector, OTHER[direction], condition), given)


def _log_det(
    bijector: Any, direction: str, given: Array, out: Array, condition: Array | None
) -> Array:
    more = () if bijector.condition_shape is None else (condition,)
    for which, points, sign in ((direction, given, 1), (OTHER[direction], out, -1)):
        if bijector._writes(f"_{which}_log_det_jacobian"):
            log_det = getattr(bijector, f"_{which}_log_det_jacobian")(points, *more)
            return sign * jnp.asarray(log_det).astype(jnp.result_type(float))
    if bijector._writes(f"_{OTHER[direction]}_and_log_det"):
        return -getattr(bijector, f"_{OTHER[direction]}_and_log_det")(out, condition)[1]
    if not writes_value(bijector, direction):
        return -_differentiated(bijector, OTHER[direction], out, condition)
    return _differentiated(bijector, direction, given, condition)


def _differentiated(bijector: Any, direction: str, points: Array, condition: Array | None) -> Array:
    """Return log |det| of the Jacobian of one direction at each point, (n,).

    Raises:
        NotImplementedError: where an event has many values.
    """
    size = math.prod(bijector.event_shape)
    if bijector.event_shape == ():
        slopes = _root_search.slope(_Value(bijector, direction, condition), points)
        return jnp.log(jnp.abs(slopes)).astype(jnp.result_type(float))
    if size > LARGEST_JACOBIAN:
        raise NotImplementedError(
            f"write _{direction}_log_det_jacobian of {type(bijector).__name__}: by automatic "
            f"differentiation it is for at most {LARGEST_JACOBIAN} values an event, not for {size}"
        )

    def of_one(point: Array, condition: Array | None) -> Array:
        given = None if condition is None else condition[None]
        return value(bijector, direction, point[None], given)[0]

    axes = (0, None if condition is None else 0)
    jacobians = jax.vmap(jax.jacfwd(of_one), in_axes=axes)(points, condition)
    matrices = jacobians.reshape(len(points), size, size).astype(jnp.result_type(float))
    return jnp.linalg.slogdet(matrices)[1]


class _Value(eqx.Module):
    """One direction of a scalar map as a function whose arrays are those of the map."""

    map: Any
    direction: str = eqx.field(static=True)
    condition: Array | None

    def __call__(self, values: Array) -> Array:
        return value(self.map, self.direction, values, self.condition)
