"""The rectifier that leaks."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike

from fluvial.bijectors._positive import positive_scale
from fluvial.bijectors.affine import LOG_SCALE_BOUND, Scale
from fluvial.bijectors.elementwise import Elementwise
from fluvial.shapes import Shape, as_floats


class LeakyReLU(Elementwise):
    """`x = z` above zero and `x = alpha z` below, elementwise; the slope alpha is trained (PReLU).

    Args:
        alpha: slope below zero, positive; any shape, which becomes the event shape.
        log_scale_bound: the trained slope stays within `exp(log_scale_bound)` times its start.

    Raises:
        ValueError: where a slope is not positive and finite, or the bound is not positive.

    Examples:
        >>> LeakyReLU(0.5).forward(jnp.array([-4.0, 4.0])).tolist()
        [-2.0, 4.0]

    References:
        He et al. 2015, arXiv 1502.01852, equation 1.
    """

    slope: Scale
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, alpha: ArrayLike = 0.2, log_scale_bound: float = LOG_SCALE_BOUND):
        self.slope = positive_scale(as_floats(alpha), "alpha", log_scale_bound)
        self.event_shape = self.slope.event_shape

    @property
    def alpha(self) -> Array:
        """The slope below zero as it is now, of shape `event_shape`."""
        return self.slope.scale

    def _forward(self, z):
        return jnp.where(z < 0, self.slope._forward(z), z)

    def _inverse(self, x):
        return jnp.where(x < 0, self.slope._inverse(x), x)

    def _log_slope(self, z, x):
        return jnp.where(z < 0, self.slope._log_slope(z, x), jnp.zeros((), z.dtype))
