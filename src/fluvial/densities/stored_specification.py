"""Checks of the specification that a model file holds, before anything is built from it."""

import inspect
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from fluvial.artifacts import Entries, is_real, is_whole
from fluvial.densities.specification import known_recipe, known_type
from fluvial.errors import ModelFileError, told

LARGEST_NUMBER = 1e6
"""Arguments of recipes that are no sizes lie within this, in units of scaled data."""

SLACK = 2
"""How many times the numbers of its file a model may seem to hold, as far as sizes tell."""

CONDITION = "condition_shape"
"""The argument of a recipe that tells of its condition."""

ROUNDING = 1e-3
"""Weights may depart this far from the sum of one."""


def check_specification(
    specification: Any,
    arrays: Mapping[str, np.ndarray],
    *,
    n_features: int,
    n_conditions: int = 0,
) -> None:
    """Refuse a specification that is malformed, or whose sizes are not those of its arrays.

    Sizes are compared with the arrays by arithmetic alone: those that a file merely claims would
    take memory and time without end. What passes may still be built and then not fit exactly.

    Args:
        specification: what stands in the file.
        arrays: those of the distribution.
        n_features: columns of the scaled rows.
        n_conditions: columns of the condition; 0 without one.

    Raises:
        KeyError: where an entry is missing.
        ModelFileError: naming the entry.
    """
    entries = Entries(specification, "the specification")
    kind = known_type(entries["type"])
    if kind != "mixture":
        _check_part(entries, arrays, n_features, n_conditions)
        return
    parts = entries.objects("parts")
    names, weights = entries.texts("names"), checked_weights(entries.items("weights"))
    if not len(parts) == len(names) == len(weights):
        raise ModelFileError(
            f"the mixture has {len(parts)} parts, {len(names)} names and {len(weights)} weights"
        )
    of_parts = _by_part(arrays)
    for number, part in enumerate(parts):
        if known_type(part["type"]) == "mixture":
            raise ModelFileError("a mixture must not be part of another")
        _check_part(part, of_parts.get(str(number), {}), n_features, n_conditions)


def checked_weights(weights: list[Any]) -> np.ndarray:
    """Return weights that lie in [0, 1] and sum to one.

    Raises:
        ModelFileError: where they do not.
    """
    if not weights or not all(is_real(weight) and 0 <= weight <= 1 for weight in weights):
        raise ModelFileError(f"weights must be numbers in [0, 1], but are {told(weights)}")
    total = sum(weights)
    if abs(total - 1) > ROUNDING:
        raise ModelFileError(f"weights must sum to one, but sum to {total:.6g}")
    return np.array(weights, float)


def _by_part(arrays: Mapping[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    of_parts: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        what, _, rest = name.partition(".")
        number, _, rest = rest.partition(".")
        if what == "distributions":
            of_parts.setdefault(number, {})[rest] = array
    return of_parts


def _check_part(
    part: Entries, arrays: Mapping[str, np.ndarray], n_features: int, n_conditions: int
) -> None:
    """Refuse a part of a mixture, or what stands alone, that its arrays cannot hold."""
    held = sum(array.size for array in arrays.values())
    if part["type"] == "flow":
        _check_condition(part.below("arguments"), n_conditions)
        needed = _flow_size(part, n_features, held)
    else:
        name = "n_components" if part["type"] == "gaussian_mixture" else "n_rows"
        part.whole("n_features", n_features, n_features)
        number = part.whole(name, 1)
        needed = number * n_features * (n_features if name == "n_components" else 1)
    if needed > SLACK * held:
        raise ModelFileError(
            f"the specification describes at least {needed:,} numbers, but the arrays hold {held:,}"
        )


def _check_condition(arguments: Entries, n_conditions: int) -> None:
    """Refuse a flow of another condition than the file has columns for."""
    found = n_conditions_of(arguments)
    if found != n_conditions:
        raise ModelFileError(
            f"a flow has a condition of {found} columns, but the file one of {n_conditions}"
        )


def n_conditions_of(arguments: Entries) -> int:
    """Return of how many columns the condition of a flow is; 0 without one.

    Raises:
        ModelFileError: where its shape is none of one axis.
    """
    shape = arguments.values.get(CONDITION)
    if shape is None:
        return 0
    if not isinstance(shape, list) or len(shape) != 1 or not is_whole(shape[0]) or shape[0] < 1:
        raise ModelFileError(f"{CONDITION!r} must be null or one size, but is {told(shape)}")
    return shape[0]


def _flow_size(part: Entries, n_features: int, held: int) -> int:
    """Return how many numbers a flow holds at least, once its arguments are checked."""
    recipe = known_recipe(part["recipe"])
    arguments = part.below("arguments")
    signature = inspect.signature(recipe.build).parameters
    for name in arguments.values:
        if name not in signature or name in ("key", "base"):
            raise ModelFileError(
                f"the specification describes no flow of this version: {part['recipe']} has no "
                f"argument {told(name)}"
            )
        if name != CONDITION:
            _check_argument(arguments, name, signature[name].default, most=SLACK * held)
    arguments.whole("n_features", n_features, n_features)
    chosen = recipe.defaults | arguments.values
    units = list(chosen["hidden_sizes"])
    # Networks hold their weights dense, from layer to layer and in each layer of the flow.
    widths = [n_features, *units]
    of_layer = sum(a * b for a, b in pairwise(widths)) + sum(widths)
    outputs = n_features * chosen.get("n_bins", 1) * (units[-1] if units else 1)
    return chosen["n_layers"] * (of_layer + outputs // 2)


def _check_argument(arguments: Entries, name: str, default: Any, *, most: int) -> None:
    """Refuse an argument of another type than its default has, or beyond what arrays can hold."""
    value = arguments[name]
    if isinstance(default, bool):
        arguments.flag(name)
    elif isinstance(default, int) or default is inspect.Parameter.empty:
        arguments.whole(name, 1, most)
    elif isinstance(default, float):
        arguments.real(name, -LARGEST_NUMBER, LARGEST_NUMBER)
    elif isinstance(default, tuple):
        if not all(is_whole(size) and 1 <= size <= most for size in arguments.items(name)):
            raise ModelFileError(
                f"{name!r} must be whole numbers in [1, {most}], but is {told(value)}"
            )
    elif value is not None:
        if default is None:
            raise ModelFileError(f"{name!r} must be null, but is {told(value)}")
        arguments.text(name)
