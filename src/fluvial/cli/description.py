"""What a model file holds, told from its header alone: no estimator is rebuilt."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fluvial.artifacts import Entries, ModelFile, naming, read_model

# Not imported: that would take seconds.
_KINDS = ("DensityRatio", "FlowAnomalyDetector", "FlowDensity", "FlowSynthesizer")
_LEFT_OUT, _WINDOW = "columns_left_out", "window"


def describe_file(path: Path) -> dict[str, Any]:
    """Read a model file and tell what it holds.

    Raises:
        ModelFileError: where it is no model file, or is truncated, altered, of an unknown version
            or of another kind, or an entry of its header cannot be.
        OSError: where it cannot be read.
    """
    return describe(read_model(path, kind=_KINDS), path)


def describe(file: ModelFile, path: Path) -> dict[str, Any]:
    """Tell what a model file holds, once it is read or written.

    Returns:
        JSON values by key; None where something does not apply.

    Raises:
        ModelFileError: where an entry of its header cannot be.
    """
    with naming(file.kind, str(path)):
        header = Entries(file.header)
        schema, training = header.below("schema"), header.below("training")
        specification = header.below("specification")
        sizes = _sizes(specification)
        has_threshold = file.kind == "FlowAnomalyDetector"
        return {
            "file": str(path),
            "kind": file.kind,
            "format_version": file.format_version,
            "sha256": file.sha256,
            "columns": schema.texts("names"),
            "condition": _condition(header),
            "columns_left_out": columns_left_out(file),
            "window": window_of(file),
            "rows": training.whole("n_samples_fit", 1),
            "rows_held_out": training.whole("n_held_out", 0),
            "flow": _name(specification),
            "members": _members(specification),
            "n_layers": sizes.whole("n_layers", 1) if "n_layers" in sizes.values else None,
            "hidden_sizes": sizes.items("hidden_sizes") if "hidden_sizes" in sizes.values else None,
            "n_bins": sizes.whole("n_bins", 1) if "n_bins" in sizes.values else None,
            "epochs": training.whole("epochs", 0),
            "stop_reason": training.text("stop_reason"),
            "held_out_nats": training.real_or_none("held_out_score"),
            "threshold": header.real("offset") if has_threshold else None,
            **_over_density(file),
            "libraries": file.libraries,
        }


def _over_density(file: ModelFile) -> dict[str, Any]:
    """Of a ratio, the share of the sample in each bump; all else tells of the reference."""
    if file.kind != "DensityRatio":
        return {}
    return {"over_densities": [round(float(w), 6) for w in file.arrays["bumps.weights"].ravel()]}


def _condition(header: Entries) -> list[str] | None:
    """The columns that a density is conditional on, if it is."""
    return header.below("condition").texts("names") if "condition" in header.values else None


def _name(specification: Entries) -> str:
    """The recipe of a flow; of a mixture "auto", or "classical" where it holds no flow."""
    kind = specification.text("type")
    if kind != "mixture":
        return specification.text("recipe") if kind == "flow" else kind
    kinds = {part.text("type") for part in specification.objects("parts")}
    return "auto" if "flow" in kinds else "classical"


def _sizes(specification: Entries) -> Entries:
    """The arguments of the flow, of a mixture those of the first; empty without a flow."""
    is_mixture = specification.text("type") == "mixture"
    parts = specification.objects("parts") if is_mixture else [specification]
    flows = [part.below("arguments") for part in parts if part.text("type") == "flow"]
    return flows[0] if flows else Entries({})


def _members(specification: Entries) -> dict[str, float] | None:
    """The weight of each member of a mixture; flows of one name add up."""
    if specification["type"] != "mixture":
        return None
    names, shares = specification.texts("names"), specification.reals("weights")
    weights: dict[str, float] = {}
    for name, weight in zip(names, shares, strict=True):
        weights[name] = round(weights.get(name, 0.0) + weight, 4)
    return weights


def columns_left_out(file: ModelFile) -> list[str]:
    """The columns of the fitted file that the options of `fit` left out.

    Raises:
        ModelFileError: where the note of them is no list of texts.
    """
    notes = Entries(file.header.get("notes") or {}, "'notes'")
    return notes.texts(_LEFT_OUT) if _LEFT_OUT in notes.values else []


def window_of(file: ModelFile) -> int:
    """The rows of a window that the model was fitted to; 1 where it was fitted to rows.

    Raises:
        ModelFileError: where the note of it is no whole number of at least 1.
    """
    notes = Entries(file.header.get("notes") or {}, "'notes'")
    return notes.whole(_WINDOW, 1) if _WINDOW in notes.values else 1


def notes_of_fit(left_out: Sequence[str], window: int = 1) -> dict[str, Any]:
    """The notes of a model file from which `columns_left_out` and `window_of` read."""
    return {_LEFT_OUT: list(left_out)} | ({} if window == 1 else {_WINDOW: window})
