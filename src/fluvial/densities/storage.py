"""The fitted density of a table as the header and the arrays of a model file, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from fluvial.artifacts import ModelFile, tree_to_arrays
from fluvial.densities.specification import rebuild
from fluvial.densities.table_density import HeldOut, TableDensity
from fluvial.tables import Schema, TableScaler
from fluvial.training import History

CURVES = ("train_loss", "validation_loss", "learning_rate")
"""What a history tells of each epoch: arrays of the file."""


def header_of(density: TableDensity) -> dict[str, Any]:
    """Return the entries of a model file's header that describe a density."""
    facts = asdict(density.history)
    return {
        "schema": density.schema.to_json(),
        "specification": density.specification,
        "training": {
            "n_samples_fit": density.n_samples_fit,
            "n_held_out": len(density.held_out.indices),
            "held_out_score": density.held_out.score,
            "held_out_standard_error": density.held_out.standard_error,
            "gains": density.gains,
            "epochs": len(density.history.train_loss),
            "members": list(density.members),
            **{name: value for name, value in facts.items() if name not in CURVES},
        },
    }


def arrays_of(density: TableDensity) -> dict[str, np.ndarray]:
    """Return the arrays of a model file that hold a density."""
    return {
        **_under("distribution", tree_to_arrays(density.distribution)),
        **_under("scaler", density.scaler.to_arrays()),
        **_under("history", {n: np.array(getattr(density.history, n), float) for n in CURVES}),
        "held_out_indices": density.held_out.indices,
        "held_out_log_prob": density.held_out.log_prob,
        "rounding_steps": density.rounding_steps,
    }


def density_of(file: ModelFile, where: str) -> TableDensity:
    """Return the density that a model file holds.

    Args:
        file: its header and arrays.
        where: what messages call it.

    Raises:
        ModelFileError: where arrays and specification do not fit each other.
        KeyError, TypeError, AttributeError: where entries are missing or of another kind.
    """
    arrays, facts = file.arrays, dict(file.header["training"])
    specification = file.header["specification"]
    curves = {name: tuple(values.tolist()) for name, values in _below("history", arrays).items()}
    rest = {name: facts[name] for name in ("stop_reason", "best_epoch", "seconds")}
    return TableDensity(
        schema=Schema.from_json(file.header["schema"]),
        scaler=TableScaler.from_arrays(_below("scaler", arrays)),
        distribution=rebuild(specification, _below("distribution", arrays), what=where),
        specification=specification,
        history=History(**curves, **rest),
        members=tuple(facts["members"]),
        gains=facts["gains"],
        rounding_steps=arrays["rounding_steps"],
        n_samples_fit=facts["n_samples_fit"],
        held_out=HeldOut(
            arrays["held_out_indices"],
            # Files of earlier versions lack it.
            arrays.get("held_out_log_prob", np.full(len(arrays["held_out_indices"]), np.nan)),
            facts["held_out_score"],
            facts["held_out_standard_error"],
        ),
    )


def _under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def _below(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    start = f"{prefix}."
    return {n.removeprefix(start): array for n, array in arrays.items() if n.startswith(start)}
