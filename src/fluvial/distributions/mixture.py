"""Mixtures of any distributions."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike

from fluvial.distributions._stored import LogWeights
from fluvial.distributions.adapter import as_distribution
from fluvial.distributions.distribution import Distribution
from fluvial.errors import ShapeError
from fluvial.shapes import Shape, as_floats, merged_condition_shape, part_condition


class Mixture(Distribution):
    """A weighted mixture: `p(x) = sum_k weights[k] p_k(x)`.

    The condition goes to the components that declare one. A sample is drawn from every component
    and one of them is kept, so sampling costs as much as all components together.

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
        weights = as_floats(jnp.asarray(weights))
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
        log_probs = [
            part._log_prob(x, part_condition(part, condition)) for part in self.distributions
        ]
        joint = jnp.stack(log_probs, axis=1) + self._log_weights.value
        return jax.nn.logsumexp(joint, axis=1)

    def _sample(self, key, n, condition) -> Array:
        key, *keys = jax.random.split(key, 1 + len(self.distributions))
        chosen = jax.random.categorical(key, self._log_weights.value, shape=(n,))
        chosen = chosen.reshape((n,) + (1,) * len(self.event_shape))
        draws = [
            part._sample(part_key, n, part_condition(part, condition))
            for part, part_key in zip(self.distributions, keys, strict=True)
        ]
        x = draws[0]
        for number, draw in enumerate(draws[1:], start=1):
            x = jnp.where(chosen == number, draw, x)
        return x
