"""Normal values from those of a mixture, value by value."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.bijectors import _root_search
from fluvial.bijectors._normal_tail import deviate, log_cdf, log_density
from fluvial.bijectors.elementwise import Elementwise, aligned
from fluvial.parameters import soft_clip, zeros
from fluvial.shapes import Shape, as_floats

LOG_SCALE_BOUND = 7.0
"""Scales of components stay within exp(-7) and exp(7)."""

N_STEPS = 50
"""Steps of expectation and maximisation of the data-dependent start."""

LEAST_SCALE = 1e-2
"""Least scale of a component at the start, in standard deviations of the rows."""


class Gaussianization(Elementwise):
    """`z = quantile(F(x))`, F the cdf of a mixture of normals, quantile that of a normal.

    The inverse makes normal values of those that have the mixture's distribution, value by value;
    both tails keep their digits. Weights, means and scales of the K components are trained, and
    `initialise` fits them to rows. `forward` is a root search.

    Args:
        n_components: components K, at least 1.
        shape: the event shape; () makes a transformer of coupling and autoregressive layers.

    Raises:
        ValueError: where `n_components` is less than 1.

    Examples:
        >>> rows = jnp.concatenate([jnp.linspace(-4.0, -3.0, 50), jnp.linspace(3.0, 4.0, 50)])
        >>> gaussianization = Gaussianization(2).initialise(rows)
        >>> abs(float(gaussianization.inverse(0.0))) < 0.1
        True

    References:
        Chen and Gopinath 2000, Gaussianization, section 3; Meng et al. 2020, arXiv 2003.01941,
        equation 5, with normal components.
    """

    raw_weights: Array
    means: Array
    raw_log_scales: Array
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, n_components: int = 8, *, shape: Shape = ()):
        if n_components < 1:
            raise ValueError(f"n_components must be at least 1, but is {n_components}")
        spread = np.linspace(-1.0, 1.0, n_components) if n_components > 1 else np.zeros(1)
        column = spread.reshape(-1, *(1,) * len(shape)).astype(jnp.result_type(float))
        self.raw_weights = zeros((n_components, *shape))
        self.means = jax.device_put(np.broadcast_to(column, (n_components, *shape)).copy())
        self.raw_log_scales = zeros((n_components, *shape))
        self.event_shape = tuple(shape)

    def initialise(self, x: ArrayLike, condition: ArrayLike | None = None) -> "Gaussianization":
        rows = np.asarray(as_floats(x), np.float64).reshape(-1, int(np.prod(self.event_shape)))
        n_components, dtype = len(self.means), self.means.dtype
        fits = [_fitted_mixture(column, n_components) for column in rows.T]
        log_weights, means, log_scales = (
            jax.device_put(
                np.stack(parts, axis=1).reshape(n_components, *self.event_shape).astype(dtype)
            )
            for parts in zip(*fits, strict=True)
        )
        # The inverse of the soft clip.
        raw = log_scales / (1 - jnp.abs(log_scales) / LOG_SCALE_BOUND)
        return eqx.tree_at(
            lambda map: (map.raw_weights, map.means, map.raw_log_scales),
            self,
            (log_weights, means, raw),
        )

    def _forward(self, z):
        return _root_search.inverse(_Inverse(self), z)

    def _inverse(self, x):
        t, log_weights, _ = self._components(x)
        below, above = jax.nn.logsumexp(log_weights + log_cdf(jnp.stack([t, -t])), axis=1)
        # Of both tails the smaller one has the digits.
        return jnp.where(below < above, 1, -1) * deviate(jnp.minimum(below, above))

    def _log_slope(self, z, x):
        t, log_weights, log_scales = self._components(x)
        log_mixture = jax.nn.logsumexp(log_weights + log_density(t) - log_scales, axis=0)
        return log_density(z) - log_mixture

    def _components(self, x: Array) -> tuple[Array, Array, Array]:
        """Return standardised values, log weights and log scales, each (K, ...)."""
        log_scales = soft_clip(aligned(self.raw_log_scales, x), LOG_SCALE_BOUND)
        log_weights = jax.nn.log_softmax(aligned(self.raw_weights, x), axis=0)
        return (x - aligned(self.means, x)) * jnp.exp(-log_scales), log_weights, log_scales


class _Inverse(eqx.Module):
    """The inverse direction as a function whose arrays are those of the map."""

    map: Gaussianization

    def __call__(self, x: Array) -> Array:
        return self.map._inverse(x)


def _fitted_mixture(
    column: np.ndarray, n_components: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return log weights, means and log scales of a mixture fitted to values, each (K,)."""
    deviation = column.std() or 1.0
    least = LEAST_SCALE * deviation
    means = np.quantile(column, (np.arange(n_components) + 0.5) / n_components)
    scales = np.full(n_components, max(deviation / n_components, least))
    weights = np.full(n_components, 1 / n_components)
    for _ in range(N_STEPS):
        t = (column[:, None] - means) / scales
        logs = np.log(weights) - np.log(scales) - t * t / 2
        shares = np.exp(logs - logs.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        total = shares.sum(axis=0) + 1e-9
        means = shares.T @ column / total
        spread = np.sum(shares * (column[:, None] - means) ** 2, axis=0) / total
        scales, weights = np.maximum(np.sqrt(spread), least), total / total.sum()
    bound = 0.99 * LOG_SCALE_BOUND
    return np.log(weights), means, np.clip(np.log(scales), -bound, bound)
