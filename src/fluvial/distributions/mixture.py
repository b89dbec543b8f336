"""Mixtures of any distributions."""

from collections.abc import Sequence
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
        wide = jnp.result_type(float)
        log_probs = [
            part._log_prob(x, part_condition(part, condition)).astype(wide)
            for part in self.distributions
        ]
        joint = jnp.stack(log_probs, axis=1) + self._log_weights.value.astype(wide)
        return log_sum_exp(joint)

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
