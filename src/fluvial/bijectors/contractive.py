"""Invertible residual layers."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from fluvial.bijectors import _implicit
from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.networks import MLP
from fluvial.networks.random import Key
from fluvial.shapes import Shape, condition_size, flat_conditions

N_SQUARES = 5
"""Squarings of the bound of a matrix's norm: of one of rank 128 it is at most 8 % too large."""

MAX_STEPS = 2000
"""Of the fixed-point iteration, which stops where nothing moves any more."""

MAX_FEATURES = 64
"""Columns up to which the Jacobian is computed; it costs a pass for each."""


class Contractive(Bijector):
    """`x = z + g(z)` with a network g that shortens every distance: an invertible residual layer.

    Each weight matrix of g is divided by what keeps its norm below a bound, and the
    activation, `silu(h) / 1.1`, stretches nothing; so the Lipschitz constant of g is less than
    `lipschitz`, whatever training does. `forward` is one pass; `inverse` iterates `z = x - g(z)`,
    which always arrives, and is differentiated implicitly. The log det is exact in both, and costs
    D passes: for up to 64 columns. Take `Invert(Contractive(...))` where densities matter more
    than samples.

    Args:
        key: a random key.
        n_features: columns D, 1 to 64.
        hidden_sizes: units of each hidden layer of g.
        condition_shape: shape of a condition, or None; g sees it too.
        lipschitz: the bound, between 0 and 1; closer to 1 it bends more and its inverse is slower.

    Raises:
        ValueError: where `n_features` or `lipschitz` is out of range.

    Examples:
        >>> layer = Contractive(jax.random.key(0), n_features=2, hidden_sizes=(8,))
        >>> layer.inverse(layer.forward(jnp.ones(2))).round(4).tolist()
        [1.0, 1.0]

    References:
        Behrmann et al. 2019, arXiv 1811.00995, theorem 1 and algorithm 1; Chen et al. 2019, arXiv
        1906.02735, for the activation; Delattre et al. 2023, arXiv 2305.16173, for the bound.
    """

    network: MLP
    lipschitz: float = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(
        self,
        key: Key,
        *,
        n_features: int,
        hidden_sizes: tuple[int, ...] = (64, 64),
        condition_shape: Shape | None = None,
        lipschitz: float = 0.9,
    ):
        if not 1 <= n_features <= MAX_FEATURES:
            raise ValueError(f"n_features must lie in 1...{MAX_FEATURES}, but is {n_features}")
        if not 0 < lipschitz < 1:
            raise ValueError(f"lipschitz must lie between 0 and 1, but is {lipschitz}")
        width = n_features + condition_size(condition_shape)
        self.network = MLP(
            key, width, n_features, hidden_sizes=tuple(hidden_sizes), activation="silu"
        )
        self.lipschitz = float(lipschitz)
        self.event_shape = (n_features,)
        self.condition_shape = condition_shape

    def _residual(self, condition: Array | None) -> "_Residual":
        (n_features,) = self.event_shape
        layers = self.network.layers
        given = None if condition is None else flat_conditions(condition)
        bound = self.lipschitz ** (1 / len(layers))
        first = layers[0].weight
        # Only what multiplies the columns counts; the condition is a constant.
        columns, rest = _shortened(first[:n_features], bound), first[n_features:]
        shift = layers[0].bias
        if given is not None:
            shift = shift + given @ rest
        weights = (columns, *(_shortened(layer.weight, bound) for layer in layers[1:]))
        return _Residual(weights, (shift, *(layer.bias for layer in layers[1:])))

    def _forward_and_log_det(self, z, condition) -> Pair:
        x, jacobians = _implicit.with_jacobians(self._residual(condition), z)
        return x, _implicit.log_det(jacobians)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        residual = self._residual(condition)
        z = _implicit.inverse(residual, x)
        return z, -_implicit.log_det(_implicit.jacobians(residual, z))


class _Residual(_implicit.RowFunction):
    """`z + g(z)`, from weights that are short already."""

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]

    def __call__(self, z: Array) -> Array:
        return z + self.moved(z)

    def moved(self, z: Array) -> Array:
        h = z
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            h = (jax.nn.silu(h) / 1.1 if index else h) @ weight + bias
        return h

    def search(self, x: Array) -> Array:
        def goes_on(state):
            _, moved, step = state
            return moved & (step < MAX_STEPS)

        def go(state):
            z, _, step = state
            new = x - self.moved(z)
            close = 2 * jnp.finfo(z.dtype).eps * (1 + jnp.abs(new))
            return new, jnp.any(jnp.abs(new - z) > close), step + 1

        start = (x - self.moved(x), jnp.asarray(True), jnp.asarray(0))
        return lax.while_loop(goes_on, go, start)[0]


def _shortened(weight: Array, bound: float) -> Array:
    """Return the matrix, or a multiple of it, whose spectral norm is at most the bound."""
    return weight * jnp.minimum(1, bound / _norm_bound(weight))


def _norm_bound(weight: Array) -> Array:
    """Return an upper bound of the spectral norm, by squaring its Gram matrix.

    The Frobenius norm of `(W^T W)^(2^k)` to the power `1 / 2^(k + 1)`: each squaring takes the
    square root of what the bound is too large by. Scaled on the way, so that nothing overflows.
    """
    wide = weight.shape[0] < weight.shape[1]
    gram = weight @ weight.T if wide else weight.T @ weight
    tiny = jnp.finfo(weight.dtype).tiny
    logs, power = 0.0, 0.5
    for _ in range(N_SQUARES + 1):
        size = jnp.sqrt(jnp.sum(gram**2) + tiny)
        logs = logs + power * jnp.log(size)
        gram = gram / size
        gram, power = gram @ gram, power / 2
    return jnp.exp(logs)
