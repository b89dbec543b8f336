"""The maps of the first normalizing flows: planar, radial, and Sylvester's."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from fluvial.bijectors import _implicit, _root_search
from fluvial.bijectors._matrices import product, reflected
from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.networks.random import Key, split, uniform
from fluvial.parameters import soft_clip, zeros
from fluvial.shapes import Shape

LEAST_SLOPE = 1e-3
"""No direction is pressed together by more than a factor of 1,000."""

LOG_RADIUS_BOUND = 7.0
"""A trained radius stays within exp(-7) and exp(7)."""


def above_minus_one(raw: Array) -> Array:
    """Map the real line monotonically onto the numbers above `LEAST_SLOPE - 1`; zero to zero."""
    low = 1 - LEAST_SLOPE
    return jax.nn.softplus(raw + math.log(math.expm1(low))) - low


class Planar(Bijector):
    """`x = z + u tanh(w . z + b)`: a bend across one plane.

    `u` is what is trained, changed along w so that `w . u` stays above -1: then the map is
    one to one. Along w it is a monotone function of one number, whose root gives the inverse
    exactly. Both directions cost O(D): `forward` by formula, `inverse` by a root search for
    each row; take `Invert(Planar(...))` where densities matter more than samples. One layer bends
    little; flows have dozens.

    Args:
        key: a random key, of the direction w; u starts as zero, so that the layer is the identity.
        n_features: columns D, at least 1.

    Raises:
        ValueError: where `n_features` is less than 1.

    Examples:
        >>> layer = Planar(jax.random.key(0), n_features=2)
        >>> layer.forward(jnp.ones(2)).tolist()
        [1.0, 1.0]

    References:
        Rezende and Mohamed 2015, arXiv 1505.05770, equations 10-12 and appendix A.1.
    """

    u: Array
    w: Array
    b: Array
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, key: Key, n_features: int):
        _check(n_features)
        limit = np.sqrt(3.0 / n_features)
        (self.w,) = uniform([key], [(n_features,)], [np.full(n_features, limit)])
        self.u, self.b = zeros((n_features,)), zeros(())
        self.event_shape = (n_features,)

    @property
    def _bend(self) -> tuple[Array, Array]:
        """Return u as it is used, and w . u."""
        along, square = jnp.sum(self.w * self.u), jnp.sum(self.w**2)
        product = above_minus_one(along)
        # Of a w of zeros nothing depends.
        return self.u + (product - along) * self.w / jnp.where(square > 0, square, 1), product

    def _forward_and_log_det(self, z, condition) -> Pair:
        u, along = self._bend
        bent = jnp.tanh(product(z, self.w) + self.b)
        return z + bent[:, None] * u, _log(1 + along * (1 - bent**2))

    def _inverse_and_log_det(self, x, condition) -> Pair:
        u, along = self._bend
        # The number w . z + b, from w . x + b.
        number = _root_search.inverse(_Bent(along, self.b), product(x, self.w) + self.b)
        bent = jnp.tanh(number)
        return x - bent[:, None] * u, -_log(1 + along * (1 - bent**2))


class _Bent(eqx.Module):
    """`a + (w . u) tanh(a)`, a rising function."""

    along: Array
    b: Array

    def __call__(self, a: Array) -> Array:
        return a + self.along * jnp.tanh(a)


class Radial(Bijector):
    """`x = z + beta (z - centre) / (alpha + r)` with `r = |z - centre|`: towards a point or away.

    `beta` stays above -alpha, so that the map is one to one. Both directions are formulas that
    cost O(D): the inverse is the root of a quadratic equation in r.

    Args:
        key: a random key, of the centre; beta starts as zero, so that the layer is the identity.
        n_features: columns D, at least 1.

    Raises:
        ValueError: where `n_features` is less than 1.

    Examples:
        >>> layer = Radial(jax.random.key(0), n_features=2)
        >>> layer.forward(jnp.ones(2)).tolist()
        [1.0, 1.0]

    References:
        Rezende and Mohamed 2015, arXiv 1505.05770, equations 13-14 and appendix A.2.
    """

    centre: Array
    raw_log_alpha: Array
    raw_beta: Array
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, key: Key, n_features: int):
        _check(n_features)
        (self.centre,) = uniform([key], [(n_features,)], [np.ones(n_features)])
        self.raw_log_alpha, self.raw_beta = zeros(()), zeros(())
        self.event_shape = (n_features,)

    @property
    def _alpha_beta(self) -> tuple[Array, Array]:
        alpha = jnp.exp(soft_clip(self.raw_log_alpha, LOG_RADIUS_BOUND))
        return alpha, alpha * above_minus_one(self.raw_beta)

    def _forward_and_log_det(self, z, condition) -> Pair:
        alpha, beta = self._alpha_beta
        away = z - self.centre
        stretch = 1 + beta / (alpha + _length(away))
        return self.centre + away * stretch[:, None], self._log_det(_length(away))

    def _inverse_and_log_det(self, x, condition) -> Pair:
        alpha, beta = self._alpha_beta
        away = x - self.centre
        length = _length(away)
        # r^2 + (alpha + beta - length) r = alpha length, by whichever form cancels nothing.
        half = (alpha + beta - length) / 2
        root = jnp.sqrt(half**2 + alpha * length)
        radius = jnp.where(
            half > 0, alpha * length / jnp.where(half > 0, half + root, 1), root - half
        )
        return self.centre + away / (1 + beta / (alpha + radius))[:, None], -self._log_det(radius)

    def _log_det(self, radius: Array) -> Array:
        alpha, beta = self._alpha_beta
        across = 1 + beta / (alpha + radius)
        along = 1 + beta * alpha / (alpha + radius) ** 2
        return (self.event_shape[0] - 1) * _log(across) + _log(along)


def _length(away: Array) -> Array:
    squares = jnp.sum(away**2, axis=1)
    # At the centre itself the gradient is taken as zero.
    return jnp.where(squares > 0, jnp.sqrt(jnp.where(squares > 0, squares, 1)), 0)


class Sylvester(Bijector):
    """`x = z + Q R tanh(S Q^T z + b)`: bends across M planes at once.

    Q has M orthonormal columns, R and S are upper triangular M x M matrices whose diagonals have
    products above -1: then the map is one to one, and its inverse exists everywhere. `forward` is a
    formula; `inverse` finds `Q^T z` by M root searches, the last number first. Take
    `Invert(Sylvester(...))` where densities matter more than samples.

    Args:
        key: a random key; R starts as zero, so that the layer is the identity.
        n_features: columns D, at least 1.
        n_planes: planes M, 1 to D; D or 8 where it is None, whichever is less.

    Raises:
        ValueError: where `n_features` or `n_planes` is out of range.

    Examples:
        >>> layer = Sylvester(jax.random.key(0), n_features=3, n_planes=2)
        >>> layer.forward(jnp.ones(3)).round(4).tolist()
        [1.0, 1.0, 1.0]

    References:
        Van den Berg et al. 2018, arXiv 1803.05649, equations 10-14, theorem 2; Q by the
        reflections of its section 4.2.
    """

    vectors: Array
    outer: Array
    inner: Array
    raw_products: Array
    b: Array
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, key: Key, n_features: int, n_planes: int | None = None):
        _check(n_features)
        n_planes = min(n_features, 8) if n_planes is None else n_planes
        if not 1 <= n_planes <= n_features:
            raise ValueError(f"n_planes must lie in 1...{n_features}, but is {n_planes}")
        of_vectors, of_inner = split(key, 2)
        shapes = [(n_planes, n_features), (n_planes, n_planes)]
        limits = [np.full(shape, np.sqrt(3.0)) for shape in shapes]
        self.vectors, self.inner = uniform([of_vectors, of_inner], shapes, limits)
        self.outer = zeros((n_planes, n_planes))
        self.raw_products, self.b = zeros((n_planes,)), zeros((n_planes,))
        self.event_shape = (n_features,)

    def _parts(self) -> tuple[Array, "_Mixed"]:
        """Return Q, (D, M), and the map of `Q^T z`."""
        n_planes, n_features = self.vectors.shape
        q = reflected(jnp.eye(n_planes, n_features, dtype=self.b.dtype), self.vectors).T
        # S has a positive diagonal, R that which gives the products.
        scale = jnp.exp(soft_clip(jnp.diagonal(self.inner), LOG_RADIUS_BOUND))
        inner = jnp.triu(self.inner, 1) + jnp.diag(scale)
        outer = jnp.triu(self.outer, 1) + jnp.diag(above_minus_one(self.raw_products) / scale)
        return q, _Mixed(outer, inner, self.b)

    def _forward_and_log_det(self, z, condition) -> Pair:
        q, mixed = self._parts()
        y = product(z, q)
        return z + product(mixed.added(y), q.T), mixed.log_det(y)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        q, mixed = self._parts()
        y = _implicit.inverse(mixed, product(x, q))
        return x - product(mixed.added(y), q.T), -mixed.log_det(y)


class _Mixed(_implicit.RowFunction):
    """`y + R tanh(S y + b)`, a triangular map."""

    outer: Array
    inner: Array
    b: Array

    def __call__(self, z: Array) -> Array:
        return z + self.added(z)

    def added(self, y: Array) -> Array:
        return product(jnp.tanh(product(y, self.inner.T) + self.b), self.outer.T)

    def log_det(self, y: Array) -> Array:
        slopes = 1 - jnp.tanh(product(y, self.inner.T) + self.b) ** 2
        products = jnp.diagonal(self.outer) * jnp.diagonal(self.inner)
        return jnp.sum(_log(1 + products * slopes), axis=1)

    def search(self, x: Array) -> Array:
        n_planes = x.shape[1]

        def settle(step, y):
            return _implicit.settled(self, y, x, n_planes - 1 - step)

        return lax.fori_loop(0, n_planes, settle, jnp.zeros_like(x))


def _log(positive: Array) -> Array:
    return jnp.log(positive).astype(jnp.result_type(float))


def _check(n_features: int) -> None:
    if n_features < 1:
        raise ValueError(f"n_features must be at least 1, but is {n_features}")
