"""The contract of what computes the parameters of a map, and users' own networks behind it."""

from abc import abstractmethod
from collections.abc import Callable, Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.errors import ShapeError


class Conditioner(eqx.Module):
    """From what is known of a row to the raw parameters of its columns.

    A layer adds them to the trained arrays of its transformer, so that zeros give the transformer
    as it is: a conditioner should start close to zero.

    The contract of Fluvial's own networks, which give the parameters array by array, as is fastest.
    A network of one's own needs none of it, see `as_conditioner`.
    """

    @abstractmethod
    def parameters(
        self, x: Array, condition: Array | None, sizes: Sequence[int]
    ) -> tuple[Array, ...]:
        """Return the parameters of each column, for each array of the transformer by itself.

        Args:
            x: what is known: (n, m).
            condition: (n, C), flattened; None where the layer declares none.
            sizes: entries of each trained array of the transformer, P together.

        Returns:
            For each array (size, D, n), where D is the number of columns to transform.
        """


class FunctionConditioner(Conditioner):
    """Any function of rows, behind the contract.

    Args:
        function: `f(x)`, or `f(x, condition)` where the layer declares a condition, from (n, m) and
            (n, C) to (n, D, P). An `equinox.Module` is trained; what another function closes over
            is not.
        n_columns: columns D that the layer transforms.

    Examples:
        >>> twice = FunctionConditioner(lambda x: jnp.stack([x, 2 * x], axis=2), n_columns=3)
        >>> [part.shape for part in twice.parameters(jnp.ones((5, 3)), None, (1, 1))]
        [(1, 3, 5), (1, 3, 5)]
    """

    function: Callable[..., Array]
    n_columns: int = eqx.field(static=True)

    def parameters(
        self, x: Array, condition: Array | None, sizes: Sequence[int]
    ) -> tuple[Array, ...]:
        raw = self.function(x) if condition is None else self.function(x, condition)
        needed = (len(x), self.n_columns, sum(sizes))
        if jnp.shape(raw) != needed:
            raise ShapeError(
                f"the conditioner returned shape {jnp.shape(raw)} for rows of shape {x.shape}, but "
                f"must return (rows, columns to transform, parameters a column) = {needed}"
            )
        return tuple(
            part.transpose(2, 1, 0) for part in jnp.split(raw, np.cumsum(sizes)[:-1], axis=2)
        )


def as_conditioner(
    network: Conditioner | Callable[..., Array] | None, n_columns: int
) -> Conditioner:
    """Return the network where it is a `Conditioner`, else an adapter around it.

    Args:
        network: a `Conditioner`, or a function `f(x[, condition])`, see `FunctionConditioner`.
        n_columns: columns that the layer transforms.

    Raises:
        TypeError: where it is neither.

    Examples:
        >>> as_conditioner(lambda x: jnp.zeros((*x.shape, 2)), 3).n_columns
        3
    """
    if isinstance(network, Conditioner):
        return network
    if not callable(network):
        raise TypeError(
            f"a conditioner must be a Conditioner or a function of rows, but is {network!r}"
        )
    return FunctionConditioner(network, n_columns)


def check_parameters(
    conditioner: Conditioner, sizes: Sequence[int], *, n_known: int, condition_size: int | None
) -> None:
    """Try a conditioner on the shapes of two rows, without computing anything.

    Args:
        conditioner: what a layer was given.
        sizes: entries of each trained array of the transformer.
        n_known: columns m that it sees.
        condition_size: length C of a flattened condition, None for none.

    Raises:
        ShapeError: where what it returns has not the shapes that the layer needs.
    """
    rows = jnp.zeros((2, n_known))
    condition = None if condition_size is None else jnp.zeros((2, condition_size))
    eqx.filter_eval_shape(conditioner.parameters, rows, condition, tuple(sizes))
