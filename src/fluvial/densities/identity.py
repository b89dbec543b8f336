"""What makes two fits the same: equal rows, hyperparameters, seed and versions."""

import hashlib
from dataclasses import asdict
from typing import Any

import jax.numpy as jnp
import numpy as np

from fluvial.artifacts.model_file import writer_versions
from fluvial.densities.hyperparameters import Hyperparameters
from fluvial.errors import ModelFileError, told
from fluvial.tables import Schema

WITHOUT_EFFECT = ("verbose", "max_seconds")
"""Hyperparameters that do not change what is learned; a fit with checkpoints has no time limit."""


UNTOLD = ("values", "weights", "columns", "condition", "seed")
"""What says nothing, or too much, in a message."""


def identity(
    matrix: np.ndarray,
    weights: np.ndarray | None,
    schema: Schema,
    hyperparameters: Hyperparameters,
    seed: int,
    condition: Schema | None = None,
) -> dict[str, Any]:
    """Return what two fits must share to learn the same, of what JSON holds.

    Args:
        matrix: (n, D), the rows; their conditions stand behind them.
        weights: (n,), theirs; None where all are equal.
        schema: their columns.
        hyperparameters: all of them.
        seed: drawn from the random state once the folds are.
        condition: the columns of the condition, if there is one.
    """
    chosen = asdict(hyperparameters)
    if chosen["hidden_sizes"] is not None:
        chosen["hidden_sizes"] = list(chosen["hidden_sizes"])
    options = {name: value for name, value in chosen.items() if name not in WITHOUT_EFFECT}
    return {
        "shape": list(matrix.shape),
        "values": _digest(matrix),
        "weights": None if weights is None else _digest(weights),
        "columns": schema.to_json(),
        "condition": None if condition is None else condition.to_json(),
        "precision": str(jnp.result_type(float)),
        "seed": seed,
        **options,
        **writer_versions(),
    }


def _digest(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()


def refuse_other(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Refuse the identity of another fit.

    Args:
        found: the one that a file holds.
        wanted: that of the fit that is to go on.

    Raises:
        ModelFileError: naming what differs, and what to do.
    """
    differing = [n for n in (*wanted, *found) if n not in found or n not in wanted]
    differing += [n for n in wanted if n in found and found[n] != wanted[n]]
    if not differing:
        return
    told_of = [_difference(name, found, wanted) for name in dict.fromkeys(differing)]
    raise ModelFileError(
        f"this checkpoint is of another fit, with other {', '.join(told_of)}; give the table and "
        "the options of that fit, or begin anew without resuming"
    )


def _difference(name: str, found: dict[str, Any], wanted: dict[str, Any]) -> str:
    if name in UNTOLD:
        return name
    return f"{name} ({told(found.get(name))}, now {told(wanted.get(name))})"
