"""Numbers that are estimated from samples, with their standard errors."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

N_SAMPLES = 10_000
"""Samples of an estimate, where no other number is asked for."""


class Estimate(NamedTuple):
    """A mean over random samples.

    Attributes:
        value: the estimate.
        standard_error: the standard deviation that the estimate has from key to key, of the same
            shape; its own estimate, from the same samples.

    Examples:
        >>> mean, error = LogNormal(0.0, 1.0).mean(key=jax.random.key(0))
        >>> bool(abs(mean - np.exp(0.5)) < 4 * error)
        True
    """

    value: Array
    standard_error: Array


def mean_of(values: Array) -> Estimate:
    """Return the mean over the first axis, (n, ...) to (...), n at least 2."""
    n = values.shape[0]
    return Estimate(jnp.mean(values, axis=0), jnp.std(values, axis=0, ddof=1) / n**0.5)


def variance_of(values: Array) -> Estimate:
    """Return the unbiased variance over the first axis, (n, ...) to (...), n at least 2.

    References:
        Mood, Graybill and Boes 1974, Introduction to the Theory of Statistics, section VI.2,
        theorem 2.
    """
    n = values.shape[0]
    squares = (values - jnp.mean(values, axis=0)) ** 2
    variance = jnp.sum(squares, axis=0) / (n - 1)
    fourth = jnp.mean(squares**2, axis=0)
    spread = fourth - variance**2 * ((n - 3) / (n - 1))
    return Estimate(variance, jnp.sqrt(jnp.maximum(spread, 0) / n))


def checked_n_samples(n_samples: int) -> int:
    """Return the number of samples.

    Raises:
        ValueError: where it is less than 2.
    """
    if n_samples < 2:
        raise ValueError(f"n_samples must be at least 2, but is {n_samples}")
    return n_samples
