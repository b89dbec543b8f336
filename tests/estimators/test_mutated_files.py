"""Model files with anything in them and a right checksum: refused, or as good as any."""

import random
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from tests.estimators import stored_models
from tests.estimators.stored_models import KINDS, blank_content, entries_of, table

from fluvial import load
from fluvial.artifacts import read_model
from fluvial.cli.description import describe_file
from fluvial.cli.options import print_summary
from fluvial.errors import ModelFileError

# What a mutation makes of "named" is legal.
pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")

N_MUTATIONS = 40
"""Of each of three kinds in each kind of file."""

VALUES = [
    *(None, True, False, "", "text", "\ud800", "\x1b[31m", [], {}, [[]], [None], {"": {}}, ["a"]),
    *(-1, 0, 1, 2, 7, 2**31, 2**63, 10**400, -(2**63), 10**9, 10**6),
    *(0.5, -0.5, 1e-320, 1e308, -1e308, float("nan"), float("inf"), float("-inf")),
]
"""What takes the place of an entry of the header."""

NUMBERS = [0, -1, 1, 2, 5, 2**31 - 1, 1e-30, -1e-3, 1e8, 1e30, 3e38, np.nan, np.inf, -np.inf]
"""What takes the place of a number of an array."""

BYTES = [0, 1, *b'"-09[{', 127, 255]
"""What takes the place of a byte."""


@pytest.fixture(scope="module", params=KINDS)
def saved(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("stored") / "m.fluvial"
    stored_models.save(request.param, path)
    return path


def check(path) -> bool:
    """Load and use a file; return whether it was taken for a model."""
    refused: str | None = None
    model: Any = None
    try:
        model = load(path)
    except ModelFileError as error:
        refused = str(error)
    if refused is not None:
        assert refused.startswith(str(path))
        assert refused.isprintable()
        return False
    rows = np.concatenate([table(), table() * 100])
    density = getattr(model, "density_", getattr(model, "reference_", model))
    assert np.isfinite(model.score_samples(rows)).all()
    assert np.isfinite(density.sample(3, 0)).all()
    assert density.transform(rows).shape == (80, 2)
    if hasattr(model, "decision_function"):
        assert np.isfinite(model.decision_function(rows)).all()
    assert density.summary()
    with suppress(ModelFileError):  # where the note of the command line was mutated
        print_summary(describe_file(path), as_json=True)
        print_summary(describe_file(path), as_json=False)
    return True


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every holder below a value with the key or index of what it holds."""
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    found = [(value, key) for key in keys]
    inner = [value[key] for key in keys]
    return found + [each for v in inner if isinstance(v, dict | list) for each in places(v)]


def test_an_unchanged_file_is_taken(saved, tmp_path):
    file, path = read_model(saved), tmp_path / "m.fluvial"
    stored_models.write_content(path, entries_of(file), file.arrays)
    assert check(path)
    stored_models.write_bytes(path, blank_content(saved))
    assert path.read_bytes() == saved.read_bytes()


def test_entries_of_the_header(saved, tmp_path):
    draw, file, path = random.Random(0), read_model(saved), tmp_path / "m.fluvial"
    n_taken = 0
    for _ in range(3 * N_MUTATIONS):
        entries = entries_of(file)
        holder, key = draw.choice(places(entries))
        if draw.random() < 0.15:
            del holder[key]
        else:
            holder[key] = draw.choice(VALUES)
        stored_models.write_content(path, entries, file.arrays)
        n_taken += check(path)
    assert n_taken < N_MUTATIONS


def test_numbers_and_shapes_of_the_arrays(saved, tmp_path):
    draw, file, path = random.Random(1), read_model(saved), tmp_path / "m.fluvial"
    for _ in range(N_MUTATIONS):
        arrays = {name: array.copy() for name, array in file.arrays.items()}
        name = draw.choice(sorted(arrays))
        array = arrays[name]
        kind = draw.random()
        if kind < 0.1:
            del arrays[name]
        elif kind < 0.2:
            arrays[name] = array.astype(draw.choice([np.float32, np.float64, np.int64, np.uint8]))
        elif kind < 0.3:
            arrays[name] = np.concatenate([array.ravel(), array.ravel()])
        elif array.size:
            with np.errstate(all="ignore"):
                value = np.array(draw.choice(NUMBERS)).astype(array.dtype)
            where = draw.randrange(array.size) if kind < 0.8 else slice(None)
            array.reshape(-1)[where] = value
        stored_models.write_content(path, entries_of(file), arrays)
        check(path)


def test_bytes(saved, tmp_path):
    draw, content, path = random.Random(2), blank_content(saved), tmp_path / "m.fluvial"
    for _ in range(N_MUTATIONS):
        mutated = bytearray(content)
        for _ in range(draw.choice([1, 1, 1, 3])):
            mutated[draw.randrange(len(mutated))] = draw.choice(
                [0, 1, 34, 45, 48, 57, 91, 127, 255]
            )
        stored_models.write_bytes(path, bytes(mutated))
        check(path)
