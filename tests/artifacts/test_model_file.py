import hashlib
import json
import re

import numpy as np
import pytest
import safetensors.numpy

from fluvial.artifacts import model_file, read_model, write_model
from fluvial.errors import ModelFileError

HEADER = {"columns": ["temp", "überdruck"], "n_layers": 3, "nothing": None, "offset": -1.5e-7}
ARRAYS = {
    "weight": np.arange(12, dtype=np.float32).reshape(3, 4),
    "scale": np.array([1e-300, 1.0, 1e300]),
    "order": np.array([2, 0, 1], np.int32),
    "scalar": np.array(2.5),
    "empty": np.zeros((0, 2)),
    "transposed": np.arange(6.0).reshape(2, 3).T,
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.fluvial"
    write_model(path, kind="FlowDensity", header=HEADER, arrays=ARRAYS)
    return path


def test_what_is_written_is_read(path):
    model = read_model(path, kind="FlowDensity")
    assert (model.kind, model.format_version, model.header) == ("FlowDensity", 1, HEADER)
    assert model.libraries.keys() == {"fluvial", "jax", "equinox", "numpy", "python"}
    assert model.arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert model.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(model.arrays[name], array)
    assert read_model(path, kind=("Other", "FlowDensity")).sha256 == model.sha256


def test_writing_gives_the_same_bytes_and_the_checksum(path, tmp_path):
    again = tmp_path / "again.fluvial"
    sha256 = write_model(again, kind="FlowDensity", header=HEADER, arrays=ARRAYS)
    assert again.read_bytes() == path.read_bytes()
    assert sha256 == read_model(path).sha256


def test_the_checksum_is_over_the_file_with_that_field_blank(path):
    data, sha256 = path.read_bytes(), read_model(path).sha256
    assert hashlib.sha256(data.replace(sha256.encode(), b" " * 64)).hexdigest() == sha256


def test_it_is_a_plain_safetensors_file(path):
    arrays = safetensors.numpy.load_file(path)
    np.testing.assert_array_equal(arrays["weight"], ARRAYS["weight"])


def test_every_altered_byte_is_refused(path):
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    places = [*range(0, start, 7), *range(start, len(data), 11), len(data) - 1]
    for place in places:
        altered = bytearray(data)
        altered[place] ^= 0x01
        path.write_bytes(altered)
        with pytest.raises(ModelFileError):
            read_model(path)
    altered = bytearray(data)
    altered[-5] ^= 0x80
    path.write_bytes(altered)
    with pytest.raises(ModelFileError, match=r"was altered .* SHA-256 does not fit"):
        read_model(path)


def test_every_truncation_is_refused(path):
    data = path.read_bytes()
    for length in {0, 3, 8, 9, 10, 50, len(data) // 2, len(data) - 8, len(data) - 1}:
        path.write_bytes(data[:length])
        with pytest.raises(ModelFileError, match=r"truncated|empty, not a model"):
            read_model(path)
    path.write_bytes(data + b"\0")
    with pytest.raises(ModelFileError, match="altered"):
        read_model(path)


def test_an_altered_header_with_valid_json_is_refused(path):
    data = path.read_bytes()
    path.write_bytes(data.replace(b'\\"n_layers\\": 3', b'\\"n_layers\\": 4'))
    assert path.read_bytes() != data
    with pytest.raises(ModelFileError, match="altered"):
        read_model(path)


def test_an_unknown_version_says_which_are_read(path, monkeypatch):
    monkeypatch.setattr(model_file, "FORMAT_VERSION", 99)
    write_model(path, kind="FlowDensity", header={}, arrays=ARRAYS)
    with pytest.raises(ModelFileError, match=r"format version 99, but this fluvial .* reads 1;"):
        read_model(path)


def test_another_kind_is_refused(path):
    with pytest.raises(ModelFileError, match="holds a FlowDensity, but a FlowAnomalyDetector"):
        read_model(path, kind="FlowAnomalyDetector")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n3,4\n", "not a model file: it does not begin like safetensors"),
        (b"PAR1" + b"\0" * 50, "not a model file"),
        (b"\x20\0\0\0\0\0\0\0{" + b"x" * 40, "damaged: its header is not JSON"),
        (safetensors.numpy.save({"a": np.ones(2)}), "not a model that fluvial wrote"),
        (
            safetensors.numpy.save({"a": np.ones(2)}, metadata={"fluvial": "[]"}),
            "no JSON object",
        ),
        (
            safetensors.numpy.save({"a": np.ones(2)}, metadata={"fluvial": "{"}),
            "model header is not JSON",
        ),
        (
            safetensors.numpy.save(
                {"a": np.ones(2)}, metadata={"fluvial": json.dumps({"format_version": 1})}
            ),
            "altered",
        ),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    path = tmp_path / "other.fluvial"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=re.escape(path.name) + ".*" + message):
        read_model(path)


def test_absent_files_and_directories_raise_their_own_errors(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_model(tmp_path / "absent.fluvial")
    with pytest.raises(IsADirectoryError):
        read_model(tmp_path)


def test_headers_that_json_cannot_hold_are_refused(tmp_path):
    path = tmp_path / "m.fluvial"
    for header in ({"a": np.ones(1)}, {"a": float("nan")}, {"sha256": "x"}):
        with pytest.raises(ValueError, match=r"JSON|own names"):
            write_model(path, kind="demo", header=header, arrays={})
    assert not path.exists()
