"""The type that every recipe returns."""

from typing import Any, ClassVar, final

from fluvial.bijectors import Bijector
from fluvial.distributions.transformed import TransformedDistribution


@final
class Flow(TransformedDistribution):
    """A `TransformedDistribution` whose methods are compiled.

    `log_prob(x, condition=None)`, `sample(key, shape=(), condition=None)` and
    `sample_and_log_prob(key, shape=(), condition=None)`, as of every distribution; the first call
    with new shapes compiles, later ones do not.

    Args:
        base: as of `TransformedDistribution`, and so the other arguments.
        bijector: the map from z to x.
        arguments: `event_shape`, `distribution`.

    Attributes:
        base: the distribution of the latents z.
        bijector: the map from z to x.

    Examples:
        >>> flow = Flow(StandardNormal(2), Scale(jnp.array([1.0, 2.0])))
        >>> flow.sample(jax.random.key(0), (5,)).shape
        (5, 2)
    """

    _is_compiled: ClassVar[bool] = True

    def __init__(self, base: Any = None, bijector: Bijector | None = None, **arguments: Any):
        super().__init__(base, bijector, **arguments)
