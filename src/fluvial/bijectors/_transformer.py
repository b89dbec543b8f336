"""From a scalar bijector to raw parameters and back."""

import equinox as eqx
import jax
from jax import lax
from jaxtyping import Array

from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.errors import ShapeError
from fluvial.parameters import Fixed


class Transformer(eqx.Module):
    """A scalar bijector whose parameters come from a conditioner.

    The trainable leaves of `template` are ravelled to one vector of P raw parameters. A
    conditioner's output is added to their start, so that a zero output gives `template` itself.

    Args:
        template: a bijector of event shape () that takes no condition of its own.

    Raises:
        ShapeError: where the template is not scalar or declares a condition.
    """

    template: Fixed

    def __init__(self, template: Bijector):
        if template.event_shape != () or template.condition_shape is not None:
            raise ShapeError(
                "a transformer must be a scalar bijector without condition, but "
                f"{type(template).__name__} has event_shape {template.event_shape} and "
                f"condition_shape {template.condition_shape}"
            )
        self.template = Fixed(template)

    @property
    def n_parameters(self) -> int:
        """Number P of raw parameters."""
        return sum(leaf.size for leaf in self._leaves())

    def apply(self, method: str, raw: Array, value: Array) -> Pair:
        """Apply `_forward_and_log_det` or `_inverse_and_log_det` element by element.

        Args:
            method: the name of the private method.
            raw: parameters (n, P, D), or (P, n) for one column.
            value: (n, D), or (n,) for one column.

        Returns:
            The mapped values and log dets, each of the shape of `value`.
        """
        over_rows = jax.vmap(lambda r, v: self._apply_one(method, r, v), in_axes=(1, 0))
        if value.ndim == 1:
            return over_rows(raw, value)
        return jax.vmap(over_rows)(raw, value)

    def _apply_one(self, method: str, raw: Array, value: Array) -> Pair:
        out, log_det = getattr(self._rebuild(raw), method)(value[None], None)
        return out[0], log_det[0]

    def _leaves(self) -> list[Array]:
        return jax.tree.leaves(self._split()[0])

    def _split(self):
        return eqx.partition(self.template.value, is_trained, is_leaf=is_fixed)

    def _rebuild(self, raw: Array) -> Bijector:
        trained, rest = self._split()
        leaves, structure = jax.tree.flatten(trained)
        # `split` is transposed to one concatenation, slices would be to a sum of padded arrays.
        parts = lax.split(raw, [leaf.size for leaf in leaves])
        moved = [
            (leaf + part.reshape(leaf.shape)).astype(raw.dtype)
            for leaf, part in zip(leaves, parts, strict=True)
        ]
        return eqx.combine(jax.tree.unflatten(structure, moved), rest, is_leaf=is_fixed)


def is_fixed(node) -> bool:
    """Return whether a node of a tree is `Fixed`."""
    return isinstance(node, Fixed)


def is_trained(node) -> bool:
    """Return whether a leaf is trained: a floating-point array that is not `Fixed`."""
    return not is_fixed(node) and eqx.is_inexact_array(node)
