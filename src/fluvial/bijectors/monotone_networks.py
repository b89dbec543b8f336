"""Monotone networks of one number: the transformers of neural autoregressive flows."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.bijectors.elementwise import Elementwise, aligned
from fluvial.parameters import soft_clip, zeros
from fluvial.shapes import Shape

LOG_SLOPE_BOUND = 5.0
"""Slopes of a unit stay within exp(-5) and exp(5)."""

LOG_RATE_BOUND = 3.0
"""The integrand stays within exp(-3) and exp(3): no integral ends before all of the line."""

WEIGHT_BOUND = 3.0
"""Weights of the integrand are less than this, so that the quadrature resolves it."""

REACH = 6.0
"""Beyond this distance from zero the integrand does not change."""


class DeepSigmoid(Elementwise):
    """`x = logit(sum_k w_k sigmoid(a_k z + b_k))`, a layer of K sigmoid units; starts as a map
    close to the identity.

    The weights w add up to 1 and the slopes a are positive, so it is monotone and reaches
    every number. Both tails are computed by logarithms, where the formula as it stands would
    lose them. `Chain` of two is a deep one. `inverse` is a root search: take
    `Invert(DeepSigmoid())` as the transformer of flows whose densities matter.

    Args:
        n_units: units K, at least 1.
        shape: the event shape; () makes a transformer of coupling and autoregressive layers.

    Raises:
        ValueError: where `n_units` is less than 1.

    Examples:
        >>> round(float(DeepSigmoid(1).forward(3.0)), 4)
        3.0

    References:
        Huang et al. 2018, arXiv 1804.00779, equation 8.
    """

    raw_log_slopes: Array
    shifts: Array
    raw_weights: Array
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, n_units: int = 8, *, shape: Shape = ()):
        if n_units < 1:
            raise ValueError(f"n_units must be at least 1, but is {n_units}")
        spread = np.linspace(-1.0, 1.0, n_units) if n_units > 1 else np.zeros(1)
        column = spread.reshape(-1, *(1,) * len(shape)).astype(jnp.result_type(float))
        self.raw_log_slopes = zeros((n_units, *shape))
        self.shifts = jax.device_put(np.broadcast_to(column, (n_units, *shape)).copy())
        self.raw_weights = zeros((n_units, *shape))
        self.event_shape = tuple(shape)

    def _units(self, z: Array) -> tuple[Array, Array, Array]:
        """Return what goes into each unit, log weights and log slopes, each (K, ...)."""
        log_slopes = soft_clip(aligned(self.raw_log_slopes, z), LOG_SLOPE_BOUND)
        log_weights = jax.nn.log_softmax(aligned(self.raw_weights, z), axis=0)
        return jnp.exp(log_slopes) * z + aligned(self.shifts, z), log_weights, log_slopes

    def _forward(self, z):
        units, log_weights, _ = self._units(z)
        log_p, log_q = _log_shares(units, log_weights)
        return log_p - log_q

    def _log_slope(self, z, x):
        units, log_weights, log_slopes = self._units(z)
        log_p, log_q = _log_shares(units, log_weights)
        logs = log_weights + log_slopes + jax.nn.log_sigmoid(units) + jax.nn.log_sigmoid(-units)
        return jax.nn.logsumexp(logs, axis=0) - log_p - log_q


def _log_shares(units: Array, log_weights: Array) -> tuple[Array, Array]:
    """Return the logarithms of the weighted sum of sigmoids, and of 1 minus it."""
    log_p = jax.nn.logsumexp(log_weights + jax.nn.log_sigmoid(units), axis=0)
    return log_p, jax.nn.logsumexp(log_weights + jax.nn.log_sigmoid(-units), axis=0)


class UnconstrainedMonotonic(Elementwise):
    """`x = shift + integral from 0 to z of f(t) dt`, f a positive network of one number.

    f is the exponential of a network with one hidden layer of tanh units and a bounded
    output: slopes stay within exp(-3) and exp(3), so that the map is monotone and reaches every
    number whatever its weights are. The integral is Gauss and Legendre's on [0, z]; the weights
    are bounded by 3, and f does not change beyond 6, so that the nodes resolve it. Starts as
    the identity. `inverse` is a root search: take `Invert(UnconstrainedMonotonic())` as the
    transformer of flows whose densities matter.

    Args:
        n_units: hidden units, at least 1.
        n_nodes: nodes of the quadrature, at least 2; evaluations of f for each value.
        shape: the event shape; () makes a transformer of coupling and autoregressive layers.

    Raises:
        ValueError: where a number is out of range.

    Examples:
        >>> round(float(UnconstrainedMonotonic().forward(3.0)), 4)
        3.0

    References:
        Wehenkel and Louppe 2019, arXiv 1908.05164, equations 6-8, with bounds that keep the map
        onto the line and Gauss-Legendre nodes.
    """

    shift: Array
    in_weights: Array
    in_biases: Array
    out_weights: Array
    out_bias: Array
    n_nodes: int = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, n_units: int = 8, *, n_nodes: int = 24, shape: Shape = ()):
        if n_units < 1 or n_nodes < 2:
            raise ValueError(
                "n_units must be at least 1 and n_nodes at least 2, but they are "
                f"{n_units} and {n_nodes}"
            )
        spread = np.linspace(-2.0, 2.0, n_units) if n_units > 1 else np.zeros(1)
        column = spread.reshape(-1, *(1,) * len(shape)).astype(jnp.result_type(float))
        self.in_weights = jax.device_put(np.ones((n_units, *shape), column.dtype))
        self.in_biases = jax.device_put(np.broadcast_to(column, (n_units, *shape)).copy())
        self.out_weights = zeros((n_units, *shape))
        self.shift, self.out_bias = zeros(shape), zeros(shape)
        self.n_nodes = n_nodes
        self.event_shape = tuple(shape)

    def _log_rate(self, t: Array) -> Array:
        """Return log f at times of the shape of values, or with more axes in front."""
        weights = soft_clip(aligned(self.in_weights, t), WEIGHT_BOUND)
        units = jnp.tanh(weights * t + aligned(self.in_biases, t))
        raw = jnp.sum(soft_clip(aligned(self.out_weights, t), WEIGHT_BOUND) * units, axis=0)
        # Smooth, unlike the soft clip, whose kinks the quadrature would not resolve.
        return LOG_RATE_BOUND * jnp.tanh((raw + self.out_bias) / LOG_RATE_BOUND)

    def _forward(self, z):
        nodes, weights = (
            values.astype(z.dtype) for values in np.polynomial.legendre.leggauss(self.n_nodes)
        )
        near = jnp.clip(z, -REACH, REACH)

        def add(total, node):
            place, weight = node
            return total + weight * jnp.exp(self._log_rate(near * (1 + place) / 2)), None

        # One after another, so that memory does not grow with the nodes.
        total, _ = jax.lax.scan(add, jnp.zeros_like(z), (jnp.asarray(nodes), jnp.asarray(weights)))
        return self.shift + near * total / 2 + (z - near) * jnp.exp(self._log_rate(near))

    def _log_slope(self, z, x):
        return self._log_rate(jnp.clip(z, -REACH, REACH))
