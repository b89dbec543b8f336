"""Maps from vectors onto ordered vectors, simplices, triangular and correlation matrices."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.bijectors._outside import marked_event
from fluvial.bijectors._surface import OntoSurface
from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.errors import ShapeError
from fluvial.shapes import Shape, sum_event

TOLERANCE = 100
"""How many roundings a sum that should be 1 may be off."""


class Cumsum(Bijector):
    """`x[i] = z[0] + ... + z[i]`, the cumulative sum along an axis; log det 0.

    Args:
        event_shape: shape of an event, or a number of columns.
        axis: along which is summed.

    Raises:
        ShapeError: where the event has no such axis.

    Examples:
        >>> Cumsum(3).forward(jnp.array([1.0, 2.0, 3.0])).tolist()
        [1.0, 3.0, 6.0]
    """

    axis: int = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, event_shape: Shape | int, axis: int = -1):
        shape = (event_shape,) if isinstance(event_shape, int) else tuple(event_shape)
        if not -len(shape) <= axis < len(shape) or min(shape) < 1:
            raise ShapeError(f"there is no axis {axis} to sum along in an event of shape {shape}")
        self.event_shape, self.axis = shape, axis % len(shape)

    def _forward_and_log_det(self, z, condition) -> Pair:
        return jnp.cumsum(z, axis=1 + self.axis), jnp.zeros(len(z), jnp.result_type(float))

    def _inverse_and_log_det(self, x, condition) -> Pair:
        axis = 1 + self.axis
        first = jax.lax.slice_in_dim(x, 0, 1, axis=axis)
        steps = jnp.concatenate([first, jnp.diff(x, axis=axis)], axis=axis)
        return steps, jnp.zeros(len(x), jnp.result_type(float))


class Ordered(Bijector):
    """`x[0] = z[0]`, `x[i] = x[i - 1] + exp(z[i])`: vectors whose entries rise.

    Args:
        n_features: columns D, at least 1.

    Raises:
        ValueError: where `n_features` is less than 1.

    Examples:
        >>> Ordered(3).forward(jnp.array([1.0, 0.0, 0.0])).tolist()
        [1.0, 2.0, 3.0]

    References:
        Stan Reference Manual, section on ordered vectors.
    """

    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, n_features: int):
        if n_features < 1:
            raise ValueError(f"n_features must be at least 1, but is {n_features}")
        self.event_shape = (n_features,)

    @property
    def _has_bounds(self) -> bool:
        return True

    def _forward_and_log_det(self, z, condition) -> Pair:
        steps = jnp.concatenate([z[:, :1], jnp.exp(z[:, 1:])], axis=1)
        return jnp.cumsum(steps, axis=1), sum_event(z[:, 1:])

    def _inverse_and_log_det(self, x, condition) -> Pair:
        steps = jnp.diff(x, axis=1)
        logs = jnp.log(jnp.where(steps > 0, steps, 1))
        z = jnp.concatenate([x[:, :1], logs], axis=1)
        # A NaN stays a NaN.
        inside = jnp.concatenate([jnp.ones_like(x[:, :1], bool), ~(steps <= 0)], axis=1)
        z = jnp.where(jnp.isnan(x), x, z)
        return marked_event(z, -sum_event(z[:, 1:]), inside)


class SoftmaxCentered(OntoSurface):
    """`x = softmax([z, 0])`: from D - 1 numbers onto the simplex of D shares that add up to 1.

    The log det, the sum of the logarithms of all D shares, is that of the first D - 1 of them: so
    densities are those of the Dirichlet distribution in SciPy and NumPyro. That of TensorFlow
    Probability measures the area of the simplex and is larger by log(D) / 2.

    Args:
        n_classes: shares D, at least 2; the latents have one number less.

    Raises:
        ValueError: where `n_classes` is less than 2.

    Examples:
        >>> SoftmaxCentered(3).forward(jnp.zeros(2)).round(4).tolist()
        [0.333..., 0.333..., 0.333...]

    References:
        Aitchison and Shen 1980, Biometrika 67(2): the additive logistic map.
    """

    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, n_classes: int):
        if n_classes < 2:
            raise ValueError(f"n_classes must be at least 2, but is {n_classes}")
        self.event_shape = (n_classes,)

    @property
    def latent_shape(self) -> Shape:
        return (self.event_shape[0] - 1,)

    @property
    def _has_bounds(self) -> bool:
        return True

    def coordinates(self, x: Array) -> Array:
        return x[:, :-1]

    def from_coordinates(self, coordinates: Array) -> Array:
        rest = 1 - jnp.sum(coordinates, axis=1, keepdims=True)
        return jnp.concatenate([coordinates, rest], axis=1)

    def _forward_and_log_det(self, z, condition) -> Pair:
        logs = jax.nn.log_softmax(jnp.pad(z, ((0, 0), (0, 1))), axis=1)
        return jnp.exp(logs), sum_event(logs)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        off = jnp.abs(jnp.sum(x, axis=1, keepdims=True) - 1)
        inside = ~((x <= 0) | (off > TOLERANCE * x.shape[1] * jnp.finfo(x.dtype).eps))
        logs = jnp.log(jnp.where(inside | jnp.isnan(x), x, 0.5))
        return marked_event(
            logs[:, :-1] - logs[:, -1:], -sum_event(logs), jnp.all(inside, axis=1, keepdims=True)
        )


class FillTriangular(OntoSurface):
    """The numbers of a vector as the entries of a triangular matrix; log det 0.

    In the order of TensorFlow Probability: `1, 2, 3, 4, 5, 6` makes the rows `4 0 0`, `6 5 0` and
    `3 2 1`. `inverse` leaves out what stands on the other side of the diagonal.

    Args:
        n_rows: rows D; the latents have D (D + 1) / 2 numbers.
        upper: whether the zeros are below the diagonal.

    Raises:
        ValueError: where `n_rows` is less than 1.

    Examples:
        >>> FillTriangular(2).forward(jnp.array([1.0, 2.0, 3.0])).tolist()
        [[3.0, 0.0], [2.0, 1.0]]
    """

    upper: bool = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, n_rows: int, *, upper: bool = False):
        if n_rows < 1:
            raise ValueError(f"n_rows must be at least 1, but is {n_rows}")
        self.event_shape, self.upper = (n_rows, n_rows), upper

    @property
    def latent_shape(self) -> Shape:
        size = self.event_shape[0]
        return (size * (size + 1) // 2,)

    def coordinates(self, x: Array) -> Array:
        return self._taken(x, self._kept())

    def from_coordinates(self, coordinates: Array) -> Array:
        return self._filled(coordinates, self._kept())

    def _taken(self, x: Array, places: np.ndarray) -> Array:
        return x.reshape(len(x), -1)[:, places]

    def _filled(self, values: Array, places: np.ndarray) -> Array:
        size = self.event_shape[0]
        flat = jnp.zeros((len(values), size * size), values.dtype)
        return flat.at[:, places].set(values).reshape(-1, size, size)

    def _kept(self) -> np.ndarray:
        """Return where in the flattened matrix the entries of the triangle stand, row by row."""
        triangle = np.triu if self.upper else np.tril
        return np.flatnonzero(triangle(np.ones(self.event_shape, bool)))

    def _places(self) -> np.ndarray:
        """Return where in the flattened matrix each number of the vector stands."""
        size = self.event_shape[0]
        numbers = np.arange(size * (size + 1) // 2)
        if self.upper:
            square = np.concatenate([numbers, numbers[size:][::-1]])
        else:
            square = np.concatenate([numbers[size:], numbers[::-1]])
        kept = self._kept()
        places = np.zeros(len(numbers), int)
        places[square[kept]] = kept
        return places

    def _forward_and_log_det(self, z, condition) -> Pair:
        return self._filled(z, self._places()), jnp.zeros(len(z), jnp.result_type(float))

    def _inverse_and_log_det(self, x, condition) -> Pair:
        return self._taken(x, self._places()), jnp.zeros(len(x), jnp.result_type(float))


class CorrelationCholesky(OntoSurface):
    """From D (D - 1) / 2 numbers onto the Cholesky factors of correlation matrices.

    The numbers fill the rows below a diagonal of ones, in the order of `FillTriangular`, and each
    row is divided by its length. The log det is that of the entries below the diagonal:
    `-sum over rows i of (i + 1) log(length of row i)`, i from 1.

    Args:
        n_rows: rows D of the matrix, at least 2.

    Raises:
        ValueError: where `n_rows` is less than 2.

    Examples:
        >>> factor = CorrelationCholesky(2).forward(jnp.array([1.0]))
        >>> (factor @ factor.T).round(4).tolist()
        [[1.0, 0.707...], [0.707..., 1.0]]

    References:
        TensorFlow Probability's bijector of this name; Lewandowski, Kurowicka and Joe 2009 for
        densities on such matrices.
    """

    fill: FillTriangular
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, n_rows: int):
        if n_rows < 2:
            raise ValueError(f"n_rows must be at least 2, but is {n_rows}")
        self.fill = FillTriangular(n_rows - 1)
        self.event_shape = (n_rows, n_rows)

    @property
    def latent_shape(self) -> Shape:
        return self.fill.latent_shape

    @property
    def _has_bounds(self) -> bool:
        return True

    def coordinates(self, x: Array) -> Array:
        return self.fill.coordinates(x[:, 1:, :-1])

    def from_coordinates(self, coordinates: Array) -> Array:
        below = self._below(self.fill.from_coordinates(coordinates))
        rest = 1 - jnp.sum(below**2, axis=2)
        return below + jnp.sqrt(rest)[..., None] * self._identity(below)

    def _below(self, values: Array) -> Array:
        """Return matrices (n, D, D) with those of one row less below their diagonals."""
        return jnp.pad(values, ((0, 0), (1, 0), (0, 1)))

    def _identity(self, like: Array) -> Array:
        return jnp.eye(self.event_shape[0], dtype=like.dtype)

    def _forward_and_log_det(self, z, condition) -> Pair:
        below = self._below(self.fill._forward_and_log_det(z, None)[0])
        squares = jnp.sum(below**2, axis=2)
        rows = below + self._identity(below)
        return rows / jnp.sqrt(1 + squares)[..., None], self._log_det(jnp.log1p(squares))

    def _inverse_and_log_det(self, x, condition) -> Pair:
        diagonal = jnp.diagonal(x, axis1=1, axis2=2)
        off = jnp.abs(jnp.sum(jnp.tril(x) ** 2, axis=2) - 1)
        tolerance = TOLERANCE * x.shape[1] * jnp.finfo(x.dtype).eps
        inside = ~((diagonal <= 0) | (off > tolerance))
        diagonal = jnp.where(inside, diagonal, 1)
        below = (x / diagonal[..., None])[:, 1:, :-1]
        z = self.fill._inverse_and_log_det(below, None)[0]
        log_det = -self._log_det(-2 * jnp.log(diagonal))
        return marked_event(z, log_det, jnp.all(inside, axis=1, keepdims=True))

    def _log_det(self, log_squares: Array) -> Array:
        weights = np.arange(2, self.event_shape[0] + 2) * (np.arange(self.event_shape[0]) > 0)
        return -sum_event(log_squares * (weights / 2).astype(log_squares.dtype))
