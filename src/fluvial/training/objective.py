"""What training minimises."""

from typing import Any, NamedTuple, Protocol

from jaxtyping import Array

from fluvial.parameters import with_key


class Batch(NamedTuple):
    """Rows that an objective is given.

    Attributes:
        x: (n, *event_shape).
        condition: (n, *condition_shape), or None where the model declares none.
    """

    x: Array
    condition: Array | None


class Objective(Protocol):
    """A loss to minimise: of a model, rows or none, and a random key.

    It is called inside a compiled program, and differentiated by the model. Training on rows hands
    it a batch, and it returns a loss (n,), one for each row; rows that fill up the last batch are
    given weight zero afterwards. Training without rows hands it None, and it returns losses of any
    shape, whose mean is minimised. The key is another one at each step. Held-out rows are judged
    with the same keys in every epoch, so that their losses compare.

    An objective that holds arrays is an `equinox.Module`: its arrays are traced, so that a second
    run with other values compiles nothing. A function that closes over arrays is compiled again
    each time it is defined.
    """

    def __call__(self, model: Any, batch: Any, key: Array, /) -> Array: ...


def negative_log_likelihood(model: Any, batch: Batch, key: Array) -> Array:
    """Return the negative log density of each row of a batch (n,), in nats.

    The objective of maximum likelihood. Parts of the model that draw random numbers, such as a
    stochastic trace, draw others at each step.

    Args:
        model: a distribution.
        batch: n rows, with their conditions where the model declares some.
        key: for the parts that draw; of no meaning where there are none.

    Examples:
        >>> flow = fluvial.flows.nice(jax.random.key(0), n_features=2, n_layers=2)
        >>> negative_log_likelihood(flow, Batch(jnp.zeros((5, 2)), None), jax.random.key(0)).shape
        (5,)
    """
    return -with_key(model, key)._log_prob(batch.x, batch.condition)
