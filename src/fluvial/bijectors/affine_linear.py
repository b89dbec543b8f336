"""The affine map of a vector by a triangular matrix and a perturbation of low rank."""

from typing import Any

import equinox as eqx
import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array

from fluvial.bijectors._matrices import product
from fluvial.bijectors.affine import LOG_SCALE_BOUND
from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.errors import ShapeError
from fluvial.parameters import Fixed, soft_clip, zeros
from fluvial.shapes import Numbers, Shape, as_floats


class AffineLinear(Bijector):
    """`x = T (I + V V^T) z + shift`, T lower triangular, V of few columns.

    T is `scale_identity_multiplier * I + diag(scale_diag) + scale_tril`, the identity where none of
    them is given, and V is `scale_perturb_factor`. A sum `T + V V^T` may become singular on the way
    of training; this product cannot. Both are the same where T is the identity. The
    signs of T's diagonal stay as they are given, and training moves its entries within a factor of
    exp(7); what lies below the diagonal is trained where `scale_tril` is given.

    `forward` costs O(D^2), O(D r) without `scale_tril`, for V of r columns; `inverse` a triangular
    solve and one of r equations.

    Args:
        shift: (D,), or a number for all columns.
        scale_tril: (D, D); what stands above the diagonal is left out.
        scale_diag: (D,).
        scale_identity_multiplier: a number.
        scale_perturb_factor: V, (D, r).
        n_features: columns D, where no argument has an axis that tells.

    Raises:
        ShapeError: where the arguments are not of one number of columns, or none tells it.
        ValueError: where an entry of T's diagonal is zero or not finite.

    Examples:
        >>> affine = AffineLinear(shift=[1.0, 2.0], scale_tril=[[2.0, 0.0], [1.0, 3.0]])
        >>> affine.forward(jnp.array([1.0, 1.0])).tolist()
        [3.0, 6.0]

    References:
        Woodbury 1950, Inverting modified matrices, for the inverse; TensorFlow Probability's
        `Affine` for the arguments.
    """

    shift: Array
    start: Fixed
    raw_log_diagonal: Array
    lower: Array | None
    perturbation: Array | None
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(
        self,
        shift: Numbers | None = None,
        scale_tril: Numbers | None = None,
        scale_diag: Numbers | None = None,
        scale_identity_multiplier: Numbers | None = None,
        scale_perturb_factor: Numbers | None = None,
        *,
        n_features: int | None = None,
    ):
        given = {
            "shift": (shift, 1),
            "scale_tril": (scale_tril, 2),
            "scale_diag": (scale_diag, 1),
            "scale_perturb_factor": (scale_perturb_factor, 2),
        }
        size = _n_features(given, n_features)
        self.event_shape = (size,)
        shift = zeros((size,)) if shift is None else as_floats(shift)
        self.shift = jnp.broadcast_to(shift, (size,))
        parts = [jnp.diagonal(as_floats(scale_tril))] if scale_tril is not None else []
        parts += [as_floats(d) for d in (scale_diag, scale_identity_multiplier) if d is not None]
        diagonal = sum(parts[1:], parts[0]) if parts else jnp.ones(())
        self.start = Fixed(_checked(jnp.broadcast_to(diagonal, (size,))))
        self.raw_log_diagonal = zeros((size,))
        self.lower = None if scale_tril is None else jnp.tril(as_floats(scale_tril), -1)
        self.perturbation = (
            None if scale_perturb_factor is None else as_floats(scale_perturb_factor)
        )

    @property
    def diagonal(self) -> Array:
        """The diagonal of T as it is now, (D,)."""
        return self.start.value * jnp.exp(self._moved)

    @property
    def scale(self) -> Array:
        """The matrix `T (I + V V^T)` as it is now, (D, D)."""
        return self._scaled(jnp.eye(*self.event_shape * 2, dtype=self.shift.dtype)).T

    @property
    def _moved(self) -> Array:
        return soft_clip(self.raw_log_diagonal, LOG_SCALE_BOUND)

    def _triangle(self, lower: Array) -> Array:
        return jnp.tril(lower, -1) + jnp.diag(self.diagonal)

    def _scaled(self, z: Array) -> Array:
        if self.perturbation is not None:
            z = z + product(product(z, self.perturbation), self.perturbation.T)
        if self.lower is None:
            return z * self.diagonal
        return product(z, self._triangle(self.lower).T)

    def _forward_and_log_det(self, z, condition) -> Pair:
        return self._scaled(z) + self.shift, self._log_det(len(z))

    def _inverse_and_log_det(self, x, condition) -> Pair:
        shifted = x - self.shift
        if self.lower is None:
            z = shifted / self.diagonal
        else:
            z = solve_triangular(self._triangle(self.lower), shifted.T, lower=True).T
        if self.perturbation is not None:
            # (I + V V^T)^-1 = I - V (I + V^T V)^-1 V^T
            inner = jnp.linalg.solve(
                _capacitance(self.perturbation), product(self.perturbation.T, z.T)
            )
            z = z - product(self.perturbation, inner).T
        return z, -self._log_det(len(x))

    def _log_det(self, n: int) -> Array:
        wide = jnp.result_type(float)
        log_det = jnp.sum(jnp.log(jnp.abs(self.start.value)) + self._moved, dtype=wide)
        if self.perturbation is not None:
            log_det = log_det + jnp.linalg.slogdet(_capacitance(self.perturbation))[1].astype(wide)
        return jnp.broadcast_to(log_det, (n,))


def _capacitance(factor: Array) -> Array:
    """Return `I + V^T V`."""
    return jnp.eye(factor.shape[1], dtype=factor.dtype) + product(factor.T, factor)


def _n_features(given: dict[str, tuple[Any, int]], n_features: int | None) -> int:
    """Return the number of columns that all arguments agree on.

    Raises:
        ShapeError: where they do not, or there is none.
    """
    sizes = {} if n_features is None else {"n_features": n_features}
    for name, (value, n_axes) in given.items():
        shape = np.shape(value)
        if value is None or (name == "shift" and not shape):
            continue
        if len(shape) != n_axes or (name == "scale_tril" and shape[0] != shape[1]):
            raise ShapeError(f"{name} has shape {shape}, which fits no vector of columns")
        sizes[name] = shape[0]
    if not sizes:
        raise ShapeError("give n_features= where no other argument tells the number of columns")
    if len(set(sizes.values())) > 1 or min(sizes.values()) < 1:
        raise ShapeError(f"the arguments are of different numbers of columns: {sizes}")
    return next(iter(sizes.values()))


def _checked(diagonal: Array) -> Array:
    if not isinstance(diagonal, jax.core.Tracer):
        values = np.asarray(diagonal)
        if not np.all(np.isfinite(values)) or np.any(values == 0):
            raise ValueError(
                f"the diagonal of a scale must be finite and not zero, but is {values}"
            )
    return diagonal
