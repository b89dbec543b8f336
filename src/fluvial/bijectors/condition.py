"""Conditions of any units."""

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.bijectors._outside import Outside
from fluvial.bijectors.bijector import Bijector, Direction, Pair
from fluvial.errors import DataError
from fluvial.parameters import Fixed, zeros
from fluvial.shapes import Shape
from fluvial.weights import mean_and_deviation

RESOLVED = 10.0
"""Steps of the float type that a standard deviation must span at least."""


class ScaledCondition(Bijector):
    """A bijector whose condition is standardised first: it gets `(condition - centre) / scale`.

    Networks want inputs of about unit scale; a year or a pressure in pascals is none. Recipes of
    `fluvial.flows` put it around a conditional flow, and training sets centre and scale from the
    conditions of its rows, once. They are stored, and never trained.

    Args:
        bijector: one that declares a `condition_shape`.

    Raises:
        ValueError: where it declares none.

    Examples:
        >>> from fluvial.flows import maf
        >>> flow = maf(jax.random.key(0), n_features=2, n_layers=1, condition_shape=(1,))
        >>> years = np.array([[1990.0], [2010.0]])
        >>> flow.bijector.scaled_to(years).centre.value.tolist()
        [2000.0]
    """

    bijector: Bijector
    centre: Fixed
    scale: Fixed
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(self, bijector: Bijector):
        shape = bijector.condition_shape
        if shape is None:
            raise ValueError(f"{type(bijector).__name__} takes no condition that could be scaled")
        self.bijector = bijector
        self.event_shape, self.condition_shape = bijector.event_shape, shape
        self.centre = Fixed(zeros(shape))
        self.scale = Fixed(zeros(shape) + 1)

    def scaled_to(
        self, condition: ArrayLike, weights: np.ndarray | None = None
    ) -> "ScaledCondition":
        """Return it with the means and standard deviations of conditions; set only once.

        Args:
            condition: `(n, *condition_shape)`, n at least 1. An entry that does not vary is centred
                alone.
            weights: `(n,)`, not negative, not all zero; None where all are equal.

        Raises:
            DataError: where an entry varies by less than the float type can tell.
        """
        centre, scale = np.asarray(self.centre.value), np.asarray(self.scale.value)
        if (centre != 0).any() or (scale != 1).any():
            return self
        values = np.asarray(condition, np.float64)
        mean, deviation = mean_and_deviation(values, weights)
        step = np.spacing(np.abs(mean).astype(centre.dtype)).astype(np.float64)
        lost = (deviation > 0) & (deviation < RESOLVED * step)
        if lost.any():
            at = tuple(int(i) for i in np.argwhere(lost)[0])
            raise DataError(
                f"condition{list(at) if at else ''} varies by {deviation[at]:.3g} around "
                f"{mean[at]:.10g}, which {centre.dtype} cannot tell apart; subtract "
                f"{mean[at]:.10g} first"
            )
        deviation = np.where(deviation > 0, deviation, 1.0)
        new = [Fixed(jax.device_put(each.astype(centre.dtype))) for each in (mean, deviation)]
        return eqx.tree_at(lambda b: (b.centre, b.scale), self, tuple(new))

    def initialise(self, x: ArrayLike, condition: ArrayLike | None = None) -> "ScaledCondition":
        if condition is None:
            return self
        scaled = self.scaled_to(condition)
        inner = scaled.bijector.initialise(x, scaled._standardised(np.asarray(condition)))
        return eqx.tree_at(lambda b: b.bijector, scaled, inner)

    @property
    def latent_shape(self) -> Shape:
        return self.bijector.latent_shape

    @property
    def _has_bounds(self) -> bool:
        return self.bijector._has_bounds

    def _find_outside(
        self, direction: Direction, event: Array, condition: Array | None
    ) -> Outside | None:
        return self.bijector._find_outside(direction, event, self._standardised(condition))

    def _standardised(self, condition) -> Array:
        return (condition - self.centre.value) / self.scale.value

    def _forward_and_log_det(self, z, condition) -> Pair:
        return self.bijector._forward_and_log_det(z, self._standardised(condition))

    def _inverse_and_log_det(self, x, condition) -> Pair:
        return self.bijector._inverse_and_log_det(x, self._standardised(condition))
