"""Monotone maps of [0, 1] in pieces: sizes of bins, and what belongs to the bin of a value.

Arrays of bins have them first, (K, ...); values (...) broadcast against the rest.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors._boundary import MIN_FRACTION, RAW_BOUND
from fluvial.parameters import soft_clip


def sizes(raw: Array) -> Array:
    """Return K positive sizes that sum to one, from any K numbers; equal ones from zeros."""
    n_bins = raw.shape[0]
    shares = jax.nn.softmax(soft_clip(raw, RAW_BOUND), axis=0)
    return MIN_FRACTION + (1 - n_bins * MIN_FRACTION) * shares


def slopes(raw: Array) -> Array:
    """Return positive slopes from any numbers; ones from zeros."""
    return jnp.exp(soft_clip(raw, RAW_BOUND))


def starts(of_bins: Array) -> Array:
    """Return where each bin starts, from their sizes."""
    return jnp.cumsum(of_bins, axis=0) - of_bins


def bin_of(share: Array, of_bins: Array) -> Array:
    """Return the number of the bin that holds each value of [0, 1], as a mask over all bins."""
    index = jnp.sum(share >= starts(of_bins)[1:], axis=0)
    return jnp.arange(of_bins.shape[0]).reshape(-1, *(1,) * share.ndim) == index


def picked(mask: Array, of_bins: Array) -> Array:
    """Return what belongs to the bin of each value."""
    return jnp.sum(jnp.where(mask, of_bins, jnp.zeros((), of_bins.dtype)), axis=0)
