"""Shifts and scales."""

import equinox as eqx
import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.bijectors.elementwise import Elementwise
from fluvial.parameters import Fixed, soft_clip
from fluvial.shapes import Shape, as_floats

LOG_SCALE_BOUND = 7.0
"""Without another bound a trained scale stays within exp(-7) and exp(7) times its start."""


class Shift(Elementwise):
    """`x = z + shift`, elementwise.

    Args:
        shift: any shape, which becomes the event shape; trained.

    Examples:
        >>> float(Shift(2.0).forward(1.0))
        3.0
    """

    shift: Array
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, shift: ArrayLike):
        self.shift = as_floats(shift)
        self.event_shape = self.shift.shape

    def _forward(self, z):
        return z + self.shift

    def _inverse(self, x):
        return x - self.shift

    def _log_slope(self, z, x):
        return jnp.zeros_like(z)


class Scale(Elementwise):
    """`x = scale * z`, elementwise.

    The start is kept as it is given; training multiplies it by `exp(s)`, where s is smoothly
    bounded: |s| < `log_scale_bound`, so the trained scale keeps its sign and by default stays
    within a factor of about 1,100 of its start.

    Args:
        scale: finite and not zero, any shape, which becomes the event shape.
        log_scale_bound: greater than 0.

    Raises:
        ValueError: where a scale is zero or not finite, or the bound is not positive.

    Examples:
        >>> float(Scale(-2.0).forward(3.0))
        -6.0
    """

    start: Fixed
    raw_log_scale: Array
    log_scale_bound: float = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)

    def __init__(self, scale: ArrayLike, log_scale_bound: float = LOG_SCALE_BOUND):
        if not log_scale_bound > 0:
            raise ValueError(f"log_scale_bound must be greater than 0, but is {log_scale_bound}")
        scale = _checked_scale(scale)
        self.log_scale_bound = float(log_scale_bound)
        self.start = Fixed(scale)
        self.raw_log_scale = jnp.zeros_like(scale)
        self.event_shape = scale.shape

    @property
    def scale(self) -> Array:
        """The scale as it is now, of shape `event_shape`."""
        return self.start.value * jnp.exp(self._moved)

    @property
    def _moved(self) -> Array:
        """How far training has moved the logarithm of the scale."""
        return soft_clip(self.raw_log_scale, self.log_scale_bound)

    @property
    def _log_scale(self) -> Array:
        return jnp.log(jnp.abs(self.start.value)) + self._moved

    def _forward(self, z):
        return z * self.scale

    def _inverse(self, x):
        return x / self.scale

    def _log_slope(self, z, x):
        return jnp.broadcast_to(self._log_scale, z.shape)


class Affine(Elementwise):
    """`x = shift + scale * z`, elementwise; the scale is bounded as in `Scale`.

    Args:
        shift: finite; broadcast against `scale`, their common shape is the event shape.
        scale: finite and not zero.
        log_scale_bound: greater than 0.

    Raises:
        ValueError: where a scale is zero or not finite, or the bound is not positive.

    Examples:
        >>> float(Affine(1.0, 2.0).forward(3.0))
        7.0
    """

    shift: Array
    scaling: Scale
    event_shape: Shape = eqx.field(static=True)

    def __init__(
        self,
        shift: ArrayLike = 0.0,
        scale: ArrayLike = 1.0,
        log_scale_bound: float = LOG_SCALE_BOUND,
    ):
        shift, scale = as_floats(shift), as_floats(scale)
        self.event_shape = jnp.broadcast_shapes(shift.shape, scale.shape)
        self.shift = jnp.broadcast_to(shift, self.event_shape)
        self.scaling = Scale(jnp.broadcast_to(scale, self.event_shape), log_scale_bound)

    @property
    def scale(self) -> Array:
        """The scale as it is now, of shape `event_shape`."""
        return self.scaling.scale

    def _forward(self, z):
        return self.scaling._forward(z) + self.shift

    def _inverse(self, x):
        return self.scaling._inverse(x - self.shift)

    def _log_slope(self, z, x):
        return self.scaling._log_slope(z, x)


def _checked_scale(scale: ArrayLike) -> Array:
    scale = as_floats(scale)
    if not isinstance(scale, jax.core.Tracer):
        values = np.asarray(scale)
        if not np.all(np.isfinite(values)) or np.any(values == 0):
            raise ValueError(f"a scale must be finite and not zero, but got {values}")
    return scale
