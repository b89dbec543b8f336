"""Random latents within the domain of a map."""

import jax
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors import Bijector, Elementwise
from fluvial.shapes import Shape


def random_latents(bijector: Bijector, key: Array, batch: Shape) -> Array:
    """Draw standard normal latents, moved into the domain of an `Elementwise` map.

    Args:
        bijector: any bijector.
        key: a key of `jax.random`.
        batch: shape in front of that of one latent.
    """
    z = jax.random.normal(key, batch + bijector.latent_shape)
    if not isinstance(bijector, Elementwise):
        return z
    inner = bijector.domain.inner(z, jax.nn.sigmoid(z))
    return z if not jnp.any(bijector.domain.leaves_out(z)) else inner
