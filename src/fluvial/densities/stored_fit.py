"""A flow that was fitted to a fold, as entries of a header and arrays, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fluvial.artifacts import Entries, tree_to_arrays
from fluvial.densities.fitted import Fitted
from fluvial.densities.specification import rebuild
from fluvial.densities.stored_distribution import check_distribution
from fluvial.densities.stored_specification import check_specification, n_conditions_of
from fluvial.errors import ModelFileError
from fluvial.training import History

CURVES = ("train_loss", "validation_loss", "learning_rate")
"""What a history tells of each epoch."""

JUDGEMENTS = ("held_out", "plain")
"""Log densities of held-out rows."""

DISTRIBUTION = "distribution."


def stored_fit(fitted: Fitted) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays and the facts, of what JSON holds, of a fit with a history."""
    history = fitted.history
    if history is None:
        raise TypeError("only the fit of a flow is stored")
    arrays = {DISTRIBUTION + n: a for n, a in tree_to_arrays(fitted.distribution).items()}
    arrays |= {name: np.array(getattr(history, name), np.float64) for name in CURVES}
    for name in JUDGEMENTS:
        values = getattr(fitted, name)
        if values is not None:
            arrays[name] = values
    facts = {
        "specification": fitted.specification,
        "stop_reason": history.stop_reason,
        "best_epoch": history.best_epoch,
    }
    return arrays, facts


def fitted_of(facts: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Fitted:
    """Return what `stored_fit` was given, but for the seconds of its history.

    Raises:
        KeyError: where an entry or an array is missing.
        ModelFileError: where one is out of its range, or where they do not fit each other.
    """
    entries = Entries(facts, "a fit")
    specification = entries["specification"]
    of_flow = {n[len(DISTRIBUTION) :]: a for n, a in arrays.items() if n.startswith(DISTRIBUTION)}
    arguments = Entries(specification, "a specification").below("arguments")
    check_specification(
        specification,
        of_flow,
        n_features=arguments.whole("n_features", 1),
        n_conditions=n_conditions_of(arguments),
    )
    distribution = rebuild(specification, of_flow)
    check_distribution(distribution)
    n_epochs = len(arrays["train_loss"])
    curves = {}
    for name in CURVES:
        curve = arrays[name]
        length = n_epochs if len(curve) or name != "validation_loss" else 0
        curves[name] = tuple(_numbers(arrays, name, length).tolist())
    history = History(
        **curves,
        stop_reason=entries.text("stop_reason"),
        best_epoch=entries.whole("best_epoch", 0, n_epochs),
        seconds=None,
    )
    if ("held_out" in arrays) != ("plain" in arrays):
        raise ModelFileError("held-out rows are judged with their noise and without, or not at all")
    held_out = plain = None
    if "held_out" in arrays:
        n = len(arrays["held_out"])
        held_out, plain = (_numbers(arrays, name, n) for name in JUDGEMENTS)
    return Fitted(distribution, specification, held_out, plain, history)


def _numbers(arrays: Mapping[str, np.ndarray], name: str, length: int) -> np.ndarray:
    array = arrays[name]
    if array.dtype != np.float64 or array.shape != (length,) or not np.isfinite(array).all():
        raise ModelFileError(
            f"{name!r} must be {length} finite float64 numbers, but is "
            f"{array.dtype}{list(array.shape)}"
        )
    return array
