"""Mixtures of any distributions."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.distributions._draws import choose, draw_chosen
from fluvial.distributions._joint import log_sum_exp
from fluvial.distributions._stored import LogWeights
from fluvial.distributions.adapter import as_distribution
from fluvial.distributions.distribution import Distribution
from fluvial.errors import ShapeError
from fluvial.shapes import Shape, as_floats, merged_condition_shape, part_condition


class Mixture(Distribution):
    """A weighted mixture: `p(x) = sum_k weights[k] p_k(x)`.

    The condition goes to the components that declare one. Each row of a sample is
    drawn from one component alone, in blocks of 256 to 2,048 rows of one component: time and
    memory grow with the rows, hardly with K.

    Args:
        distributions: K of one event shape; also objects of other libraries, see
            `as_distribution`.
        weights: (K,), not negative; divided by their sum.
        trainable: whether the weights are trained; the components keep what is trained of theirs.

    Raises:
        ShapeError: where event shapes, declared condition shapes or the number of weights differ.
        ValueError: where a weight is negative or all are zero.

    Examples:
        >>> mixture = Mixture([StandardNormal(2), DiagonalNormal(jnp.ones(2), 0.5)], [0.3, 0.7])
        >>> mixture.sample(jax.random.key(0), (4,)).shape
        (4, 2)
    """

    distributions: tuple[Distribution, ...]
    _log_weights: LogWeights
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(
        self,
        distributions: Sequence[Any],
        weights: ArrayLike | Sequence[float],
        *,
        trainable: bool = False,
    ):
        parts = tuple(as_distribution(part) for part in distributions)
        if not isinstance(weights, np.ndarray):
            weights = jnp.asarray(weights)
        weights = as_floats(weights)
        if not parts or weights.shape != (len(parts),):
            raise ShapeError(
                f"{len(parts)} distributions need weights of shape ({len(parts)},) with at least "
                f"one, but the weights have shape {weights.shape}"
            )
        shapes = [part.event_shape for part in parts]
        if len(set(shapes)) > 1:
            raise ShapeError(f"the parts of a mixture have different event shapes: {shapes}")
        self.distributions = parts
        self._log_weights = LogWeights(weights, trainable=trainable)
        self.event_shape = shapes[0]
        self.condition_shape = merged_condition_shape(list[Any](parts))

    @property
    def weights(self) -> Array:
        """The weights as they are now, (K,), with sum 1."""
        return jnp.exp(self._log_weights.value)

    def _log_prob(self, x, condition) -> Array:
        return self._log_mean(lambda part, c: part._log_prob(x, c), condition)

    def _log_tail(self, x, upper, condition) -> Array:
        return self._log_mean(lambda part, c: part._log_tail(x, upper, c), condition)

    def _mean(self, condition) -> Array:
        return self._weighted([m for m, _ in self._moments_of_parts(condition)])

    def _variance(self, condition) -> Array:
        moments = self._moments_of_parts(condition)
        mean = self._weighted([m for m, _ in moments])
        return self._weighted([variance + (m - mean) ** 2 for m, variance in moments])

    def _log_mean(
        self, function: Callable[[Distribution, Array | None], Array], condition: Array | None
    ) -> Array:
        """Return the logarithm of the weighted mean of what parts give as logarithms."""
        parts = self.distributions
        wide = jnp.result_type(float)
        found = [function(part, part_condition(part, condition)).astype(wide) for part in parts]
        return log_sum_exp(jnp.stack(found, axis=1) + self._log_weights.value.astype(wide))

    def _moments_of_parts(self, condition: Array | None) -> list[tuple[Array, Array]]:
        found = []
        for part in self.distributions:
            of_part = part_condition(part, condition)
            found.append((part._mean(of_part), part._variance(of_part)))
        return found

    def _weighted(self, values: Sequence[Array]) -> Array:
        weights = self.weights
        return sum(weights[k] * values[k] for k in range(1, len(values))) + weights[0] * values[0]

    def _sample(self, key, n, condition) -> Array:
        return _draw(self, key, n, condition)


# Compiled, because the loop over blocks would be compiled at each call otherwise.
@eqx.filter_jit
def _draw(mixture: Mixture, key: Array, n: int, condition: Array | None) -> Array:
    of_choice, of_draws = jax.random.split(key)
    chosen = choose(of_choice, mixture.weights, n)
    draws = [partial(_draw_part, part) for part in mixture.distributions]
    return draw_chosen(draws, of_draws, chosen, condition)


def _draw_part(part: Distribution, key: Array, n: int, condition: Array | None) -> Array:
    return part._sample(key, n, part_condition(part, condition))
