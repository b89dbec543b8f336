"""The scale of conditions, which training sets once."""

from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import ArrayLike

from fluvial.bijectors import ScaledCondition
from fluvial.weights import checked_weights


def with_scaled_condition(
    model: Any, condition: ArrayLike | None, sample_weight: ArrayLike | None
) -> Any:
    """Return a flow that knows the units of its conditions; another model as it is.

    Args:
        model: what is to be trained.
        condition: (n, *condition_shape), checked, or None.
        sample_weight: (n,), checked, or None.

    Raises:
        DataError: where conditions vary by less than the float type can tell.
    """
    bijector = getattr(model, "bijector", None)
    if condition is None or not isinstance(bijector, ScaledCondition):
        return model
    weights = None
    if sample_weight is not None:
        weights = checked_weights(sample_weight, len(np.asarray(condition)))
    return eqx.tree_at(lambda m: m.bijector, model, bijector.scaled_to(condition, weights))
