"""Quantiles that have no formula: the search for the end of a tail of a given probability."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from fluvial.bijectors._root_search import INTEGERS

LogTail = Callable[[Array, bool | Array], Array]
"""The log probability of the lower or the `upper` tail of each value, of the values' shape."""


@eqx.filter_custom_jvp
def quantile(log_tail: LogTail, q: Array, upper: bool | Array) -> Array:
    """Return the ends of the tails that have the probabilities `q`, value by value.

    The numbers of a floating-point type are bisected in their order, as they are for the inverse
    of a bijector; the derivatives are implicit.

    Args:
        log_tail: of the distribution; a tree whose arrays are differentiated.
        q: from 0 to 1; 0 and 1 give the ends of the support, or infinities.
        upper: which tails are meant.
    """
    integer = INTEGERS[jnp.finfo(q.dtype).bits]
    infinity = np.asarray(np.inf, q.dtype).view(integer)
    wanted = jnp.log(q)

    def halve(_, ends):
        low, high = ends
        middle = (low & high) + ((low ^ high) >> 1)  # the mean, rounded down, without overflow
        found = log_tail(_number(middle, q.dtype), upper)
        # The smallest number whose lower tail has at least the probability, or whose upper one
        # has no more.
        beyond = jnp.where(upper, found <= wanted, found >= wanted)
        return jnp.where(beyond, low, middle), jnp.where(beyond, middle, high)

    ends = (jnp.full(q.shape, -infinity - 1, integer), jnp.full(q.shape, infinity, integer))
    _, found = lax.fori_loop(0, jnp.finfo(q.dtype).bits, halve, ends)
    # There the logarithm of the cdf has become zero, or that of the other tail minus infinity.
    is_end = jnp.where(upper, q == 0, q == 1)
    return jnp.where(is_end, jnp.inf, _number(found, q.dtype))


@quantile.def_jvp
def _quantile_jvp(primals, tangents):
    log_tail, q, upper = primals
    d_tail, d_q, _ = tangents
    x = quantile(log_tail, q, upper)
    slope = jax.jvp(lambda x: log_tail(x, upper), (x,), (jnp.ones_like(x),))[1]
    right = jnp.zeros_like(x) if d_q is None else d_q / q
    moved = eqx.filter_jvp(lambda f: f(x, upper), (log_tail,), (d_tail,))[1]
    if moved is not None:
        right = right - moved
    return x, right / slope


def _number(count: Array, dtype) -> Array:
    """Return the floating-point number that stands `count` places above zero."""
    magnitude = lax.bitcast_convert_type(jnp.abs(count), dtype)
    return jnp.where(count < 0, -magnitude, magnitude)
