"""The fitted density of a table as the header and the arrays of a model file, and back."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fluvial.artifacts import Entries, ModelFile, tree_to_arrays
from fluvial.densities.specification import Specification, rebuild
from fluvial.densities.stored_distribution import check_distribution
from fluvial.densities.stored_specification import check_specification, checked_weights
from fluvial.densities.summary import BASELINES
from fluvial.densities.table_density import HeldOut, TableDensity
from fluvial.errors import ModelFileError, told
from fluvial.parallel import refuse_in_fork
from fluvial.tables import ConditionColumns, Lattice, Schema, TableScaler
from fluvial.tables.stored import column_numbers
from fluvial.training import History

CURVES = ("train_loss", "validation_loss", "learning_rate")
"""What a history tells of each epoch: arrays of the file."""

NOT_STORED = ("seconds",)
"""What differs from one fit to the next of the same: the same fit gives the same file."""


def header_of(density: TableDensity) -> dict[str, Any]:
    """Return the entries of a model file's header that describe a density."""
    facts = asdict(density.history)
    given = density.condition
    return {
        "schema": density.schema.to_json(),
        **({} if given is None else {"condition": given.schema.to_json()}),
        "specification": density.specification,
        "training": {
            "n_samples_fit": density.n_samples_fit,
            "n_held_out": len(density.held_out.indices),
            "held_out_score": density.held_out.score,
            "held_out_standard_error": density.held_out.standard_error,
            "gains": density.gains,
            "epochs": len(density.history.train_loss),
            "members": list(density.members),
            **{name: v for name, v in facts.items() if name not in (*CURVES, *NOT_STORED)},
        },
    }


def arrays_of(density: TableDensity) -> dict[str, np.ndarray]:
    """Return the arrays of a model file that hold a density."""
    arrays = {
        **_under("distribution", tree_to_arrays(density.distribution)),
        **_under("scaler", density.scaler.to_arrays()),
        **_under("lattice", {} if density.lattice is None else density.lattice.to_arrays()),
        **_under("condition", {} if density.condition is None else density.condition.to_arrays()),
        **_under("history", {n: np.array(getattr(density.history, n), float) for n in CURVES}),
        "held_out_indices": density.held_out.indices,
        "rounding_steps": density.rounding_steps,
    }
    # Unknown where the density comes from a file of an earlier version.
    if not np.isnan(density.held_out.log_prob).any():
        arrays["held_out_log_prob"] = density.held_out.log_prob
    return arrays


def density_of(file: ModelFile) -> TableDensity:
    """Return the density that a model file holds.

    Raises:
        KeyError: where an entry or an array is missing.
        ModelFileError: where one is of another kind, out of its range, or where they do not fit
            each other; the message does not name the file.
        ForkError: in a process that was forked after JAX had computed.
    """
    refuse_in_fork()
    arrays, facts = file.arrays, facts_of(file.header)
    schema = Schema.from_json(file.header["schema"])
    scaler = TableScaler.from_arrays(_below("scaler", arrays))
    if scaler.n_columns != schema.n_columns:
        raise ModelFileError(
            f"the schema has {schema.n_columns} columns, but the scaler {scaler.n_columns}"
        )
    specification, of_distribution = file.header["specification"], _below("distribution", arrays)
    condition = _condition(file)
    check_specification(
        specification,
        of_distribution,
        n_features=scaler.n_kept,
        n_conditions=0 if condition is None else condition.schema.n_columns,
    )
    _check_members(facts.members, specification)
    distribution = rebuild(specification, of_distribution)
    check_distribution(distribution)
    steps = column_numbers(arrays, "rounding_steps", n_columns=schema.n_columns)
    if (steps < 0).any():
        raise ModelFileError(f"rounding steps must not be negative, but one is {steps.min()}")
    return TableDensity(
        schema=schema,
        scaler=scaler,
        distribution=distribution,
        specification=specification,
        history=_history(_below("history", arrays), facts),
        members=facts.members,
        gains=facts.gains,
        rounding_steps=steps,
        n_samples_fit=facts.n_samples_fit,
        held_out=_held_out(arrays, facts),
        lattice=Lattice.from_arrays(_below("lattice", arrays), n_columns=schema.n_columns),
        condition=condition,
    )


def _condition(file: ModelFile) -> ConditionColumns | None:
    """Return the columns of the condition; files of unconditional densities tell of none."""
    if "condition" not in file.header:
        return None
    return ConditionColumns.from_stored(file.header["condition"], _below("condition", file.arrays))


@dataclass(frozen=True)
class TrainingFacts:
    """What the header tells of a fit; see `TableDensity`, `HeldOut` and `History`."""

    n_samples_fit: int
    n_held_out: int
    held_out_score: float | None
    held_out_standard_error: float | None
    gains: dict[str, dict[str, float]]
    epochs: int
    members: tuple[dict[str, Any], ...]
    stop_reason: str
    best_epoch: int


def facts_of(header: Mapping[str, Any]) -> TrainingFacts:
    """Return what the header of a model file tells of the fit, checked.

    Raises:
        KeyError: where an entry is missing.
        ModelFileError: where one is of another kind or out of its range.
    """
    entries = Entries(header["training"], "'training'")
    n_samples_fit, epochs = entries.whole("n_samples_fit", 1), entries.whole("epochs", 0)
    gains = entries.below("gains")
    if not gains.values.keys() <= BASELINES.keys():
        raise ModelFileError(f"gains must be over {list(BASELINES)}, but are {told(gains.values)}")
    return TrainingFacts(
        n_samples_fit=n_samples_fit,
        n_held_out=entries.whole("n_held_out", 0, n_samples_fit),
        held_out_score=entries.real_or_none("held_out_score"),
        held_out_standard_error=entries.real_or_none("held_out_standard_error", 0),
        gains={name: _gain(gains.below(name)) for name in gains.values},
        epochs=epochs,
        members=tuple(_member(each) for each in entries.objects("members")),
        stop_reason=entries.text("stop_reason"),
        best_epoch=entries.whole("best_epoch", 0, epochs),
    )


def _gain(entries: Entries) -> dict[str, float]:
    return {"gain": entries.real("gain"), "standard_error": entries.real("standard_error", 0)}


def _member(entries: Entries) -> dict[str, Any]:
    return {
        "name": entries.text("name"),
        "weight": entries.real("weight", 0, 1),
        "nats": entries.real_or_none("nats"),
    }


def _check_members(members: tuple[dict[str, Any], ...], specification: Specification) -> None:
    parts = specification["parts"] if specification["type"] == "mixture" else []
    if len(members) != len(parts):
        raise ModelFileError(f"{len(members)} members are told of {len(parts)} parts")
    if members:
        checked_weights([member["weight"] for member in members])


def _history(curves: Mapping[str, np.ndarray], facts: TrainingFacts) -> History:
    found = {}
    for name in CURVES:
        curve = curves[name]
        lengths = (0, facts.epochs) if name == "validation_loss" else (facts.epochs,)
        if curve.dtype != np.float64 or curve.ndim != 1 or len(curve) not in lengths:
            raise ModelFileError(
                f"the history's {name!r} must be float64[{facts.epochs}], but is "
                f"{curve.dtype}{list(curve.shape)}"
            )
        found[name] = tuple(curve.tolist())
    return History(
        **found, stop_reason=facts.stop_reason, best_epoch=facts.best_epoch, seconds=None
    )


def _held_out(arrays: Mapping[str, np.ndarray], facts: TrainingFacts) -> HeldOut:
    n, indices = facts.n_held_out, arrays["held_out_indices"]
    if indices.shape != (n,) or indices.dtype.kind not in "iu":
        raise ModelFileError(
            f"'held_out_indices' must be int64[{n}], but is {indices.dtype}{list(indices.shape)}"
        )
    if n and (indices[0] < 0 or indices[-1] >= facts.n_samples_fit):
        raise ModelFileError(f"held-out rows must be among the {facts.n_samples_fit} rows given")
    if (indices[1:] <= indices[:-1]).any():
        raise ModelFileError("the places of held-out rows must ascend")
    if (facts.held_out_score is None) != (n == 0):
        raise ModelFileError(f"{n} held-out rows have the mean score {facts.held_out_score}")
    # Files of earlier versions lack them.
    log_prob = np.full(n, np.nan)
    if n and "held_out_log_prob" in arrays:
        log_prob = column_numbers(arrays, "held_out_log_prob", n_columns=n)
    return HeldOut(indices, log_prob, facts.held_out_score, facts.held_out_standard_error)


def _under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def _below(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    start = f"{prefix}."
    return {n.removeprefix(start): array for n, array in arrays.items() if n.startswith(start)}
