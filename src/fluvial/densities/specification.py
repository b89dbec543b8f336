"""What a distribution is, in a form that a model file holds, and building it from that.

A specification is a dictionary of what JSON holds, with its `type`. One of type "flow" names a
recipe of `fluvial.flows` and its keyword arguments; one of type "mixture" holds the specifications
of its parts, their names and their weights; "gaussian_mixture" and "kernel_density" tell sizes.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.artifacts import fill_tree
from fluvial.distributions import GaussianMixture, KernelDensity, Mixture
from fluvial.errors import ModelFileError, told
from fluvial.flows.recipes import RECIPES, Recipe
from fluvial.parameters import zeros

Specification = dict[str, Any]


def flow_specification(recipe: str, **arguments: Any) -> Specification:
    """Describe a flow by its recipe and the recipe's keyword arguments.

    Examples:
        >>> flow_specification("maf", n_features=2, hidden_sizes=(8,))["arguments"]
        {'n_features': 2, 'hidden_sizes': [8]}
    """
    plain = {k: list(v) if isinstance(v, tuple) else v for k, v in arguments.items()}
    return {"type": "flow", "recipe": recipe, "arguments": plain}


def mixture_specification(
    parts: list[Specification], weights: list[float], names: list[str]
) -> Specification:
    """Describe a mixture by its parts; weights and names are for readers, arrays hold the weights.

    Examples:
        >>> parts = [flow_specification(name, n_features=2) for name in ("maf", "nice")]
        >>> mixture_specification(parts, [0.5, 0.5], ["maf", "nice"])["type"]
        'mixture'
    """
    return {"type": "mixture", "parts": parts, "weights": weights, "names": names}


def describe_distribution(distribution: GaussianMixture | KernelDensity) -> Specification:
    """Describe a classical density by its sizes.

    Examples:
        >>> describe_distribution(KernelDensity(np.zeros((5, 2)), 1.0))
        {'type': 'kernel_density', 'n_rows': 5, 'n_features': 2}
    """
    if isinstance(distribution, GaussianMixture):
        size, n_features = distribution.means.shape
        return {"type": "gaussian_mixture", "n_components": size, "n_features": n_features}
    n_rows, n_features = distribution.rows.shape
    return {"type": "kernel_density", "n_rows": n_rows, "n_features": n_features}


def build(specification: Specification, key: Array) -> Any:
    """Build the distribution that a specification describes.

    Args:
        specification: as `flow_specification` gives it.
        key: a random key, for the starting parameters.

    Raises:
        ModelFileError: where the type or the recipe is unknown to this version.
    """
    return _BUILDERS[known_type(specification.get("type"))](specification, key)


def known_type(kind: Any) -> str:
    """Return a type of distribution.

    Raises:
        ModelFileError: where it is unknown to this version.
    """
    if not isinstance(kind, str) or kind not in _BUILDERS:
        raise ModelFileError(
            f"unknown type of distribution {told(kind)}; this version knows {sorted(_BUILDERS)}"
        )
    return kind


def known_recipe(name: Any) -> Recipe:
    """Return the recipe of a name.

    Raises:
        ModelFileError: where it is unknown to this version.
    """
    if not isinstance(name, str) or name not in RECIPES:
        raise ModelFileError(f"unknown recipe {told(name)}; this version knows {sorted(RECIPES)}")
    return RECIPES[name]


def rebuild(
    specification: Specification, arrays: Mapping[str, np.ndarray], *, what: str = "the file"
) -> Any:
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
    made = {k: tuple(v) if isinstance(v, list) else v for k, v in arguments.items()}
    return known_recipe(recipe).build(key, **made)


def _build_mixture(specification: Specification, key: Array) -> Any:
    parts = specification["parts"]
    keys = jax.random.split(key, len(parts))
    made = [build(part, part_key) for part, part_key in zip(parts, keys, strict=True)]
    return Mixture(made, zeros((len(made),)) + 1)


def _build_gaussian_mixture(specification: Specification, key: Array) -> Any:
    size, n_features = specification["n_components"], specification["n_features"]
    means = zeros((size, n_features))
    trils = means[:, :, None] + jnp.eye(n_features, dtype=means.dtype)
    return GaussianMixture(means[:, 0] + 1, means, scale_trils=trils)


def _build_kernel_density(specification: Specification, key: Array) -> Any:
    return KernelDensity(zeros((specification["n_rows"], specification["n_features"])), 1.0)


_BUILDERS: dict[str, Callable[[Specification, Array], Any]] = {
    "flow": _build_flow,
    "gaussian_mixture": _build_gaussian_mixture,
    "kernel_density": _build_kernel_density,
    "mixture": _build_mixture,
}
