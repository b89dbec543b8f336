"""Tails through monotone maps: of each value, or of events of a single one."""

import math
from typing import Protocol

import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors import Bijector
from fluvial.bijectors._outside import lost
from fluvial.bijectors.bijector import Direction
from fluvial.distributions.distribution import Distribution
from fluvial.errors import ClosedFormError
from fluvial.shapes import part_condition


class Transformed(Protocol):
    """What the functions here read of a transformed distribution."""

    @property
    def base(self) -> Distribution: ...

    @property
    def bijector(self) -> Bijector: ...


def to_ends(
    flow: Transformed, direction: Direction, value: Array, condition: Array | None
) -> tuple[Array, Array]:
    """Map values (n, *event_shape) one way, and tell which fall where their own rise.

    What lies beyond all that is on the other side gives its end, which may be infinite.

    Raises:
        ClosedFormError: where the map is no monotone one of each value.
    """
    try:
        return flow.bijector._to_ends(direction, value, condition)
    except NotImplementedError:
        low, middle, high = _quartiles(flow, condition)
    falls = high[1] < low[1]
    here, there = middle if direction == "forward" else middle[::-1]
    out, log_det = getattr(flow.bijector, f"_{direction}_and_log_det")(value, condition)
    is_low = (value < here) != falls
    # A map that is monotone on the base's support alone may take what is beyond to the wrong side.
    is_beyond = lost(out, log_det).reshape(out.shape) | ((out < there) & ~is_low)
    is_beyond |= (out > there) & is_low
    ends = jnp.where(is_low, -jnp.inf, jnp.inf).astype(out.dtype)
    return jnp.where(is_beyond, ends, out), jnp.broadcast_to(falls, out.shape)


def _quartiles(flow: Transformed, condition: Array | None) -> list[tuple[Array, Array]]:
    """Return the quartiles of a base of single values, and their data: (1 or n, *event_shape)."""
    shape = flow.base.event_shape
    if math.prod(shape) != 1:
        raise ClosedFormError(
            f"{type(flow.bijector).__name__} of event_shape {shape} is no monotone map of each "
            "value, and no cdf is known; estimate it by the share of samples below"
        ) from None
    n = 1 if condition is None else len(condition)
    of_base = part_condition(flow.base, condition)
    quartiles = []
    for share in (0.25, 0.5, 0.75):
        q = jnp.full((n, *shape), share, jnp.result_type(float))
        z = flow.base._quantile(q, False, of_base)
        quartiles.append((z, flow.bijector._forward_and_log_det(z, condition)[0]))
    return quartiles
