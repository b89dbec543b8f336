"""The logarithm of the regularised incomplete beta function."""

import jax.numpy as jnp
from jax.scipy import special
from jaxtyping import Array


def log_betainc(a: Array, b: Array, x: Array, y: Array) -> Array:
    """Return `log I_x(a, b)` with y = 1 - x, elementwise; with digits where it is close to 0 too.

    Its gradient by `a` and `b` is refused by JAX. Where the probability is below the smallest
    number the logarithm is minus infinity, with gradient zero.
    """
    is_high = x > a / (a + b)
    first, second = jnp.where(is_high, b, a), jnp.where(is_high, a, b)
    smaller = special.betainc(first, second, jnp.where(is_high, y, x))
    some = smaller > 0
    logarithm = jnp.where(some, jnp.log(jnp.where(some, smaller, 1.0)), -jnp.inf)
    # A probability of one has no logarithm of its complement.
    complement = jnp.log1p(-jnp.minimum(smaller, 1 - jnp.finfo(x.dtype).epsneg))
    return jnp.where(is_high, complement, logarithm)
