"""What a model file holds, told from its header: no estimator is rebuilt."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fluvial.artifacts import Entries, ModelFile, read_model
from fluvial.densities.storage import stored_density
from fluvial.estimators.loading import KINDS, naming

_LEFT_OUT = "columns_left_out"


def describe_file(path: Path) -> dict[str, Any]:
    """Read a model file and tell what it holds.

    Raises:
        ModelFileError: where it is no model file, or is truncated, altered, of an unknown version
            or of another kind, or an entry of its header cannot be.
        OSError: where it cannot be read.
    """
    return describe(read_model(path, kind=KINDS), path)


def describe(file: ModelFile, path: Path) -> dict[str, Any]:
    """Tell what a model file holds, once it is read or written.

    Returns:
        JSON values by key; None where something does not apply.

    Raises:
        ModelFileError: where an entry of its header cannot be.
    """
    with naming(file, str(path)):
        stored = stored_density(file)
        flow, facts = stored.specification, stored.facts
        sizes = _first_flow(flow).get("arguments", {})
        has_threshold = file.kind == "FlowAnomalyDetector"
        return {
            "file": str(path),
            "kind": file.kind,
            "format_version": file.format_version,
            "sha256": file.sha256,
            "columns": list(stored.schema.names),
            "columns_left_out": columns_left_out(file),
            "rows": facts.n_samples_fit,
            "rows_held_out": facts.n_held_out,
            "flow": flow.get("recipe", "auto" if flow["type"] == "mixture" else flow["type"]),
            "members": _members(flow),
            "n_layers": sizes.get("n_layers"),
            "hidden_sizes": sizes.get("hidden_sizes"),
            "n_bins": sizes.get("n_bins"),
            "epochs": facts.epochs,
            "stop_reason": facts.stop_reason,
            "held_out_nats": facts.held_out_score,
            "threshold": Entries(file.header).real("offset") if has_threshold else None,
            "libraries": file.libraries,
        }


def _first_flow(specification: dict[str, Any]) -> dict[str, Any]:
    """Of a mixture the first flow, else the specification itself."""
    flows = [member for member in specification.get("parts", []) if member["type"] == "flow"]
    return flows[0] if flows else specification


def _members(specification: dict[str, Any]) -> dict[str, float] | None:
    """The weight of each member of a mixture; flows of one name add up."""
    if specification["type"] != "mixture":
        return None
    weights: dict[str, float] = {}
    for name, weight in zip(specification["names"], specification["weights"], strict=True):
        weights[name] = round(weights.get(name, 0.0) + weight, 4)
    return weights


def columns_left_out(file: ModelFile) -> list[str]:
    """The columns of the fitted file that the options of `fit` left out.

    Raises:
        ModelFileError: where the note of them is no list of texts.
    """
    notes = Entries(file.header.get("notes") or {}, "'notes'")
    return notes.texts(_LEFT_OUT) if _LEFT_OUT in notes.values else []


def note_left_out(columns: Sequence[str]) -> dict[str, Any]:
    """The note of a model file from which `columns_left_out` reads."""
    return {_LEFT_OUT: list(columns)}
