"""Coupling layers."""

from collections.abc import Callable
from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.bijectors._transformer import Transformer
from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.networks import MLP, Activation, Conditioner, as_conditioner, check_parameters
from fluvial.shapes import Numbers, Shape, condition_size, flat_conditions

Mask = Literal["halves", "checkerboard"] | Numbers
"""The name of a mask, or a boolean for each column, true where it passes."""


class Coupling(Bijector):
    """Some columns pass, by default the first; they set the map of the others.

    `x[:m] = z[:m]` and `x[m:] = transformer(z[m:])` with parameters from a network that sees
    `z[:m]` and the condition. Both directions cost one pass of the network. Columns are permuted
    outside (`Permutation`), or layers take other masks in turn, or the first m would never change.

    Args:
        key: a random key.
        transformer: any scalar bijector (event shape ()); its trainable leaves are the start to
            which the network's output is added.
        n_features: columns D, at least 1.
        n_identity: columns m that pass, 0 <= m < D; D // 2 by default. With 0 (always so at
            D = 1) the layer is a monotone map of each column, given the condition if there is one.
        num_masked: columns that pass, the first of them, or the last where it is negative; not with
            another argument of these four.
        fraction_masked: likewise a fraction of the columns, between -1 and 1, rounded down.
        mask: likewise "halves", the first D // 2; "checkerboard", the columns 0, 2, 4, ...; or
            D booleans, true for the columns that pass.
        hidden_sizes: units of each hidden layer of the network; not with a `conditioner`.
        conditioner: a network of one's own in place of the built one: a function
            `f(x)`, or `f(x, condition)` where a condition is declared, from `(n, m)` and
            `(n, C)`, the flattened condition, to `(n, D - m, P)` with P =
            `n_parameters(transformer)`. Zeros give the transformer as it is. An `equinox.Module`
            is trained. The key may then be None.
        condition_shape: shape of a condition, or None.
        activation: of the network, a name of `fluvial.networks.ACTIVATIONS` or any function.

    Attributes:
        conditioner: the network. Where it was built from `hidden_sizes`, `conditioner(z[:, :m])` is
            `(n, P (D - m))`, parameter by parameter: of `Affine` the shift of each column that
            moves, then the raw log scale of each, which the layer bounds.

    Raises:
        ValueError: where nothing is left to transform, where more than one argument says which
            columns pass, or where not exactly one of `hidden_sizes` and `conditioner` is given.
        ShapeError: where the transformer is not scalar, or the conditioner returns another shape.

    Examples:
        >>> layer = Coupling(jax.random.key(0), Affine(), n_features=3, hidden_sizes=(8,))
        >>> layer.forward(jax.numpy.ones((5, 3))).shape
        (5, 3)

    References:
        Dinh et al. 2017, arXiv 1605.08803, equations 4-8.
    """

    conditioner: Conditioner
    transformer: Transformer
    n_identity: int = eqx.field(static=True)
    kept: tuple[int, ...] | None = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(
        self,
        key,
        transformer: Bijector,
        *,
        n_features: int,
        hidden_sizes: tuple[int, ...] | None = None,
        n_identity: int | None = None,
        num_masked: int | None = None,
        fraction_masked: float | None = None,
        mask: Mask | None = None,
        condition_shape: Shape | None = None,
        activation: Activation = "relu",
        conditioner: Callable[..., Array] | Conditioner | None = None,
    ):
        kept = kept_columns(n_features, n_identity, num_masked, fraction_masked, mask)
        n_identity = len(kept)
        self.transformer = Transformer(transformer)
        self.n_identity = n_identity
        # The first columns are cut off, which is faster than gathering.
        self.kept = None if kept == tuple(range(n_identity)) else kept
        self.event_shape = (n_features,)
        self.condition_shape = condition_shape
        n_moved = n_features - n_identity
        check_one_network(hidden_sizes, conditioner, "conditioner")
        if hidden_sizes is None:
            self.conditioner = as_conditioner(conditioner, n_moved)
            check_parameters(
                self.conditioner,
                self.transformer.sizes,
                n_known=n_identity,
                condition_size=None if condition_shape is None else condition_size(condition_shape),
            )
        else:
            self.conditioner = MLP(
                key,
                n_identity + condition_size(condition_shape),
                self.transformer.n_parameters * n_moved,
                hidden_sizes=tuple(hidden_sizes),
                activation=activation,
            )

    @property
    def _has_bounds(self) -> bool:
        return self.transformer.template.value._has_bounds

    def _forward_and_log_det(self, z, condition) -> Pair:
        return self._couple("_forward_and_log_det", z, condition)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        return self._couple("_inverse_and_log_det", x, condition)

    def _couple(self, method: str, value: Array, condition: Array | None) -> Pair:
        order = None
        if self.kept is not None:
            rest = np.setdiff1d(np.arange(value.shape[1]), self.kept)
            order = np.concatenate([np.array(self.kept, int), rest])
            value = value[:, order]
        kept, moved = value[:, : self.n_identity], value[:, self.n_identity :]
        condition = None if condition is None else flat_conditions(condition)
        raw = self.conditioner.parameters(kept, condition, self.transformer.sizes)
        moved, log_det = self.transformer.apply_to_columns(method, raw, moved)
        out = jnp.concatenate([kept, moved], axis=1)
        return out if order is None else out[:, np.argsort(order)], log_det


def kept_columns(
    n_features: int,
    n_identity: int | None = None,
    num_masked: int | None = None,
    fraction_masked: float | None = None,
    mask: Mask | None = None,
) -> tuple[int, ...]:
    """Return the columns that pass a coupling; the arguments are those of `Coupling`.

    Raises:
        ValueError: where more than one argument is given, or nothing is left to transform.
    """
    given = {
        "n_identity": n_identity,
        "num_masked": num_masked,
        "fraction_masked": fraction_masked,
        "mask": mask,
    }
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise ValueError(f"{' and '.join(named)} both say which columns pass: give one of them")
    if fraction_masked is not None:
        if not -1 < fraction_masked < 1:
            raise ValueError(f"fraction_masked must lie within (-1, 1), but is {fraction_masked}")
        # Without this, a third of three columns would be none of them.
        n = int(abs(fraction_masked) * n_features + 1e-9)
        num_masked = n if fraction_masked > 0 else -n
    if mask is not None:
        return _of_mask(n_features, mask)
    count = n_identity if num_masked is None else num_masked
    count = n_features // 2 if count is None else count
    if not abs(count) < n_features or (n_identity is not None and n_identity < 0):
        name = named[0] if named else "n_identity"
        raise ValueError(
            f"{name} must lie in 0...{n_features - 1} for {n_features} columns, but is {count}"
        )
    columns = tuple(range(n_features))
    return columns[:count] if count >= 0 else columns[count:]


def _of_mask(n_features: int, mask: Mask) -> tuple[int, ...]:
    if isinstance(mask, str):
        if mask not in ("halves", "checkerboard"):
            raise ValueError(
                f"mask must be 'halves', 'checkerboard' or {n_features} booleans, but is {mask!r}"
            )
        if mask == "halves" or n_features == 1:
            return tuple(range(n_features // 2))
        return tuple(range(0, n_features, 2))
    passes = np.asarray(mask)
    if passes.shape != (n_features,) or not np.all((passes == 0) | (passes == 1)):
        raise ValueError(f"mask must have {n_features} booleans, but is {passes}")
    if np.all(passes):
        raise ValueError("mask leaves no column to transform")
    return tuple(int(column) for column in np.flatnonzero(passes))


def check_one_network(hidden_sizes: Any, network: Any, name: str) -> None:
    """Refuse a layer that has no network, or two.

    Raises:
        ValueError: naming both arguments.
    """
    if (hidden_sizes is None) == (network is None):
        raise ValueError(
            f"a layer needs either hidden_sizes, for a network that it builds, or {name}=, a "
            f"network of your own: got {'neither' if network is None else 'both'}"
        )
