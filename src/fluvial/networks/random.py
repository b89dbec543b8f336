"""Random starts without compilation.

A program of `jax.random` is compiled anew for each shape, which takes longer than everything else
in building a flow. Where a key has a value, its bits therefore seed NumPy's generator; under `jit`
and `vmap`, where it has none, `jax.random` draws (other numbers from the same key).
"""

from collections.abc import Sequence

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.parameters import checked_key

Key = Array | np.random.SeedSequence


def split(key: Key, n: int) -> list[Key]:
    """Return n independent keys."""
    if isinstance(key, jax.core.Tracer):
        return list(jax.random.split(key, n))
    return list(seed(key).spawn(n))


def uniform(
    keys: Sequence[Key], shapes: Sequence[tuple[int, ...]], limits: Sequence[np.ndarray]
) -> list[Array]:
    """Draw arrays from [-limit, limit) in the default float type.

    Args:
        keys: one for each array.
        shapes: of the arrays.
        limits: each broadcasts against its shape.
    """
    return [_uniform(*each) for each in zip(keys, shapes, limits, strict=True)]


def _uniform(key: Key, shape: tuple[int, ...], limit: np.ndarray) -> Array:
    dtype = jnp.result_type(float)
    if isinstance(key, jax.core.Tracer):
        return jax.random.uniform(key, shape, dtype, minval=-1, maxval=1) * limit.astype(dtype)
    drawn = np.random.default_rng(seed(key)).uniform(-1, 1, shape) * limit
    return jax.device_put(drawn.astype(dtype))


def permutation(key: Key, n: int) -> Array:
    """Draw an order of 0...n - 1."""
    if isinstance(key, jax.core.Tracer):
        return jax.random.permutation(key, n)
    return jax.device_put(np.random.default_rng(seed(key)).permutation(n).astype(np.int32))


def seed(key: Key) -> np.random.SeedSequence:
    """Return what seeds a generator of NumPy with the bits of a key.

    Raises:
        TypeError: where it is no key.
    """
    if isinstance(key, np.random.SeedSequence):
        # `spawn` counts: a fresh copy makes the same key give the same children.
        return np.random.SeedSequence(key.entropy, spawn_key=key.spawn_key)
    if jnp.issubdtype(checked_key(key).dtype, jax.dtypes.prng_key):
        key = jax.random.key_data(key)
    return np.random.SeedSequence(np.asarray(key).ravel().tolist())
