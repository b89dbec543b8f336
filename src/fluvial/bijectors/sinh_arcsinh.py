"""Maps that skew a density and change the weight of its tails."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike

from fluvial.bijectors._positive import positive_scale
from fluvial.bijectors.affine import Scale
from fluvial.bijectors.elementwise import Elementwise
from fluvial.shapes import Shape, as_floats

LOG_TAILWEIGHT_BOUND = 2.0
"""A trained weight of the tails stays within exp(-2) and exp(2) times its start."""


class SinhArcsinh(Elementwise):
    """`x = sinh((arcsinh(z) + skewness) * tailweight)`, elementwise; trained.

    A positive skewness moves mass to the right. A tailweight above 1 makes the tails heavier, below
    1 lighter. As it starts it is the identity.

    Args:
        skewness: any number; broadcast against `tailweight`, their common shape is the event shape.
        tailweight: positive.

    Raises:
        ValueError: where a tailweight is not positive and finite.

    Examples:
        >>> round(float(SinhArcsinh(0.5, 1.0).forward(0.0)), 4)
        0.5211

    References:
        Jones and Pewsey 2009, Biometrika 96(4), equation 1, inverted.
    """

    skewness: Array
    weighing: Scale
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, skewness: ArrayLike = 0.0, tailweight: ArrayLike = 1.0):
        skewness, tailweight = jnp.broadcast_arrays(as_floats(skewness), as_floats(tailweight))
        self.skewness = skewness
        self.weighing = positive_scale(tailweight, "tailweight", LOG_TAILWEIGHT_BOUND)
        self.event_shape = skewness.shape

    @property
    def tailweight(self) -> Array:
        """The weight of the tails as it is now, of shape `event_shape`."""
        return self.weighing.scale

    def _forward(self, z):
        return jnp.sinh((jnp.arcsinh(z) + self.skewness) * self.tailweight)

    def _inverse(self, x):
        return jnp.sinh(jnp.arcsinh(x) / self.tailweight - self.skewness)

    def _log_slope(self, z, x):
        # cosh(arcsinh(x)) is sqrt(1 + x^2).
        return self.weighing._log_slope(z, x) + _log_cosh(x) - _log_cosh(z)


def _log_cosh(value: Array) -> Array:
    """Return log cosh(arcsinh(value)), also where the square of the value is no float."""
    far = jnp.abs(value) > 1
    wide, narrow = jnp.where(far, jnp.abs(value), 1.0), jnp.where(far, 0.0, value)
    of_far = jnp.log(wide) + jnp.log1p((1 / wide) ** 2) / 2
    return jnp.where(far, of_far, jnp.log1p(narrow**2) / 2)
