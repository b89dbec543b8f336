"""Distributions as those of NumPyro. Imported where it is asked for: NumPyro is not needed else."""

from typing import Any

import jax
from jaxtyping import Array
from numpyro import distributions
from numpyro.distributions import constraints


class FluvialDistribution(distributions.Distribution):
    """A distribution of Fluvial behind the interface of NumPyro.

    Args:
        distribution: the distribution.
        condition: `(..., *condition_shape)`, or None; its leading axes are the batch shape.
        support: a constraint of NumPyro; the real numbers where it is None.
    """

    pytree_data_fields = ("distribution", "condition")
    pytree_aux_fields = ("_support",)

    def __init__(self, distribution: Any, condition: Array | None, support: Any):
        self.distribution, self.condition = distribution, condition
        n_axes = len(distribution.event_shape)
        if support is None:
            support = constraints.independent(constraints.real, n_axes)
        self._support = support
        batch = ()
        if condition is not None:
            batch = condition.shape[: condition.ndim - len(distribution.condition_shape)]
        super().__init__(batch_shape=batch, event_shape=distribution.event_shape)

    @property
    def support(self) -> Any:
        return self._support

    def sample(self, key: Any, sample_shape: tuple[int, ...] = ()) -> Array:
        if not jax.numpy.issubdtype(key.dtype, jax.dtypes.prng_key):
            key = jax.random.wrap_key_data(key)
        return self.distribution.sample(key, sample_shape, self.condition)

    def log_prob(self, value: Any, intermediates: Any = None) -> Any:
        del intermediates
        return self.distribution.log_prob(value, self.condition)
