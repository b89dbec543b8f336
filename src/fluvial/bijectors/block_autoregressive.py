"""The block neural autoregressive map: one network, monotone in each column."""

import math
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from fluvial.bijectors import _implicit
from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.networks.random import Key, split, uniform
from fluvial.parameters import soft_clip, zeros
from fluvial.shapes import Shape, condition_size, flat_conditions, sum_event

LOG_WEIGHT_BOUND = 5.0
"""Positive weights stay within exp(-5) and exp(5) times their start."""

LEAK = 0.1
"""The least slope of an activation: what keeps each layer onto the whole line."""


class BlockAutoregressive(Bijector):
    """`z = network(x)` with a network in which column i of z rises with x[i] and sees x[:i].

    Each column has units of its own in each hidden layer. Weights between the units of one column
    are positive, those from the columns before are any, those from later ones zero; so the Jacobian
    is triangular, and its diagonal is a product of small positive matrices, computed in logarithms.
    The activation `tanh(h) + h / 10` is not bounded: the map reaches every z whatever its weights
    are, which the bounded one of the paper does not, whose densities then lose mass.

    The direction of densities is one pass. `forward` settles the columns one after the other,
    each by a root search of some 30 passes (60 in float64), and is differentiated implicitly.

    Args:
        key: a random key.
        n_features: columns D, at least 1.
        hidden_sizes: units of each column in each hidden layer.
        condition_shape: shape of a condition, or None.

    Raises:
        ValueError: where a size is less than 1.

    Examples:
        >>> layer = BlockAutoregressive(jax.random.key(0), n_features=2, hidden_sizes=(4,))
        >>> layer.forward(layer.inverse(jnp.ones(2))).round(4).tolist()
        [1.0, 1.0]

    References:
        De Cao, Titov and Aziz 2019, arXiv 1904.04676, equations 5-12.
    """

    blocks: tuple[Array, ...]
    across: tuple[Array, ...]
    biases: tuple[Array, ...]
    of_condition: Array | None
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(
        self,
        key: Key,
        *,
        n_features: int,
        hidden_sizes: tuple[int, ...] = (8, 8),
        condition_shape: Shape | None = None,
    ):
        sizes = (1, *hidden_sizes, 1)
        if min(n_features, *sizes) < 1:
            raise ValueError(
                f"sizes must be at least 1, but are {n_features} columns and {hidden_sizes}"
            )
        n_layers = len(sizes) - 1
        shapes = [(n_features, a, n_features, b) for a, b in pairwise(sizes)]
        limits = [np.full(s, np.sqrt(3.0 / (s[0] * s[1]))) for s in shapes]
        limits[-1] = 0.1 * limits[-1]
        of_across, of_bias, of_condition = split(key, 3)
        self.across = tuple(uniform(split(of_across, n_layers), shapes, limits))
        self.blocks = tuple(zeros((n_features, s[1], s[3])) for s in shapes)
        # Units that bend at different places.
        self.biases = (
            *uniform(
                split(of_bias, n_layers - 1),
                [(n_features, s[3]) for s in shapes[:-1]],
                [np.full((n_features, s[3]), 2.0) for s in shapes[:-1]],
            ),
            zeros((n_features, 1)),
        )
        size = condition_size(condition_shape)
        self.of_condition = None
        if condition_shape is not None:
            shape = (size, n_features, sizes[1])
            limit = np.full(shape, np.sqrt(3.0 / max(size, 1)))
            (self.of_condition,) = uniform([of_condition], [shape], [limit])
        self.event_shape = (n_features,)
        self.condition_shape = condition_shape

    def _network(self, condition: Array | None) -> "_Network":
        given = None
        if condition is not None and self.of_condition is not None:
            flat = flat_conditions(condition)
            given = jnp.einsum("nc,cda->nda", flat, self.of_condition)
        return _Network(self.blocks, self.across, self.biases, given)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        return self._network(condition).with_log_slopes(x)

    def _forward_and_log_det(self, z, condition) -> Pair:
        network = self._network(condition)
        x = _implicit.inverse(network, z)
        return x, -network.with_log_slopes(x)[1]


class _Network(_implicit.RowFunction):
    """The network as a function of rows.

    Shapes: n rows, D columns, a and b units of a column below and above.
    """

    blocks: tuple[Array, ...]
    across: tuple[Array, ...]
    biases: tuple[Array, ...]
    given: Array | None

    def __call__(self, x: Array) -> Array:
        return self.with_log_slopes(x)[0]

    def with_log_slopes(self, x: Array) -> Pair:
        """Return z (n, D) and the log det (n,)."""
        units = x[..., None]
        logs = jnp.zeros((*x.shape, 1), x.dtype)
        for index, (block, across, bias) in enumerate(
            zip(self.blocks, self.across, self.biases, strict=True)
        ):
            if index:
                slopes = 1 - jnp.tanh(units) ** 2 + LEAK
                logs = logs + jnp.log(slopes)
                units = jnp.tanh(units) + LEAK * units
            log_weights = soft_clip(block, LOG_WEIGHT_BOUND) - math.log(block.shape[1])
            n_columns = x.shape[1]
            before = np.arange(n_columns)[:, None] < np.arange(n_columns)
            masked = across * before[:, None, :, None].astype(across.dtype)
            units = (
                jnp.einsum("nda,dab->ndb", units, jnp.exp(log_weights))
                + jnp.einsum("nda,daeb->neb", units, masked)
                + bias
            )
            if index == 0 and self.given is not None:
                units = units + self.given
            logs = jax.nn.logsumexp(logs[..., None] + log_weights, axis=2)
        return units[..., 0], sum_event(logs[..., 0])

    def search(self, x: Array) -> Array:
        def settle(column, found):
            return _implicit.settled(self, found, x, column)

        return lax.fori_loop(0, x.shape[1], settle, jnp.zeros_like(x))
