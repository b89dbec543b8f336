"""Maps by orthogonal matrices, whose log det is 0."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.bijectors._matrices import product, reflected, strictly_lower
from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.errors import ShapeError
from fluvial.parameters import zeros
from fluvial.shapes import Numbers, Shape, as_floats


class Householder(Bijector):
    """`x = H_K ... H_1 z`, a product of trained reflections `H = I - 2 v v^T / (v^T v)`.

    Any orthogonal matrix of D columns is a product of at most D reflections; an even number of
    them is a rotation. Both directions cost O(K D). A vector of zeros reflects nothing.

    Args:
        vectors: v of each reflection, (K, D); the first acts first. A number of columns D in their
            place gives `n_reflections` of them that are, two by two, the identity.
        n_reflections: K where `vectors` is a number; even.

    Raises:
        ShapeError: where `vectors` is not a matrix.
        ValueError: where D is less than 1, or `n_reflections` is no even number from 2 up.

    Examples:
        >>> Householder([[1.0, -1.0]]).forward(jnp.array([1.0, 2.0])).tolist()
        [2.0, 1.0]

    References:
        Tomczak and Welling 2016, arXiv 1611.09630, equations 10-12.
    """

    vectors: Array
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, vectors: Numbers, n_reflections: int = 2):
        if isinstance(vectors, int):
            if vectors < 1 or n_reflections < 2 or n_reflections % 2:
                raise ValueError(
                    "a start as the identity needs at least one column and an even number of "
                    f"reflections, but got {vectors} and {n_reflections}"
                )
            pairs = np.eye(vectors)[np.arange(n_reflections) // 2 % vectors]
            self.vectors = jax.device_put(pairs.astype(jnp.result_type(float)))
        else:
            self.vectors = as_floats(vectors)
        if self.vectors.ndim != 2 or 0 in self.vectors.shape:
            raise ShapeError(f"vectors must have shape (K, D), but have {self.vectors.shape}")
        self.event_shape = self.vectors.shape[1:]

    def _forward_and_log_det(self, z, condition) -> Pair:
        return reflected(z, self.vectors), jnp.zeros(len(z), jnp.result_type(float))

    def _inverse_and_log_det(self, x, condition) -> Pair:
        return reflected(x, self.vectors[::-1]), jnp.zeros(len(x), jnp.result_type(float))


class Orthogonal(Bijector):
    """`x = Q z`, Q the rotation `(I - A)^-1 (I + A)` of a trained skew-symmetric A.

    Starts as the identity. Cayley's map reaches every rotation but those that turn a direction
    about exactly; put a `Permutation` or a `Householder` beside it for reflections. Both directions
    cost a solve of D equations and a product. Trained are the D (D - 1) / 2 numbers of A below its
    diagonal.

    Args:
        n_features: columns D, at least 1.

    Raises:
        ValueError: where `n_features` is less than 1.

    Examples:
        >>> Orthogonal(2).forward(jnp.array([1.0, 2.0])).tolist()
        [1.0, 2.0]

    References:
        Cayley 1846; Golinski, Lezcano-Casado and Rainforth 2019, Improving normalizing flows via
        better orthogonal parameterizations, section 3.
    """

    raw: Array
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, n_features: int):
        if n_features < 1:
            raise ValueError(f"n_features must be at least 1, but is {n_features}")
        self.raw = zeros((n_features * (n_features - 1) // 2,))
        self.event_shape = (n_features,)

    @property
    def weight(self) -> Array:
        """Q, (D, D)."""
        (size,) = self.event_shape
        lower = strictly_lower(self.raw, size)
        skew, identity = lower - lower.T, jnp.eye(size, dtype=self.raw.dtype)
        return jnp.linalg.solve(identity - skew, identity + skew)

    def _forward_and_log_det(self, z, condition) -> Pair:
        return product(z, self.weight.T), jnp.zeros(len(z), jnp.result_type(float))

    def _inverse_and_log_det(self, x, condition) -> Pair:
        return product(x, self.weight), jnp.zeros(len(x), jnp.result_type(float))
