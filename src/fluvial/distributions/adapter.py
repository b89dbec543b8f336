"""Any object with the methods of a distribution as a distribution."""

from typing import Any

import equinox as eqx
from jaxtyping import Array

from fluvial.distributions.distribution import Distribution
from fluvial.errors import ShapeError
from fluvial.parameters import Fixed
from fluvial.shapes import Shape

NEEDED = ("log_prob", "sample", "event_shape")


class Adapted(Distribution):
    """A distribution of another library behind the interface of this one.

    Its parameters are not trained. It takes no condition.

    Args:
        distribution: an object with `log_prob(x)`, `sample(key, shape)` and `event_shape`.

    Examples:
        >>> Adapted(StandardNormal(2)).event_shape
        (2,)
    """

    distribution: Fixed
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(self, distribution: Any):
        self.distribution = Fixed(distribution)
        self.event_shape = tuple(distribution.event_shape)

    def _log_prob(self, x, condition) -> Array:
        log_prob = self.distribution.value.log_prob(x)
        if log_prob.shape != x.shape[:1]:
            raise ShapeError(
                f"log_prob of {self._name} has shape {log_prob.shape} for events of shape "
                f"{x.shape}, but must have shape {x.shape[:1]}; batch axes of the distribution "
                "have to be made event axes (`to_event` in NumPyro)"
            )
        return log_prob

    def _sample(self, key, n, condition) -> Array:
        x = self.distribution.value.sample(key, (n,))
        if x.shape != (n, *self.event_shape):
            raise ShapeError(
                f"sample of {self._name} has shape {x.shape}, but must have shape "
                f"{(n, *self.event_shape)}; batch axes of the distribution have to be made event "
                "axes (`to_event` in NumPyro)"
            )
        return x

    @property
    def _name(self) -> str:
        return type(self.distribution.value).__name__


def as_distribution(obj: Any) -> Distribution:
    """Return `obj` where it is a `Distribution`, else an adapter around it.

    Args:
        obj: a distribution, or an object with `log_prob(x)`, `sample(key, shape)` and
            `event_shape`, for example a distribution of NumPyro.

    Raises:
        TypeError: where `obj` lacks one of the three.

    Examples:
        >>> as_distribution(StandardNormal(2)).event_shape
        (2,)
    """
    if isinstance(obj, Distribution):
        return obj
    missing = [name for name in NEEDED if not hasattr(obj, name)]
    if missing:
        raise TypeError(
            f"a distribution needs log_prob, sample and event_shape, but {type(obj).__name__} "
            f"lacks {', '.join(missing)}"
        )
    return Adapted(obj)
