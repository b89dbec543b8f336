"""What a distribution is, in a form that a model file holds, and building it from that.

A specification is a dictionary of what JSON holds, with its `type`. One of type "flow" names a
recipe of `fluvial.flows` and its keyword arguments; a composition holds the specifications of its
parts.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array

from fluvial import flows
from fluvial.artifacts import fill_tree
from fluvial.errors import ModelFileError

Specification = dict[str, Any]


def flow_specification(recipe: str, **arguments: Any) -> Specification:
    """Describe a flow by its recipe and the recipe's keyword arguments.

    Examples:
        >>> flow_specification("maf", n_features=2, hidden_sizes=(8,))["arguments"]
        {'n_features': 2, 'hidden_sizes': [8]}
    """
    plain = {k: list(v) if isinstance(v, tuple) else v for k, v in arguments.items()}
    return {"type": "flow", "recipe": recipe, "arguments": plain}


def build(specification: Specification, key: Array) -> Any:
    """Build the distribution that a specification describes.

    Args:
        specification: as `flow_specification` gives it.
        key: a random key, for the starting parameters.

    Raises:
        ModelFileError: where the type or the recipe is unknown to this version.
    """
    kind = specification.get("type")
    if kind not in _BUILDERS:
        raise ModelFileError(
            f"unknown type of distribution {kind!r}; this version knows {sorted(_BUILDERS)}"
        )
    return _BUILDERS[kind](specification, key)


def rebuild(specification: Specification, arrays: Mapping[str, np.ndarray], *, what: str) -> Any:
    """Build the distribution that a specification describes around its fitted arrays.

    Nothing is drawn or compiled: the skeleton is traced for its shapes alone.

    Args:
        specification: as `flow_specification` gives it.
        arrays: what `fluvial.artifacts.tree_to_arrays` gave.
        what: what messages call the holder of the arrays.

    Raises:
        ModelFileError: where the specification is unknown or the arrays do not fit it.
    """
    double = any(array.dtype == np.float64 for array in arrays.values())
    # A float32 model stays one where float64 is switched on; a float64 one needs that switch.
    with jax.enable_x64(double):
        try:
            skeleton = eqx.filter_eval_shape(partial(build, specification), jax.random.key(0))
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFileError(f"{what} describes no flow of this version: {error}") from None
    if double:
        return fill_tree(skeleton, arrays, what=what)
    with jax.enable_x64(False):
        return fill_tree(skeleton, arrays, what=what)


def _build_flow(specification: Specification, key: Array) -> Any:
    recipe, arguments = specification["recipe"], specification["arguments"]
    make = getattr(flows, recipe, None) if recipe in _RECIPES else None
    if make is None:
        raise ModelFileError(f"unknown recipe {recipe!r}; this version knows {_RECIPES}")
    made = {k: tuple(v) if isinstance(v, list) else v for k, v in arguments.items()}
    return make(key, **made)


_RECIPES = ("iaf", "maf", "neural_spline_flow", "nice", "real_nvp")
_BUILDERS: dict[str, Callable[[Specification, Array], Any]] = {"flow": _build_flow}
