"""The inverse of a map of vectors that has no formula, with implicit derivatives.

The map is a function of rows, each by itself. How the root is found is its own business; what is
here are the derivatives: `dz = J^-1 (dx - d function)`, with J the Jacobian of each row, which
costs a pass of the function for each column.
"""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors import _root_search


class RowFunction(eqx.Module):
    """An invertible function of rows whose arrays are differentiated."""

    @abstractmethod
    def __call__(self, z: Array) -> Array:
        """Map (n, D) to (n, D), row by row."""

    @abstractmethod
    def search(self, x: Array) -> Array:
        """Return z with `self(z) = x`; need not be differentiable."""


@eqx.filter_custom_jvp
def inverse(function: RowFunction, x: Array) -> Array:
    """Return z with `function(z) = x`, (n, D)."""
    return function.search(x)


@inverse.def_jvp
def _inverse_jvp(primals, tangents):
    function, x = primals
    d_function, d_x = tangents
    z = inverse(function, x)
    right = jnp.zeros_like(x) if d_x is None else d_x
    moved = eqx.filter_jvp(lambda f: f(z), (function,), (d_function,))[1]
    if moved is not None:
        right = right - moved
    return z, jnp.linalg.solve(jacobians(function, z), right[..., None])[..., 0]


def jacobians(function: RowFunction, z: Array) -> Array:
    """Return the Jacobian of each row, (n, D, D)."""
    return with_jacobians(function, z)[1]


def with_jacobians(function: RowFunction, z: Array) -> tuple[Array, Array]:
    """Return the values (n, D) of the function, and the Jacobian of each row, (n, D, D)."""
    x, push = jax.linearize(function, z)

    def column(direction: Array) -> Array:
        return push(jnp.broadcast_to(direction, z.shape))

    return x, jax.vmap(column, out_axes=2)(jnp.eye(z.shape[1], dtype=z.dtype))


def settled(function: RowFunction, found: Array, x: Array, column: Array) -> Array:
    """Return what is found of the roots (n, D) with one more column, by a root search.

    Args:
        function: rises in this column, which depends on this and on columns found already.
        found: the columns found so far.
        x: what the function should give, (n, D).
        column: which column is searched for.
    """
    one = _OneColumn(function, found, column)
    return found.at[:, column].set(_root_search.inverse(one, x[:, column]))


class _OneColumn(eqx.Module):
    """A column of a function of rows as a function of this column, the others given."""

    function: RowFunction
    found: Array
    column: Array

    def __call__(self, value: Array) -> Array:
        return self.function(self.found.at[:, self.column].set(value))[:, self.column]


def log_det(matrices: Array) -> Array:
    """Return log |det| of matrices (n, D, D), in the default float type."""
    return jnp.linalg.slogdet(matrices)[1].astype(jnp.result_type(float))
