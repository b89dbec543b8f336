"""What a model file holds, told from its header alone: no estimator is rebuilt."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fluvial.artifacts import ModelFile, read_model
from fluvial.errors import ModelFileError

_KINDS = ("FlowAnomalyDetector", "FlowDensity")
_LEFT_OUT = "columns_left_out"


def describe(path: Path) -> dict[str, Any]:
    """Tell what a model file holds.

    Returns:
        JSON values by key; None where something does not apply.

    Raises:
        ModelFileError: where it is no model file, or is truncated, altered, of an unknown version
            or of another kind.
        OSError: where it cannot be read.
    """
    file = read_model(path, kind=_KINDS)
    header = file.header
    try:
        schema, training, flow = header["schema"], header["training"], header["specification"]
        sizes = _first_flow(flow).get("arguments", {})
        return {
            "file": str(path),
            "kind": file.kind,
            "format_version": file.format_version,
            "sha256": file.sha256,
            "columns": schema["names"],
            "columns_left_out": columns_left_out(file),
            "rows": training["n_samples_fit"],
            "rows_held_out": training["n_held_out"],
            "flow": flow.get("recipe", "auto" if flow["type"] == "mixture" else flow["type"]),
            "members": _members(flow),
            "n_layers": sizes.get("n_layers"),
            "hidden_sizes": sizes.get("hidden_sizes"),
            "n_bins": sizes.get("n_bins"),
            "epochs": training["epochs"],
            "stop_reason": training["stop_reason"],
            "held_out_nats": training["held_out_score"],
            "threshold": header.get("offset"),
            "libraries": file.libraries,
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(f"{path} lacks what a {file.kind} needs: {error!r}") from None


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
    """The columns of the fitted file that the options of `fit` left out."""
    return list((file.header.get("notes") or {}).get(_LEFT_OUT, []))


def note_left_out(columns: Sequence[str]) -> dict[str, Any]:
    """The note of a model file from which `columns_left_out` reads."""
    return {_LEFT_OUT: list(columns)}
