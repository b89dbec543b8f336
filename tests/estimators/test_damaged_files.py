"""Single attacks on model files, each with the message that it must get."""

import os
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
from tests.estimators import stored_models
from tests.estimators.stored_models import blank_content, entries_of

from fluvial import load
from fluvial.artifacts import read_model, write_model
from fluvial.errors import ModelFileError
from fluvial.estimators import FlowDensity

NAN, INFINITY = float("nan"), float("inf")
SECONDS, BYTES = 3.0, 150_000_000
"""What a refusal may take."""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model file of each kind."""
    folder = tmp_path_factory.mktemp("stored")
    for kind in stored_models.KINDS:
        stored_models.save(kind, folder / kind)
    return folder


def refuse(path, message: str) -> None:
    """Expect a ModelFileError, soon and without much memory."""
    tracemalloc.start()
    start = time.perf_counter()
    try:
        with pytest.raises(ModelFileError, match=message) as refused:
            load(path)
        assert time.perf_counter() - start < SECONDS
        assert tracemalloc.get_traced_memory()[1] < BYTES
    finally:
        tracemalloc.stop()
    assert len(str(refused.value)) < 1000
    assert str(refused.value).isprintable()


def changed_entry(entries: Any, place: str, value: Any) -> None:
    """Set an entry by the keys that lead to it, with dots between them."""
    *outer, last = [int(key) if key.isdigit() else key for key in place.split(".")]
    for key in outer:
        entries = entries[key]
    entries[last] = value


def flow_argument(name: str) -> str:
    return f"specification.arguments.{name}"


ENTRIES = [
    ("detector", "offset", "text", "'offset' must be a finite number .*, but is 'text'"),
    ("detector", "offset", NAN, "NaN is not JSON"),
    ("detector", "offset", [0, INFINITY], "Infinity is not JSON"),
    ("detector", "offset", [0, 1], "'offset' must be a finite number"),
    ("detector", "offset", None, "'offset' must be a finite number"),
    ("detector", "offset", True, "'offset' must be a finite number"),
    ("detector", "offset", 10**400, "'offset' must be a finite number"),
    ("detector", "notes", "text", "'notes' must be an object, but is 'text'"),
    ("detector", "schema", "text", "the schema must be an object"),
    ("detector", "schema.names", ["a", "a", "b", "c"], "4 names, 3 of them different"),
    ("detector", "schema.names", "abcd", "names must be texts"),
    ("detector", "schema.names", ["a", "b", "c", 4], "names must be texts"),
    ("detector", "schema.names", ["a", "b", "c"], "3 names, 3 of them different, and 4 types"),
    ("detector", "schema.types", [1, 2, 3, 4], "types must be texts"),
    ("detector", "schema.named", "yes", "'named' must be true or false"),
    ("flow", "training", [], "'training' must be an object"),
    ("flow", "training.epochs", 3, "train_loss' must be float64\\[3\\], but is float64\\[2\\]"),
    ("flow", "training.best_epoch", 9, "'best_epoch' must be a whole number in \\[0, 2\\]"),
    ("flow", "training.stop_reason", 3, "'stop_reason' must be a text"),
    ("flow", "training.n_samples_fit", 4, "must be among the 4 rows given"),
    ("flow", "training.n_samples_fit", 2.0**70, "'n_samples_fit' must be a whole number"),
    ("flow", "training.n_held_out", 2, "'held_out_indices' must be int64\\[2\\]"),
    ("flow", "training.held_out_score", None, "3 held-out rows have the mean score None"),
    ("flow", "training.held_out_standard_error", -1, "must be a finite number in \\[0, inf\\]"),
    ("flow", "training.gains", {"oracle": {}}, "gains must be over .'gaussian'"),
    ("flow", "training.gains.gaussian.gain", "much", "'gain' must be a finite number"),
    ("flow", "training.members", [{"name": "maf", "weight": 1, "nats": 0}], "1 members are told"),
    ("flow", "parameters", "text", "'parameters' must be an object"),
    ("flow", "parameters.wings", 2, "unknown parameters: \\['wings'\\]"),
    ("flow", "parameters.learning_rate", -1, "learning_rate must lie in"),
    ("flow", "parameters.hidden_sizes", "many", "'hidden_sizes' must be a list"),
    ("flow", "parameters.hidden_sizes", [2, "x"], "every entry of hidden_sizes must be"),
    ("flow", "parameters.flow", ["maf"], "parameter is out of its range"),
    ("flow", "parameters.random_state", 2**32, "'random_state' must be a whole number"),
    ("flow", "parameters.random_state", "lucky", "'random_state' must be a whole number"),
    ("detector", "parameters.contamination", 0.7, "contamination must lie in"),
    ("flow", "specification", "maf", "the specification must be an object"),
    ("flow", "specification.type", ["flow"], "unknown type of distribution \\['flow'\\]"),
    ("flow", "specification.recipe", {}, "unknown recipe"),
    ("flow", flow_argument("n_layers"), 2**63, "'n_layers' must be a whole number in \\[1, "),
    ("flow", flow_argument("n_layers"), 10**6, "'n_layers' must be a whole number in \\[1, "),
    ("flow", flow_argument("n_layers"), 100, "describes at least .* numbers, but the arrays hold"),
    ("flow", flow_argument("n_layers"), True, "'n_layers' must be a whole number"),
    ("flow", flow_argument("n_layers"), 3, "but the model it describes needs"),
    ("flow", flow_argument("n_features"), 10**9, "'n_features' must be a whole number in"),
    ("flow", flow_argument("n_features"), 3, "'n_features' must be a whole number in \\[2, 2"),
    ("flow", flow_argument("hidden_sizes"), [10**9], "'hidden_sizes' must be whole numbers"),
    ("flow", flow_argument("hidden_sizes"), [60, 60], "describes at least"),
    ("flow", flow_argument("hidden_sizes"), [4, "x"], "'hidden_sizes' must be whole numbers"),
    ("flow", flow_argument("hidden_sizes"), [], "hidden_sizes needs at least one"),
    ("flow", flow_argument("linear"), "sideways", "linear must be one of"),
    ("flow", flow_argument("activation"), 3, "'activation' must be a text"),
    ("flow", flow_argument("condition_shape"), [2], "a flow has a condition of 2 columns"),
    ("flow", flow_argument("base"), None, "has no argument 'base'"),
    ("detector", flow_argument("n_bins"), 10**9, "'n_bins' must be a whole number"),
    ("detector", flow_argument("interval"), 1e300, "'interval' must be a finite number"),
    ("detector", flow_argument("interval"), -5, "interval must be positive"),
    ("mixture", "specification.weights", [0.5, 0.3, NAN], "NaN is not JSON"),
    ("mixture", "specification.weights", [0.5, 0.3, 0.9], "weights must sum to one"),
    ("mixture", "specification.weights", [1.5, -0.3, -0.2], "weights must be numbers in"),
    ("mixture", "specification.weights", [0.5, 0.5], "3 parts, 3 names and 2 weights"),
    ("mixture", "specification.names", [1, 2, 3], "'names' must be a list of texts"),
    ("mixture", "specification.parts", [], "0 parts, 3 names"),
    ("mixture", "specification.parts.1.n_components", 10**9, "describes at least"),
    ("mixture", "specification.parts.2.n_rows", 10**9, "describes at least"),
    ("mixture", "specification.parts.2.n_rows", 0, "'n_rows' must be a whole number"),
    ("mixture", "specification.parts.2", "text", "an entry of 'parts' must be an object"),
    ("mixture", "specification.parts.0.type", "mixture", "must not be part of another"),
    ("mixture", "training.members.0.weight", 2, "'weight' must be a finite number in \\[0, 1\\]"),
    ("mixture", "training.members.0.weight", 0, "weights must sum to one"),
    ("ratio", "reference", None, "'parameters' must be an object"),
    ("ratio", "reference.learning_rate", -1, "learning_rate must lie in"),
    ("ratio", "parameters.learning_rate", 0.1, "unknown parameters: \\['learning_rate'\\]"),
    ("ratio", "parameters.flow", 3, "parameter is out of its range"),
    ("flow", "kind", 3, "'kind' must be a text"),
    ("flow", "kind", "\x1b[31mFlow", "holds a .x1b.31mFlow, but"),
    ("flow", "libraries", [], "'libraries' an object of texts"),
    ("flow", "libraries.jax", 3, "'libraries' an object of texts"),
    ("flow", "format_version", True, "format version True"),
    ("flow", "format_version", [1], "format version \\[1\\]"),
    ("flow", "sha256", "\ud800" * 64, "was altered"),
]


@pytest.mark.parametrize(("kind", "place", "value", "message"), ENTRIES)
def test_entries_that_cannot_be(saved, tmp_path, kind, place, value, message):
    file, path = read_model(saved / kind), tmp_path / "m.fluvial"
    entries = entries_of(file)
    changed_entry(entries, place, value)
    stored_models.write_content(path, entries, file.arrays)
    refuse(path, message)


def numbers(array: np.ndarray, value: Any, place: int = 0) -> np.ndarray:
    """Return a copy with one number changed."""
    copy = array.copy()
    copy.reshape(-1)[place] = value
    return copy


LOGITS, MEANS = "._log_weights.logits.stored.value", "distribution.distributions.1._means"
LINEAR = "distribution.bijector.stacked.parts"

ARRAYS = [
    *(("flow", "scaler.scale", value, "scales must be positive") for value in (0.0, -1.0)),
    *(("flow", "scaler.scale", value, "'scale' must be finite") for value in (NAN, INFINITY)),
    ("flow", "scaler.centre", NAN, "'centre' must be finite"),
    ("flow", "scaler.values", INFINITY, "'values' must be finite"),
    ("flow", "scaler.source", 7, "column 0 must be constant"),
    ("flow", "scaler.source", -2, "column 0 must be constant"),
    ("flow", "scaler.source", 1, "column 0 must be constant"),
    ("flow", "scaler.source", -1, "column 3 must be constant"),
    ("detector", "scaler.spline_column", 7, "splines must be of one of 2 columns"),
    ("detector", "scaler.spline_x", NAN, "'spline_x' must be finite"),
    *(("detector", "scaler.spline_x", value, "spline must increase") for value in (1e3, -1e307)),
    ("detector", "scaler.spline_y", 1e3, "spline must increase"),
    *(("detector", "scaler.spline_slope", v, "spline must increase") for v in (0.0, -1.0, 1e300)),
    ("flow", "rounding_steps", NAN, "'rounding_steps' must be finite"),
    ("flow", "rounding_steps", -1.0, "rounding steps must not be negative"),
    ("flow", "held_out_indices", -1, "must be among the 40 rows"),
    ("flow", "held_out_indices", 7, "must ascend"),
    ("flow", "held_out_log_prob", NAN, "'held_out_log_prob' must be finite"),
    ("mixture", f"distribution{LOGITS}", NAN, "weights of a mixture must be finite"),
    ("mixture", f"distribution{LOGITS}", INFINITY, "weights of a mixture must be finite"),
    ("mixture", f"distribution.distributions.1{LOGITS}", NAN, "weights of a Gaussian mixture"),
    ("mixture", f"distribution.distributions.2{LOGITS}", NAN, "weights of a kernel density"),
    ("mixture", f"{MEANS}.stored.value", NAN, "means must be finite"),
    ("mixture", f"{MEANS}.stored.value", 1e30, "means must be finite and within"),
    ("mixture", "distribution.distributions.1._diagonals.start.value", 0, "factors must be posi"),
    ("mixture", "distribution.distributions.1._diagonals.start.value", -1, "factors must be pos"),
    ("mixture", "distribution.distributions.1._below.stored.value", NAN, None),
    ("mixture", "distribution.distributions.2._rows.value", NAN, "rows of a kernel density must"),
    ("mixture", "distribution.distributions.2._bandwidth.value", 0, "bandwidths must be positive"),
    ("mixture", "distribution.distributions.2._bandwidth.value", -1, "bandwidths must be positiv"),
    ("mixture", "distribution.distributions.2._bandwidth.value", NAN, "bandwidths must be finite"),
    *(("ratio", "bumps.weights", value, "weights of bumps must be") for value in (-0.1, 1.1)),
    *(("ratio", f"bumps.{name}", NAN, "must be finite") for name in ("weights", "means")),
    ("ratio", "bumps.means", 1e10, "must be finite and within"),
    *(("ratio", "bumps.covariances", value, "positive definite") for value in (0.0, -1.0, 0.01)),
    ("ratio", "bumps.covariances", INFINITY, "must be finite and within"),
    ("flow", f"{LINEAR}.0.bijector.indices", 7, "must hold each of 0...1 once"),
    ("flow", f"{LINEAR}.0.bijector.inverse_indices", 7, "must hold each of 0...1 once"),
    ("flow", f"{LINEAR}.1.bijector.raw", NAN, "parameters of a flow must be finite"),
    ("flow", f"{LINEAR}.1.bijector.bias", 3e38, "parameters of a flow must be finite and within"),
]


@pytest.mark.parametrize(("kind", "name", "value", "message"), ARRAYS)
def test_numbers_that_cannot_be(saved, tmp_path, kind, name, value, message):
    file, path = read_model(saved / kind), tmp_path / "m.fluvial"
    arrays = {**file.arrays, name: numbers(file.arrays[name], value)}
    stored_models.write_content(path, entries_of(file), arrays)
    if message is None:  # above the diagonal, where nothing is read
        assert np.isfinite(load(path).score_samples(stored_models.table())).all()
    else:
        refuse(path, message)


def test_arrays_of_another_shape_or_type_are_refused(saved, tmp_path):
    file, path = read_model(saved / "flow"), tmp_path / "m.fluvial"
    for name in ("scaler.centre", "scaler.scale", "scaler.source", "scaler.values"):
        array = file.arrays[name]
        for other in (array[:0], array[:1], array[:, None], array.astype(np.float32)):
            stored_models.write_content(path, entries_of(file), {**file.arrays, name: other})
            refuse(path, "m.fluvial: ")
    for name in file.arrays:
        arrays = {n: array for n, array in file.arrays.items() if n != name}
        stored_models.write_content(path, entries_of(file), arrays)
        # Files of earlier versions lack these two.
        if name not in ("held_out_log_prob", "scaler.tolerance"):
            refuse(path, "lacks")


def test_bumps_of_another_shape_or_type_are_refused(saved, tmp_path):
    file, path = read_model(saved / "ratio"), tmp_path / "m.fluvial"
    for name in ("bumps.weights", "bumps.means", "bumps.covariances"):
        array = file.arrays[name]
        for other in (array[..., :0], array[None], np.array(array[0]), array.astype(np.float32)):
            stored_models.write_content(path, entries_of(file), {**file.arrays, name: other})
            refuse(path, "arrays of bumps must be")
        arrays = {n: each for n, each in file.arrays.items() if n != name}
        stored_models.write_content(path, entries_of(file), arrays)
        refuse(path, f"lacks what a DensityRatio needs: .*{name}")
    narrow = {**file.arrays, "bumps.covariances": 1e-30 * np.eye(2)[None]}
    stored_models.write_content(path, entries_of(file), narrow)
    refuse(path, "narrower than any")


def test_large_headers_take_no_memory(tmp_path):
    path = tmp_path / "m.fluvial"
    content = b'{"__metadata__": {"fluvial": "[%s[]]"}}' % (b"[]," * 16_000_000)
    path.write_bytes(len(content).to_bytes(8, "little") + content)
    refuse(path, "declares a header of .* bytes, where 32,000,000 are the most")
    for inner in ("[]," * 5_000_000, "\\u005b\\u005d\\u002c" * 1_400_000):
        content = b'{"__metadata__": {"fluvial": "{}", "more": "%s"}}' % inner.encode()
        path.write_bytes(len(content).to_bytes(8, "little") + content)
        refuse(path, "holds more than 1,000,000 values|format version None")
    content = b'{"__metadata__": {"fluvial": "[%s]"}}' % (b"\\u005b\\u005d\\u002c" * 1_400_000)
    path.write_bytes(len(content).to_bytes(8, "little") + content)
    refuse(path, "holds more than 1,000,000 values")
    content = b'{"__metadata__": {"fluvial": "%s"}}' % (b"[" * 900_000)
    path.write_bytes(len(content).to_bytes(8, "little") + content)
    refuse(path, "damaged: its model header is not JSON")


def test_a_header_that_could_not_be_read_is_not_written(tmp_path):
    path = tmp_path / "m.fluvial"
    for notes in ({"text": "x" * 32_000_000}, {"list": [0] * 1_000_000}):
        with pytest.raises(ValueError, match="too long for a model file"):
            write_model(path, kind="demo", header=notes, arrays={})
    assert not path.exists()


def test_devices_are_no_model_files():
    for device in (os.devnull, "/dev/zero"):
        with pytest.raises(OSError, match=f"not a model file.*{device}"):
            load(device)


def test_files_of_earlier_versions_are_read(saved, tmp_path):
    file, path = read_model(saved / "detector"), tmp_path / "m.fluvial"
    entries = entries_of(file)
    entries["training"]["seconds"] = 1.5
    arrays = {n: array for n, array in file.arrays.items() if n != "held_out_log_prob"}
    stored_models.write_content(path, entries, arrays)
    again: Any = load(path)
    rows = stored_models.table()
    np.testing.assert_array_equal(
        again.score_samples(rows), load(saved / "detector").score_samples(rows)
    )
    again.save(path)
    again = load(path)
    assert np.isnan(again.density_.table_density_.held_out.log_prob).all()


def test_names_of_any_letters_are_kept(saved, tmp_path):
    file, path = read_model(saved / "flow"), tmp_path / "m.fluvial"
    entries, names = entries_of(file), ["\x1b[2J", "ü\u202e", "\udce9", "a\nb"]
    entries["schema"]["names"] = names
    stored_models.write_content(path, entries, file.arrays)
    again: Any = load(path)
    assert list(again.feature_names_in_ if again.schema_.named else again.schema_.names) == names
    assert all(line.isprintable() for line in again.summary().splitlines())


def test_blank_content_is_what_is_hashed(saved, tmp_path):
    path = tmp_path / "m.fluvial"
    stored_models.write_bytes(path, blank_content(saved / "flow"))
    assert isinstance(load(path), FlowDensity)
