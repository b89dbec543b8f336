"""The contract of maps that move each value by itself."""

from abc import abstractmethod
from typing import ClassVar, final

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors import _root_search
from fluvial.bijectors._outside import Outside, marked, outside_of, within
from fluvial.bijectors.bijector import Bijector, Direction, Pair
from fluvial.bijectors.interval import LINE, Interval
from fluvial.shapes import sum_event


class Elementwise(Bijector):
    """A strictly monotone map of each value by itself; takes no condition.

    The shortest way to a scalar map of one's own: declare `event_shape` and write `_forward`. What
    else has a formula may be written, and is derived where it is not: `_inverse` by a root search
    with implicit derivatives, `_log_slope` by automatic differentiation.

    The trained arrays broadcast against the values as usual in NumPy. One that has axes of its own
    has them in front of those of the event, and takes them apart by `aligned`. So a network may
    compute the parameters of every row: with `event_shape = ()` the map is a fast transformer of
    `Coupling` and `MaskedAutoregressive`.

    A map that is not defined on the whole line, or does not reach it, says so by `domain` and
    `image`: there only its formulas are evaluated.

    Attributes:
        domain: the interval of the latents.
        image: the interval that the data reach.

    Examples:
        >>> class Logistic(Elementwise):
        ...     event_shape = ()
        ...     image = Interval(0.0, 1.0)
        ...
        ...     def _forward(self, z):
        ...         return jax.nn.sigmoid(z)
        >>> round(float(Logistic().inverse(0.75)), 4)
        1.0986
    """

    condition_shape = None
    domain: ClassVar[Interval] = LINE
    image: ClassVar[Interval] = LINE

    @abstractmethod
    def _forward(self, z: Array) -> Array:
        """Map latents to data, value by value: any shape that the event's axes end."""

    def _inverse(self, x: Array) -> Array:
        """Map data to latents, value by value."""
        return _root_search.inverse(_Forward(self), x)

    def _log_slope(self, z: Array, x: Array) -> Array:
        """Return log |dx/dz| of each value, from the latents `z` and their data `x`.

        One formula serves both directions: use whichever of the two is convenient.
        """
        return jnp.log(jnp.abs(_root_search.slope(self._forward, z)))

    @property
    def _takes_row_parameters(self) -> bool:
        return True

    @property
    def _has_bounds(self) -> bool:
        return not (self.domain.is_line and self.image.is_line)

    def _find_outside(
        self, direction: Direction, event: Array, condition: Array | None
    ) -> Outside | None:
        domain = self.domain if direction == "forward" else self.image
        return outside_of(domain, event, direction, type(self).__name__)

    def _to_ends(
        self, direction: Direction, value: Array, condition: Array | None
    ) -> tuple[Array, Array]:
        low = self._forward(self.domain.inner(value, 0.25))
        falls = self._forward(self.domain.inner(value, 0.75)) < low
        there, here, function = self.domain, self.image, self._inverse
        if direction == "forward":
            there, here, function = here, there, self._forward
        ends = [jnp.asarray(end, value.dtype) for end in (there.low, there.high)]
        out = function(within(value, here)[0])
        out = jnp.where(here.below(value), jnp.where(falls, *ends[::-1]), out)
        return jnp.where(here.above(value), jnp.where(falls, *ends), out), falls

    @final
    def _forward_and_log_det(self, z: Array, condition: Array | None) -> Pair:
        z, inside = within(z, self.domain)
        x = self._forward(z)
        out, log_slope = marked(x, self._log_slopes(z, x), inside)
        return out, sum_event(log_slope)

    @final
    def _inverse_and_log_det(self, x: Array, condition: Array | None) -> Pair:
        x, inside = within(x, self.image)
        z = self._inverse(x)
        out, log_slope = marked(z, -self._log_slopes(z, x), inside)
        return out, sum_event(log_slope)

    def _log_slopes(self, z: Array, x: Array) -> Array:
        # A slope that is the same for all values may come without their axes.
        return jnp.broadcast_to(self._log_slope(z, x), z.shape)


class _Forward(eqx.Module):
    """The forward direction as a function whose arrays are those of the map."""

    map: Elementwise

    def __call__(self, z: Array) -> Array:
        return self.map._forward(z)


def aligned(parameter: Array, values: Array, n_own_axes: int = 1) -> Array:
    """Insert axes behind a parameter's own, so that the others broadcast against values.

    Args:
        parameter: `(*own, *event_shape)`, or with other axes that end like those of `values`.
        values: the values that it serves.
        n_own_axes: how many axes the parameter has of its own.

    Returns:
        `(*own, 1, ..., *event_shape)`, with `n_own_axes` more axes than `values`.
    """
    own, rest = parameter.shape[:n_own_axes], parameter.shape[n_own_axes:]
    return parameter.reshape(*own, *(1,) * (values.ndim - len(rest)), *rest)
