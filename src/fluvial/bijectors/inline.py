"""A bijector from functions."""

from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array

from fluvial.bijectors.bijector import Bijector
from fluvial.shapes import Shape, as_floats

Function = Callable[..., Array]


class Inline(Bijector):
    """A map given by functions: `x = forward(z)`, or `x = forward(z, parameters)`.

    The functions take values with one leading axis in front of `event_shape`. What is not given is
    derived as in every `Bijector`: the inverse of a monotone scalar map by a root search, the log
    det by automatic differentiation.

    Nothing but the numbers in `parameters` is trained: arrays inside a function are constants. The
    functions have no name by which a model file could find them again, so a flow that holds such a
    map is not saved; write a subclass of `Bijector` for one that is.

    Args:
        forward: from latents to data.
        inverse: from data to latents.
        parameters: numbers, arrays, or any tree of them, which the functions get as their second
            argument; without it they have one argument.
        log_det: from latents to log |det dx/dz|, one number an event.
        event_shape: shape of an event; a map of event shape () acts on each value of larger ones.

    Examples:
        >>> stretch = Inline(lambda z, rate: jnp.exp(rate) * z, parameters=0.5)
        >>> round(float(stretch.inverse(1.0)), 4)
        0.6065
    """

    cannot_be_saved: ClassVar[str] = (
        "it holds an Inline, whose functions have no name by which a file could find them again; "
        "write a subclass of fluvial.bijectors.Bijector instead"
    )
    parameters: Any
    forward_function: Function = eqx.field(static=True)
    inverse_function: Function | None = eqx.field(static=True)
    log_det_function: Function | None = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(
        self,
        forward: Function,
        inverse: Function | None = None,
        parameters: Any = None,
        log_det: Function | None = None,
        *,
        event_shape: Shape = (),
    ):
        self.parameters = jax.tree.map(_trained, parameters)
        self.forward_function = forward
        self.inverse_function = inverse
        self.log_det_function = log_det
        self.event_shape = tuple(event_shape)

    def _writes(self, name: str) -> bool:
        functions = {
            "_forward": self.forward_function,
            "_inverse": self.inverse_function,
            "_forward_log_det_jacobian": self.log_det_function,
        }
        return functions.get(name) is not None

    def _forward(self, z: Array) -> Array:
        return self._call(self.forward_function, z)

    def _inverse(self, x: Array) -> Array:
        return self._call(self.inverse_function, x)

    def _forward_log_det_jacobian(self, z: Array) -> Array:
        return self._call(self.log_det_function, z)

    def _call(self, function: Any, values: Array) -> Array:
        if self.parameters is None:
            return function(values)
        return function(values, self.parameters)


def _trained(leaf: Any) -> Any:
    is_number = isinstance(leaf, float | np.ndarray | np.floating | jax.Array)
    return as_floats(leaf) if is_number else leaf
