"""The type that every recipe returns."""

from typing import Any

import equinox as eqx

from fluvial.bijectors import Bijector
from fluvial.distributions.transformed import TransformedDistribution


class Flow(TransformedDistribution):
    """A `TransformedDistribution` whose public methods are compiled.

    `log_prob(x, condition=None)`, `sample(key, shape=(), condition=None)` and
    `sample_and_log_prob(key, shape=(), condition=None)`, as of every distribution; the first call
    with new shapes compiles, later ones do not.

    Attributes:
        base: the distribution of the latents z.
        bijector: the map from z to x.

    Examples:
        >>> flow = Flow(StandardNormal(2), Scale(jnp.array([1.0, 2.0])))
        >>> flow.sample(jax.random.key(0), (5,)).shape
        (5, 2)
    """

    def __init__(self, base: Any, bijector: Bijector):
        super().__init__(base, bijector)

    _log_prob = eqx.filter_jit(TransformedDistribution._log_prob)
    _sample = eqx.filter_jit(TransformedDistribution._sample)
    _sample_and_log_prob = eqx.filter_jit(TransformedDistribution._sample_and_log_prob)
