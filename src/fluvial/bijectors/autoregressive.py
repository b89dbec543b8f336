"""Masked autoregressive layers with an inversion that costs about one pass."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from fluvial.bijectors._transformer import Transformer
from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.networks import AutoregressiveNetwork, MaskedMLP, ResidualMaskedMLP
from fluvial.shapes import Shape, condition_size, flat_conditions


class MaskedAutoregressive(Bijector):
    """Each column is mapped with parameters from the columns of x before it.

    `x[i] = transformer(z[i]; network(x[:i], condition))`. The inverse (x to z, the direction of
    densities) is one pass of the network. The forward direction (sampling) goes column by column,
    but computes each hidden unit only once, when its inputs are known, and so costs about one pass
    too, where the usual loop costs D. It is differentiated implicitly, in both modes.
    `Invert` of this layer has the fast direction the other way (an inverse autoregressive flow).

    Args:
        key: a random key.
        transformer: any scalar bijector (event shape ()); its trainable leaves are the start to
            which the network's output is added.
        n_features: columns D, at least 1.
        hidden_sizes: units of each hidden layer; with `residual`, of each residual block.
        residual: whether the network is residual (Nash and Durkan 2019).
        condition_shape: shape of a condition, or None.
        activation: name of the network's activation, see `fluvial.networks.ACTIVATIONS`.

    Raises:
        ShapeError: where the transformer is not scalar.
        ValueError: where `hidden_sizes` is empty, or uneven in a residual network.

    Examples:
        >>> key = jax.random.key(0)
        >>> layer = MaskedAutoregressive(key, Affine(), n_features=3, hidden_sizes=(8,))
        >>> layer.forward(jax.numpy.ones((5, 3))).shape
        (5, 3)

    References:
        Papamakarios et al. 2017, arXiv 1705.07057, equations 2-5.
    """

    network: AutoregressiveNetwork
    transformer: Transformer
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(
        self,
        key,
        transformer: Bijector,
        *,
        n_features: int,
        hidden_sizes: tuple[int, ...],
        residual: bool = False,
        condition_shape: Shape | None = None,
        activation: str = "relu",
    ):
        self.transformer = Transformer(transformer)
        self.event_shape = (n_features,)
        self.condition_shape = condition_shape
        self.network = (ResidualMaskedMLP if residual else MaskedMLP)(
            key,
            n_features=n_features,
            n_parameters=self.transformer.n_parameters,
            hidden_sizes=tuple(hidden_sizes),
            condition_size=condition_size(condition_shape),
            activation=activation,
        )

    def _inverse_and_log_det(self, x, condition) -> Pair:
        condition = None if condition is None else flat_conditions(condition)
        raw = self.network.parameters(x, condition, self.transformer.sizes)
        return self.transformer.apply_to_columns("_inverse_and_log_det", raw, x)

    def _forward_and_log_det(self, z, condition) -> Pair:
        return _forward(self, z, condition)


def _column_by_column(layer: MaskedAutoregressive, z: Array, condition: Array | None) -> Pair:
    """Return x and log |det dx/dz|, computing every hidden unit once."""
    sweep = layer.network.sweep()
    condition = None if condition is None else flat_conditions(condition).T
    transformer = layer.transformer
    ends = np.cumsum(transformer.sizes)[:-1]
    n, n_features = z.shape
    size, n_blocks = sweep.block_size, sweep.n_blocks
    z = jnp.pad(z.T, ((0, size * n_blocks - n_features), (0, 0)))

    def one_block(block, carry):
        x, log_det, states = carry
        known = sweep.start(block, x, states, condition)

        def one_column(step, carry):
            x, log_det, states = carry
            raw, states = sweep.step(block, step, known, x, states)
            column = block * size + step
            latent = lax.dynamic_index_in_dim(z, column, keepdims=False)
            value, terms = transformer.apply("_forward_and_log_det", jnp.split(raw, ends), latent)
            x = lax.dynamic_update_index_in_dim(x, value, step, axis=0)
            terms = jnp.where(column < n_features, terms.astype(log_det.dtype), 0)
            return x, log_det + terms, states

        local = (jnp.zeros((size, n), z.dtype), log_det, sweep.states(n, z.dtype, blocks=1))
        x_here, log_det, here = lax.fori_loop(0, size, one_column, local)
        x = lax.dynamic_update_slice_in_dim(x, x_here, block * size, axis=0)
        states = tuple(
            lax.dynamic_update_slice_in_dim(s, h, block * h.shape[0], axis=0)
            for s, h in zip(states, here, strict=True)
        )
        return x, log_det, states

    log_det = jnp.zeros(n, jnp.result_type(float))
    carry = (jnp.zeros_like(z), log_det, sweep.states(n, z.dtype, blocks=n_blocks))
    x, log_det, _ = lax.fori_loop(0, n_blocks, one_block, carry)
    return x[:n_features].T, log_det


@eqx.filter_custom_jvp
def _forward(layer: MaskedAutoregressive, z: Array, condition: Array | None) -> Pair:
    return _column_by_column(layer, z, condition)


@_forward.def_jvp
def _forward_jvp(primals, tangents):
    """Differentiate x(z) through z = inverse(x): dx = J^-1 (dz - d inverse at fixed x).

    J is triangular. Its solve is the tangent of the loop itself with respect to z, which costs
    about two passes and, transposed for reverse mode, keeps no copies of the hidden states.
    """
    layer, z, condition = primals
    d_layer, d_z, d_condition = tangents
    x, log_det = _forward(layer, z, condition)

    def inverse(layer, x, condition):
        return layer._inverse_and_log_det(x, condition)

    def apply_jacobian(u):
        return jax.jvp(lambda x: inverse(layer, x, condition)[0], (x,), (u,))[1]

    def solve(_, b):
        return jax.linearize(lambda z: _column_by_column(layer, z, condition)[0], z)[1](b)

    def solve_transposed(_, b):
        linear = jax.linearize(lambda z: _column_by_column(layer, z, condition)[0], z)[1]
        return jax.linear_transpose(linear, b)(b)[0]

    d_z = jnp.zeros_like(z) if d_z is None else d_z
    moved = eqx.filter_jvp(inverse, (layer, x, condition), (d_layer, None, d_condition))[1][0]
    right = d_z if moved is None else d_z - moved
    d_x = lax.custom_linear_solve(apply_jacobian, right, solve, solve_transposed)
    d_log_det = eqx.filter_jvp(inverse, (layer, x, condition), (d_layer, d_x, d_condition))[1][1]
    return (x, log_det), (d_x, -d_log_det)
