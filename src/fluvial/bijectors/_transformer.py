"""From a scalar bijector to raw parameters and back."""

from collections.abc import Sequence

import equinox as eqx
import jax
from jaxtyping import Array

from fluvial.bijectors.bijector import Bijector, Pair
from fluvial.errors import ShapeError
from fluvial.networks.linear import columns_last
from fluvial.parameters import Fixed, trainable
from fluvial.shapes import sum_event


class Transformer(eqx.Module):
    """A scalar bijector whose parameters come from a conditioner.

    The trainable leaves of `template` have P raw parameters together. A conditioner's output is
    added to their start, so that a zero output gives `template` itself.

    Args:
        template: a bijector of event shape () that takes no condition of its own.

    Attributes:
        sizes: number of raw parameters of each trainable leaf.
        n_parameters: their sum P.

    Raises:
        ShapeError: where the template is not scalar or declares a condition.
    """

    template: Fixed
    sizes: tuple[int, ...] = eqx.field(static=True)
    n_parameters: int = eqx.field(static=True)

    def __init__(self, template: Bijector):
        if template.event_shape != () or template.condition_shape is not None:
            raise ShapeError(
                "a transformer must be a scalar bijector without condition, but "
                f"{type(template).__name__} has event_shape {template.event_shape} and "
                f"condition_shape {template.condition_shape}"
            )
        self.template = Fixed(template)
        self.sizes = tuple(leaf.size for leaf in jax.tree.leaves(self._split()[0]))
        self.n_parameters = sum(self.sizes)

    def apply(self, method: str, raw: Sequence[Array], values: Array) -> Pair:
        """Apply `_forward_and_log_det` or `_inverse_and_log_det` element by element.

        Args:
            method: the name of the private method.
            raw: for each trainable leaf its parameters, (size, N).
            values: (N,).

        Returns:
            The mapped values and their log dets, each (N,).
        """
        trained, rest = self._split()
        leaves, structure = jax.tree.flatten(trained)
        moved = [
            leaf[..., None].astype(part.dtype) + part.reshape(*leaf.shape, len(values))
            for leaf, part in zip(leaves, raw, strict=True)
        ]

        def one_or_all(leaves, values):
            built = eqx.combine(jax.tree.unflatten(structure, leaves), rest)
            return getattr(built, method)(values, None)

        if self.template.value._takes_row_parameters:
            return one_or_all(moved, values)
        each = jax.vmap(lambda leaves, value: one_or_all(leaves, value[None]), in_axes=(-1, 0))
        out, log_dets = each(moved, values)
        return out[:, 0], log_dets[:, 0]

    def apply_to_columns(self, method: str, raw: Sequence[Array], values: Array) -> Pair:
        """Apply it to rows, and sum the log dets of a row.

        Args:
            method: the name of the private method.
            raw: for each trainable leaf its parameters, (size, D, n).
            values: (n, D).

        Returns:
            (n, D) and (n,).
        """
        n, n_columns = values.shape
        if columns_last(self.sizes, n_columns):
            flat = [part[0].T.reshape(1, n * n_columns) for part in raw]
            out, log_dets = self.apply(method, flat, values.reshape(n * n_columns))
            return out.reshape(n, n_columns), sum_event(log_dets.reshape(n, n_columns))
        # Rows last: the kernels' inner loops are long, however few columns there are.
        flat = [part.reshape(len(part), n_columns * n) for part in raw]
        out, log_dets = self.apply(method, flat, values.T.reshape(n_columns * n))
        return out.reshape(n_columns, n).T, sum_event(log_dets.reshape(n_columns, n).T)

    def _split(self):
        return eqx.partition(self.template.value, trainable(self.template.value))


def n_parameters(transformer: Bijector) -> int:
    """Return the number P of raw parameters that a network computes for each value.

    They are the trained arrays of the transformer in the order of `jax.tree.leaves`, each
    flattened: of `Affine` the shift, then the raw log scale; of a spline of K bins K raw widths, K
    heights and K - 1 derivatives.

    Args:
        transformer: a bijector of event shape () that takes no condition.

    Raises:
        ShapeError: where it is not scalar or declares a condition.

    Examples:
        >>> n_parameters(Affine()), n_parameters(RationalQuadraticSpline(8))
        (2, 23)
    """
    return Transformer(transformer).n_parameters
