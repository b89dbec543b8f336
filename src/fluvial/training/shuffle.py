"""A random order of many rows, without sorting.

A Feistel network is a bijection of the numbers of a power of two; those that it sends beyond the
wanted range are sent on until they fall inside, which makes it a bijection of the range.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from fluvial.training.state import Scalar

N_ROUNDS = 6


def random_order(key: Array, n: Scalar, size: int) -> Array:
    """Return an array whose first `n` entries are 0 to n - 1 in random order.

    Args:
        key: a random key.
        n: a traced number, from 1 to `size`.
        size: the length of the array; what its entries from `n` on hold is of no meaning.

    Returns:
        (size,) int32.

    References:
        Black and Rogaway 2002, Ciphers with Arbitrary Finite Domains, section 4.
        Luby and Rackoff 1988, How to Construct Pseudorandom Permutations.
    """
    n_bits = max((size - 1).bit_length(), 2)
    round_keys = jax.random.bits(key, (N_ROUNDS,), jnp.uint32)
    start = jnp.arange(size, dtype=jnp.uint32)
    wanted, limit = start < n, jnp.asarray(n).astype(jnp.uint32)

    def outside(order: Array) -> Array:
        return wanted & (order >= limit)

    def walk(order: Array) -> Array:
        return jnp.where(outside(order), _encipher(order, round_keys, n_bits), order)

    first = _encipher(start, round_keys, n_bits)
    return lax.while_loop(lambda o: jnp.any(outside(o)), walk, first).astype(jnp.int32)


def _encipher(x: Array, round_keys: Array, n_bits: int) -> Array:
    """Apply a Feistel network to numbers of `n_bits` bits, in halves that may differ by one bit."""
    low_bits = n_bits // 2
    low_mask, high_mask = np.uint32(2**low_bits - 1), np.uint32(2 ** (n_bits - low_bits) - 1)
    high, low = x >> low_bits, x & low_mask
    for i in range(0, N_ROUNDS, 2):
        high = high ^ (_hash(low, round_keys[i]) & high_mask)
        low = low ^ (_hash(high, round_keys[i + 1]) & low_mask)
    return (high << low_bits) | low


def _hash(x: Array, key: Array) -> Array:
    """Mix 32 bits, as MurmurHash3's finaliser does."""
    x = (x ^ key) * np.uint32(0x85EBCA6B)
    x = (x ^ (x >> 13)) * np.uint32(0xC2B2AE35)
    return x ^ (x >> 16)
