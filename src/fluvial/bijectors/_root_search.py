"""The inverse of a monotone scalar map that has no formula."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

INTEGERS = {16: jnp.int16, 32: jnp.int32, 64: jnp.int64}
"""From the bits of a floating-point type to the integer that counts its numbers in order."""

PROBES = ((-0.75, -0.25), (0.25, 0.75), (-0.75, 0.75))
"""Pairs of latents that tell whether a map rises; a domain of positive numbers has one of them."""


@eqx.filter_custom_jvp
def inverse(function: Callable[[Array], Array], x: Array) -> Array:
    """Return z with `function(z) = x`, to the last digit that the function resolves.

    The numbers of a floating-point type are bisected in their order, all of them: there is no
    bracket to choose or to expand, and z = 1e-30 takes as many evaluations as z = 1e30, 32 in
    float32 and 64 in float64. The derivatives are implicit: `dz = (dx - d function) / slope`, with
    respect to x and to the arrays of the function.

    Args:
        function: a strictly monotone map, element by element, rising or falling; a tree whose
            arrays are differentiated. Where it is NaN the search turns towards zero, so that its
            domain may be any interval that holds zero or ends there.
        x: values; any shape.

    Returns:
        The latents, like `x`; NaN where `x` is NaN or beyond what the function reaches.
    """
    return _bisect(function, x)


@inverse.def_jvp
def _inverse_jvp(primals, tangents):
    function, x = primals
    d_function, d_x = tangents
    z = inverse(function, x)
    right = jnp.zeros_like(x) if d_x is None else d_x
    moved = eqx.filter_jvp(lambda f: f(z), (function,), (d_function,))[1]
    if moved is not None:
        right = right - moved
    return z, right / slope(function, z)


def slope(function: Callable[[Array], Array], z: Array) -> Array:
    """Return the derivative of an elementwise function at each z."""
    return jax.jvp(function, (z,), (jnp.ones_like(z),))[1]


def _bisect(function: Callable[[Array], Array], x: Array) -> Array:
    integer = INTEGERS[jnp.finfo(x.dtype).bits]
    largest = np.asarray(jnp.finfo(x.dtype).max, x.dtype).view(integer)
    rises = _rises(function, x)

    def halve(_, ends):
        low, high = ends
        middle = (low & high) + ((low ^ high) >> 1)  # the mean, rounded down, without overflow
        z = _number(middle, x.dtype)
        y = function(z)
        beyond = jnp.where(rises, y >= x, y <= x) | (jnp.isnan(y) & (z > 0))
        return jnp.where(beyond, low, middle), jnp.where(beyond, middle, high)

    ends = (jnp.full(x.shape, -largest - 1, integer), jnp.full(x.shape, largest, integer))
    _, found = lax.fori_loop(0, jnp.finfo(x.dtype).bits, halve, ends)
    reached = (jnp.abs(found) < largest) & ~jnp.isnan(x)
    return jnp.where(reached, _number(found, x.dtype), jnp.asarray(jnp.nan, x.dtype))


def _number(count: Array, dtype) -> Array:
    """Return the floating-point number that stands `count` places above zero."""
    magnitude = lax.bitcast_convert_type(jnp.abs(count), dtype)
    return jnp.where(count < 0, -magnitude, magnitude)


def _rises(function: Callable[[Array], Array], x: Array) -> Array:
    def at(probe: Array) -> Array:
        return function(jnp.broadcast_to(probe, x.shape))

    # Mapped over: the function is compiled once, not for each probe.
    found = lax.map(at, jnp.asarray(PROBES, x.dtype).reshape(-1))
    return jnp.any(found[::2] < found[1::2], axis=0)
