"""Masked autoregressive layers with an inversion that costs about one pass."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from fluvial.bijectors._inversion import column_by_column
from fluvial.bijectors._transformer import Transformer
from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.bijectors.coupling import check_one_network
from fluvial.errors import ShapeError
from fluvial.networks import (
    Activation,
    Conditioner,
    GraphMLP,
    MaskedMLP,
    ResidualMaskedMLP,
    as_conditioner,
    check_parameters,
    parents_of,
    topological_order,
)
from fluvial.networks.graph import Parents
from fluvial.shapes import Numbers, Shape, condition_size, flat_conditions

N_PROBES = 3
"""Rows at which a network is tried: one alone might meet units that are switched off."""


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
        hidden_sizes: units of each hidden layer; with `residual`, of each residual block; not with
            a `network`.
        residual: whether the network is residual (Nash and Durkan 2019).
        condition_shape: shape of a condition, or None.
        activation: of the network, a name of `fluvial.networks.ACTIVATIONS` or any function.
        adjacency: (D, D), not zero at `[i, j]` where column i depends on column j: the columns
            then depend on these parents alone, instead of on all before them. The graph must have
            no cycle. Such a layer is inverted by D passes.
        network: a network of one's own in place of the built one: a function `f(x)`, or
            `f(x, condition)` where a condition is declared, from `(n, D)` and `(n, C)`, the
            flattened condition, to `(n, D, P)` with P = `n_parameters(transformer)`. The
            parameters of column i may depend on `x[:, :i]` and the condition only. Zeros give the
            transformer as it is. An `equinox.Module` is trained. Its layer is inverted by D passes;
            a subclass of `fluvial.networks.IncrementalNetwork` keeps the fast way. The key may
            then be None.

    Raises:
        ShapeError: where the transformer is not scalar, or the network returns another shape.
        ValueError: where `hidden_sizes` is empty, or uneven in a residual network; where not
            exactly one of `hidden_sizes` and `network` is given; where `adjacency` has a cycle, or
            comes with `residual`; where the network depends on more columns than it may, which is
            tried at random rows.

    Examples:
        >>> key = jax.random.key(0)
        >>> layer = MaskedAutoregressive(key, Affine(), n_features=3, hidden_sizes=(8,))
        >>> layer.forward(jax.numpy.ones((5, 3))).shape
        (5, 3)

    References:
        Papamakarios et al. 2017, arXiv 1705.07057, equations 2-5.
    """

    network: Conditioner
    transformer: Transformer
    parents: Parents | None = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(
        self,
        key,
        transformer: Bijector,
        *,
        n_features: int,
        hidden_sizes: tuple[int, ...] | None = None,
        residual: bool = False,
        condition_shape: Shape | None = None,
        activation: Activation = "relu",
        adjacency: Numbers | None = None,
        network: Callable[..., Array] | Conditioner | None = None,
    ):
        self.transformer = Transformer(transformer)
        self.event_shape = (n_features,)
        self.condition_shape = condition_shape
        self.parents = None if adjacency is None else _parents(adjacency, n_features)
        check_one_network(hidden_sizes, network, "network")
        if hidden_sizes is None:
            self.network = as_conditioner(network, n_features)
            self._check_network()
        elif self.parents is not None:
            if residual:
                raise ValueError("residual networks have no adjacency=")
            self.network = GraphMLP(
                key,
                parents=self.parents,
                n_parameters=self.transformer.n_parameters,
                hidden_sizes=tuple(hidden_sizes),
                condition_size=condition_size(condition_shape),
                activation=activation,
            )
        else:
            self.network = (ResidualMaskedMLP if residual else MaskedMLP)(
                key,
                n_features=n_features,
                n_parameters=self.transformer.n_parameters,
                hidden_sizes=tuple(hidden_sizes),
                condition_size=condition_size(condition_shape),
                activation=activation,
            )

    def _check_network(self) -> None:
        (n_features,) = self.event_shape
        shape, sizes = self.condition_shape, self.transformer.sizes
        size = None if shape is None else condition_size(shape)
        check_parameters(self.network, sizes, n_known=n_features, condition_size=size)
        _check_autoregressive(self.network, sizes, self._allowed(), size)

    def _allowed(self) -> np.ndarray:
        """Return on which columns each column may depend, (D, D)."""
        (n_features,) = self.event_shape
        if self.parents is not None:
            allowed = np.zeros((n_features, n_features), bool)
            for column, of_column in enumerate(self.parents):
                allowed[column, list(of_column)] = True
            return allowed
        order = getattr(self.network, "order", None)
        places = np.arange(n_features) if order is None else np.argsort(order)
        return places[:, None] > places[None, :]

    def _forward_by_columns(self, z: Array, condition: Array | None) -> Pair:
        order = None if self.parents is None else topological_order(self.parents)
        return column_by_column(self.network, self.transformer, z, _flat(condition), order)

    @property
    def _has_bounds(self) -> bool:
        return self.transformer.template.value._has_bounds

    def _inverse_and_log_det(self, x, condition) -> Pair:
        raw = self.network.parameters(x, _flat(condition), self.transformer.sizes)
        return self.transformer.apply_to_columns("_inverse_and_log_det", raw, x)

    def _forward_and_log_det(self, z, condition) -> Pair:
        return _forward(self, z, condition)


@eqx.filter_custom_jvp
def _forward(layer: MaskedAutoregressive, z: Array, condition: Array | None) -> Pair:
    return layer._forward_by_columns(z, condition)


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

    def column_wise(z):
        return layer._forward_by_columns(z, condition)[0]

    def solve(_, b):
        return jax.linearize(column_wise, z)[1](b)

    def solve_transposed(_, b):
        return jax.linear_transpose(jax.linearize(column_wise, z)[1], b)(b)[0]

    d_z = jnp.zeros_like(z) if d_z is None else d_z
    moved = eqx.filter_jvp(inverse, (layer, x, condition), (d_layer, None, d_condition))[1][0]
    right = d_z if moved is None else d_z - moved
    d_x = lax.custom_linear_solve(apply_jacobian, right, solve, solve_transposed)
    d_log_det = eqx.filter_jvp(inverse, (layer, x, condition), (d_layer, d_x, d_condition))[1][1]
    return (x, log_det), (d_x, -d_log_det)


def _flat(condition: Array | None) -> Array | None:
    return None if condition is None else flat_conditions(condition)


def _check_autoregressive(
    network: Conditioner, sizes: tuple[int, ...], allowed: np.ndarray, size: int | None
) -> None:
    """Refuse a network whose parameters of a column depend on columns that are not allowed.

    Raises:
        ValueError: naming the first such pair of columns.
    """
    if not sizes or any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(network)):
        return
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(N_PROBES, len(allowed))), jnp.result_type(float))
    condition = None
    if size is not None:
        condition = jnp.asarray(rng.normal(size=(N_PROBES, size)), x.dtype)

    def parameters(row, given):
        given = None if given is None else given[None]
        return jnp.concatenate([p[..., 0] for p in network.parameters(row[None], given, sizes)])

    jacobians = jax.vmap(jax.jacfwd(parameters), in_axes=(0, None if condition is None else 0))
    with jax.ensure_compile_time_eval():
        depends = np.any(np.asarray(jacobians(x, condition)) != 0, axis=(0, 1))
    wrong = np.argwhere(depends & ~allowed)
    if len(wrong):
        column, on = (int(place) for place in wrong[0])
        raise ValueError(
            f"the network is not autoregressive: the parameters of column {column} depend on "
            f"column {on}, but may depend on {np.flatnonzero(allowed[column]).tolist()} only, the "
            f"columns before {column}"
        )


def _parents(adjacency: Numbers, n_features: int) -> Parents:
    """Return the parents of each column.

    Raises:
        ShapeError: where the matrix is not of so many columns.
        ValueError: where the graph has a cycle.
    """
    parents = parents_of(adjacency)
    if len(parents) != n_features:
        raise ShapeError(f"adjacency is of {len(parents)} columns, but n_features is {n_features}")
    topological_order(parents)
    return parents
