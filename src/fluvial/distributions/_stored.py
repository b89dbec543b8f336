"""How the parameters of a base are stored: fixed as given, or raw and trained."""

import equinox as eqx
import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.parameters import Fixed, soft_clip
from fluvial.shapes import as_floats, common_type

LOG_FACTOR_BOUND = 7.0
"""A trained positive parameter stays within exp(-7) and exp(7) times its start."""


class Free(eqx.Module):
    """Real numbers, trained or fixed.

    Args:
        value: any shape.
        trainable: whether `fluvial.training` moves them.
    """

    stored: Array | Fixed

    def __init__(self, value: Array, *, trainable: bool):
        self.stored = value if trainable else Fixed(value)

    @property
    def value(self) -> Array:
        """The numbers as they are now."""
        return self.stored.value if isinstance(self.stored, Fixed) else self.stored


class Positive(eqx.Module):
    """Positive numbers: the start as it is given, times `exp(soft_clip(raw, 7))` when trained.

    Args:
        value: positive, any shape.
        trainable: whether `fluvial.training` moves them.
    """

    start: Fixed
    raw: Array | None

    def __init__(self, value: Array, *, trainable: bool):
        self.start = Fixed(value)
        self.raw = jnp.zeros_like(value) if trainable else None

    @property
    def value(self) -> Array:
        """The numbers as they are now."""
        if self.raw is None:
            return self.start.value
        return self.start.value * jnp.exp(soft_clip(self.raw, LOG_FACTOR_BOUND))


class LogWeights(eqx.Module):
    """Logarithms of weights that sum to one, trained as logits or fixed.

    Args:
        weights: (K,), not negative, not all zero; divided by their sum.
        trainable: whether `fluvial.training` moves them; a weight of zero then never could.

    Raises:
        ValueError: where a weight is negative or not finite, or zero and to be trained, or where
            all are zero.
    """

    logits: Free

    def __init__(self, weights: Array, *, trainable: bool):
        if known(weights):
            values = np.asarray(weights)
            positive = values > 0 if trainable else values >= 0
            if not (np.all(np.isfinite(values)) and np.all(positive) and values.sum() > 0):
                bound = "positive" if trainable else "not negative, not all zero"
                raise ValueError(f"weights must be finite and {bound}, but are {values}")
            with np.errstate(divide="ignore"):
                logits = jax.device_put(np.log(values / values.sum()))
        else:
            logits = jnp.log(weights / jnp.sum(weights))
        # Logits of magnitude one: their origin is free, and float32 keeps its digits there.
        self.logits = Free(logits, trainable=trainable)

    @property
    def value(self) -> Array:
        """The logarithms of the weights as they are now, (K,)."""
        return jax.nn.log_softmax(self.logits.value)


def known(*values: ArrayLike) -> bool:
    """Return whether the numbers can be looked at, that is, outside jit."""
    return not any(isinstance(value, jax.core.Tracer) for value in values)


def checked_positive(value: Array, name: str) -> Array:
    """Return `value`.

    Raises:
        ValueError: where it is not positive and finite everywhere.
    """
    if known(value):
        values = np.asarray(value)
        if not np.all(np.isfinite(values) & (values > 0)):
            raise ValueError(f"{name} must be positive and finite, but is {values}")
    return value


def common(*values: ArrayLike) -> tuple[Array, ...]:
    """Return floats of one common shape and type."""
    arrays = jnp.broadcast_arrays(*(as_floats(value) for value in values))
    dtype = common_type(*arrays)
    return tuple(array.astype(dtype) for array in arrays)
