"""The discrete cosine transform."""

import equinox as eqx
import jax.numpy as jnp
from jax.scipy import fft
from jaxtyping import Array

from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.shapes import Shape


class DiscreteCosineTransform(Bijector):
    """The orthonormal discrete cosine transform of the columns; log det 0.

    Args:
        n_features: columns D, at least 1.
        dct_type: 2, or 3, which is the inverse of 2.

    Raises:
        ValueError: where `n_features` or `dct_type` is out of range.

    Examples:
        >>> dct = DiscreteCosineTransform(4)
        >>> dct.forward(jnp.ones(4)).round(4).tolist()
        [2.0, 0.0, 0.0, 0.0]

    References:
        Ahmed et al. 1974, IEEE Transactions on Computers C-23(1), equation 1, with equal norms.
    """

    dct_type: int = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, n_features: int, dct_type: int = 2):
        if n_features < 1:
            raise ValueError(f"n_features must be at least 1, but is {n_features}")
        if dct_type not in (2, 3):
            raise ValueError(f"dct_type must be 2 or 3, but is {dct_type}")
        self.event_shape = (n_features,)
        self.dct_type = dct_type

    def _forward_and_log_det(self, z, condition) -> Pair:
        return self._transformed(z, is_second=self.dct_type == 2)

    def _inverse_and_log_det(self, x, condition) -> Pair:
        return self._transformed(x, is_second=self.dct_type == 3)

    def _transformed(self, value: Array, *, is_second: bool) -> Pair:
        out = (fft.dct if is_second else fft.idct)(value, norm="ortho", axis=1)
        return out, jnp.zeros(len(value), jnp.result_type(float))
