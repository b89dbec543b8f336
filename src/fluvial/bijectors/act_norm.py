"""The layer that starts by standardising its data."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.bijectors.affine import Affine
from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.errors import ShapeError
from fluvial.shapes import Shape, as_floats


class ActNorm(Bijector):
    """`x = shift + scale * z` with a shift and a scale for each channel, the last axis.

    `initialise(x)` returns the layer whose latents of the rows `x` have mean 0 and variance 1 in
    each channel; from there on both are trained as those of `Affine`. Until then it is the
    identity. The start is in the arrays: a layer that was saved and loaded
    has it, and nothing initialises it anew but another call of `initialise`.

    Args:
        event_shape: `(..., C)`: `(C,)` for vectors, `(H, W, C)` for images; a number of columns
            stands for a vector.

    Raises:
        ShapeError: where there is no channel.

    Examples:
        >>> layer = ActNorm(1).initialise(jnp.array([[1.0], [3.0]]))
        >>> layer.inverse(jnp.array([3.0])).tolist()
        [1.0]

    References:
        Kingma and Dhariwal 2018, arXiv 1807.03039, section 3.1.
    """

    affine: Affine
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, event_shape: Shape | int):
        shape = (event_shape,) if isinstance(event_shape, int) else tuple(event_shape)
        if not shape or min(shape) < 1:
            raise ShapeError(f"an event must end with at least one channel, but has shape {shape}")
        ones = np.ones(shape[-1], jnp.result_type(float))
        self.affine = Affine(np.zeros_like(ones), ones)
        self.event_shape = shape

    def initialise(self, x: ArrayLike, condition: ArrayLike | None = None) -> "ActNorm":
        n_channels = self.event_shape[-1]
        values = np.asarray(as_floats(x), np.float64).reshape(-1, n_channels)
        deviations = values.std(axis=0)
        # A channel that does not vary keeps its unit.
        scale = np.where(deviations > 0, deviations, 1.0)
        dtype = self.affine.shift.dtype
        started = Affine(*(jax.device_put(v.astype(dtype)) for v in (values.mean(axis=0), scale)))
        return eqx.tree_at(lambda layer: layer.affine, self, started)

    def _forward_and_log_det(self, z, condition) -> Pair:
        return self.affine._forward(z), self._log_det(z)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        return self.affine._inverse(x), -self._log_det(x)

    def _log_det(self, value: Array) -> Array:
        log_slopes = self.affine._log_slope(value, value)
        axes = tuple(range(1, value.ndim))
        return jnp.sum(log_slopes, axis=axes, dtype=jnp.result_type(float))
