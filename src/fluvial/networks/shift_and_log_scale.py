"""Conditioners from functions that return a shift and a log scale."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

from fluvial.errors import ShapeError
from fluvial.networks.conditioner import Conditioner


class ShiftAndLogScale(Conditioner):
    """A function that returns a pair, behind the contract of a conditioner.

    Args:
        function: `f(x)`, or `f(x, condition)` where the layer declares a condition, from (n, m) and
            (n, C) to a shift and a log scale, each (n, D), None for zeros.

    Examples:
        >>> network = ShiftAndLogScale(lambda x: (2 * x, None))
        >>> [part.shape for part in network.parameters(jnp.ones((5, 3)), None, (1, 1))]
        [(1, 3, 5), (1, 3, 5)]
    """

    function: Callable[..., tuple[Array | None, Array | None]]

    def __call__(self, x: Array, condition: Array | None = None) -> tuple[Array, Array]:
        """Return the shift and the log scale, each (n, D), of rows (n, m); zeros for None.

        Raises:
            ShapeError: where the function returns no such pair.
        """
        shift, log_scale = self.parameters(x, condition, (1, 1))
        return shift[0].T, log_scale[0].T

    def parameters(
        self, x: Array, condition: Array | None, sizes: Sequence[int]
    ) -> tuple[Array, ...]:
        if tuple(sizes) not in {(1,), (1, 1)}:
            raise ShapeError(
                "a shift and a log scale are the parameters of Affine, a shift that of Shift; this "
                f"transformer has parameters of sizes {tuple(sizes)}"
            )
        pair = self.function(x) if condition is None else self.function(x, condition)
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise ShapeError(
                f"the function must return a pair (shift, log scale), but returned {type(pair)}"
            )
        shape = next((jnp.shape(part) for part in pair if part is not None), None)
        if shape is None:
            raise ShapeError("either the shift or the log scale must be given; both are None")
        if len(sizes) == 1 and pair[1] is not None:
            raise ShapeError("Shift has no scale: take Affine, or return None for the log scale")
        parts = [jnp.zeros(shape, x.dtype) if part is None else part for part in pair]
        if any(part.shape != shape or part.ndim != 2 or len(part) != len(x) for part in parts):
            raise ShapeError(
                f"shift and log scale have shapes {[part.shape for part in parts]} for rows of "
                f"shape {x.shape}, but must have (rows, columns to transform)"
            )
        return tuple(part.T[None] for part in parts[: len(sizes)])


class _TwoFunctions(ShiftAndLogScale):
    """A shift and a log scale by two functions."""

    shift: Callable[..., Array] | None
    log_scale: Callable[..., Array] | None

    def __init__(self, shift: Callable[..., Array] | None, log_scale: Callable[..., Array] | None):
        self.shift, self.log_scale = shift, log_scale
        self.function = _nothing

    def parameters(
        self, x: Array, condition: Array | None, sizes: Sequence[int]
    ) -> tuple[Array, ...]:
        def both(*given: Array) -> tuple[Array | None, Array | None]:
            shift, log_scale = (f if f is None else f(*given) for f in (self.shift, self.log_scale))
            return shift, log_scale

        return ShiftAndLogScale(both).parameters(x, condition, sizes)


def _nothing(*given: Any) -> tuple[None, None]:
    del given
    return None, None


def shift_and_log_scale(
    function: Callable[..., tuple[Array | None, Array | None]] | None = None,
    *,
    shift: Callable[..., Array] | None = None,
    log_scale: Callable[..., Array] | None = None,
) -> ShiftAndLogScale:
    """Return a conditioner for `Affine` from functions that give a shift and a log scale.

    For `Coupling(conditioner=...)` and `MaskedAutoregressive(network=...)`. The layer bounds log
    scales smoothly by the `log_scale_bound` of its `Affine`; `Affine(log_scale_bound=jnp.inf)`
    takes them as they are.

    Args:
        function: `f(x)` or `f(x, condition)` that returns both, each (rows, columns to transform);
            None for either stands for zeros.
        shift: in its place, a function or network of the shift alone; an `equinox.Module` is
            trained.
        log_scale: likewise of the log scale; None for zeros.

    Raises:
        TypeError: where neither `function` nor one of the two is given, or more.
        ShapeError: where the layer is built, if what is returned has another shape.

    Examples:
        >>> network = shift_and_log_scale(lambda x: (2 * x, None))
        >>> layer = Coupling(None, Affine(), n_features=2, conditioner=network)
        >>> layer.forward(jnp.array([1.0, 5.0])).tolist()
        [1.0, 7.0]
        >>> shift, log_scale = network(jnp.array([[1.0], [3.0]]))
        >>> shift.tolist(), log_scale.tolist()
        ([[2.0], [6.0]], [[0.0], [0.0]])
    """
    if (function is None) == (shift is None and log_scale is None):
        raise TypeError("give either one function that returns a pair, or shift= and log_scale=")
    if function is not None:
        return ShiftAndLogScale(function)
    return _TwoFunctions(shift, log_scale)
