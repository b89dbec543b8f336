"""What a call of a bijector means, by what it is called with.

The kinds of arguments are told by the modules that know them: chains and distributions are built
of bijectors, so that this module cannot import them.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

Build = Callable[[Any, Any], Any]

_KINDS: list[tuple[Callable[[Any], bool], Build]] = []

DISTRIBUTION = ("log_prob", "sample", "event_shape")
"""What an object needs to be taken for a distribution, as `as_distribution` takes it."""


def when_called_with(accepts: Callable[[Any], bool], build: Build) -> None:
    """Have `build(bijector, argument)` called for the arguments that `accepts` is true of."""
    _KINDS.append((accepts, build))


def is_distribution(argument: Any) -> bool:
    """Return whether an object has the methods of a distribution."""
    return all(hasattr(argument, name) for name in DISTRIBUTION)


def built_from(bijector: Any, argument: Any) -> Any:
    """Return what a bijector makes of a bijector or a distribution, None of values.

    Raises:
        TypeError: where the argument is none of the three.
    """
    for accepts, build in _KINDS:
        if accepts(argument):
            return build(bijector, argument)
    if _is_numeric(argument):
        return None
    advice = "; import fluvial.distributions first" * is_distribution(argument)
    raise TypeError(
        f"{type(bijector).__name__} is called with values (forward), with a bijector (Chain) or "
        f"with a distribution (TransformedDistribution), but got {type(argument).__name__}{advice}"
    )


def _is_numeric(argument: Any) -> bool:
    if isinstance(argument, jax.Array) or hasattr(argument, "__jax_array__"):
        return True
    if argument is None or isinstance(argument, str | bytes | dict | set):
        return False
    try:
        return np.asarray(argument).dtype.kind in "biuf" or _is_small_float(argument)
    except (TypeError, ValueError):
        return False


def _is_small_float(argument: Any) -> bool:
    # bfloat16 and its like are of kind V in NumPy.
    return jax.numpy.issubdtype(getattr(argument, "dtype", object), jax.numpy.floating)
