"""The type that every recipe returns."""

from typing import Any, final

import equinox as eqx
from jaxtyping import Array

from fluvial.bijectors import Bijector
from fluvial.distributions.transformed import AbstractTransformed


@final
class Flow(AbstractTransformed):
    """A distribution of `x = bijector.forward(z)`, z from `base`, with compiled public methods.

    As `fluvial.distributions.TransformedDistribution`, which compiles nothing. The first call of
    `log_prob`, `sample` or `sample_and_log_prob` with new shapes compiles, later ones do not.

    Attributes:
        base: the distribution of the latents z.
        bijector: the map from z to x.

    Examples:
        >>> flow = Flow(StandardNormal(2), Scale(jnp.array([1.0, 2.0])))
        >>> flow.sample(jax.random.key(0), (5,)).shape
        (5, 2)
    """

    def __init__(self, base: Any, bijector: Bijector):
        self.base, self.bijector = base, bijector

    @eqx.filter_jit
    def _log_prob(self, x: Array, condition: Array | None) -> Array:
        return self._density(x, condition)

    @eqx.filter_jit
    def _sample(self, key: Array, n: int, condition: Array | None) -> Array:
        return self._draw(key, n, condition)

    @eqx.filter_jit
    def _sample_and_log_prob(
        self, key: Array, n: int, condition: Array | None
    ) -> tuple[Array, Array]:
        return self._draw_with_density(key, n, condition)
