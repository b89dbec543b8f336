"""Monotone polynomials."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.bijectors._boundary import (
    Boundary,
    check,
)
from fluvial.bijectors._pieces import sizes
from fluvial.bijectors._unit_map import UnitMap
from fluvial.bijectors.elementwise import Elementwise, aligned
from fluvial.parameters import zeros
from fluvial.shapes import Shape

MIN_SLOPE = 1e-3
"""Least slope of a sum-of-squares polynomial: it reaches the whole line."""

START_OF_BENDS = 0.1
"""At zero the squares would have no gradient: those that bend the map start with this slope."""


class BernsteinPolynomial(UnitMap):
    """A monotone polynomial on [-interval, interval], elementwise.

    On [0, 1] it is `sum_k a_k C(M, k) u^k (1 - u)^(M - k)` with rising coefficients from 0 to 1,
    whose M steps are trained; zeros give the identity. Its inverse is a root search.

    Args:
        degree: degree M, 2 to 999; 5 to 20 are usual.
        interval: positive half-width B of the interval.
        boundary: "linear": the identity outside, where the slope jumps; "interval": not defined
            outside.
        shape: the event shape; () makes a transformer of coupling and autoregressive layers.

    Raises:
        ValueError: where `degree`, `interval` or `boundary` is out of range.

    Examples:
        >>> float(BernsteinPolynomial(degree=6, interval=3.0).forward(10.0))
        10.0

    References:
        Ramasinghe et al. 2021, arXiv 2102.03509, section 4.
    """

    raw_steps: Array
    interval: float = eqx.field(static=True)
    boundary: Boundary = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)
    phase = None

    def __init__(
        self,
        degree: int = 10,
        interval: float = 5.0,
        *,
        boundary: Boundary = "linear",
        shape: Shape = (),
    ):
        check(interval, boundary, ("linear", "interval"), degree=degree)
        self.interval, self.boundary = float(interval), boundary
        self.raw_steps = zeros((degree, *shape))
        self.event_shape = tuple(shape)

    def _unit(self, share: Array) -> tuple[Array, Array]:
        steps = sizes(aligned(self.raw_steps, share))
        degree = len(steps)
        slope = degree * jnp.sum(steps * _bernstein(share, degree - 1), axis=0)
        value = jnp.sum(jnp.cumsum(steps, axis=0) * _bernstein(share, degree)[1:], axis=0)
        return value, jnp.log(slope)


def _bernstein(share: Array, degree: int) -> Array:
    """Return the basis of a degree at values of [0, 1], (degree + 1, ...)."""
    up, down = _powers(share, degree), _powers(1 - share, degree)[::-1]
    counts = np.array([math.comb(degree, k) for k in range(degree + 1)], np.float64)
    return jnp.asarray(counts.reshape(-1, *(1,) * share.ndim), share.dtype) * up * down


def _powers(value: Array, highest: int) -> Array:
    """Return the powers 0...highest, (highest + 1, ...)."""
    ones = jnp.ones_like(value)[None]
    repeated = jnp.broadcast_to(value, (highest, *value.shape))
    return jnp.concatenate([ones, jnp.cumprod(repeated, axis=0)])


class SumOfSquares(Elementwise):
    """`x = shift + integral from 0 to z of (1e-3 + sum_k p_k(u)^2) du`, elementwise.

    Polynomials p_1...p_K of degree R have trained coefficients: a rising polynomial of degree
    2 R + 1, close to the identity as it starts. Its inverse is a root search.

    Args:
        n_squares: polynomials K, at least 1.
        degree: their degree R, at least 1.
        shape: the event shape; () makes a transformer of coupling and autoregressive layers.

    Raises:
        ValueError: where `n_squares` or `degree` is less than 1.

    Examples:
        >>> SumOfSquares(n_squares=2, degree=2).event_shape
        ()

    References:
        Jaini et al. 2019, arXiv 1905.02325, equation 9.
    """

    shift: Array
    coefficients: Array
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, n_squares: int = 2, degree: int = 3, *, shape: Shape = ()):
        for name, value in (("n_squares", n_squares), ("degree", degree)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, but is {value}")
        start = np.zeros((n_squares, degree + 1, *shape))
        start[0, 0] = math.sqrt(1 - MIN_SLOPE)
        start[1:, 1] = START_OF_BENDS
        self.shift = zeros(shape)
        self.coefficients = jax.device_put(start.astype(jnp.result_type(float)))
        self.event_shape = tuple(shape)

    def _forward(self, z):
        return self.shift + MIN_SLOPE * z + z * _at(z, self._squares(z), integral=True)

    def _log_slope(self, z, x):
        return jnp.log(MIN_SLOPE + _at(z, self._squares(z), integral=False))

    def _squares(self, z: Array) -> Array:
        """Return the coefficients of the sum of squares, (2 R + 1, ...)."""
        coefficients = aligned(self.coefficients, z, 2)
        degree = coefficients.shape[1] - 1
        return jnp.stack(
            [
                sum(
                    jnp.sum(coefficients[:, low] * coefficients[:, power - low], axis=0)
                    for low in range(max(0, power - degree), min(power, degree) + 1)
                )
                for power in range(2 * degree + 1)
            ]
        )


def _at(z: Array, coefficients: Array, *, integral: bool) -> Array:
    """Evaluate a polynomial, or its integral from 0 divided by z, by Horner's rule."""
    total = jnp.zeros_like(z)
    for power in reversed(range(len(coefficients))):
        weight = coefficients[power] / (power + 1) if integral else coefficients[power]
        total = total * z + weight
    return total
