"""Synthetic tables: of the same kind, within the bounds, and of the classes that are asked for."""

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from tests.estimators.cases import TINY
from tests.estimators.stored_models import entries_of, write_content

import fluvial
from fluvial.artifacts import read_model
from fluvial.errors import DataError, ModelFileError, ShapeError
from fluvial.estimators import FlowSynthesizer

pytestmark = pytest.mark.filterwarnings("ignore:constant and left out")

CENTRES = {"ant": -20.0, "bee": 0.0, "cat": 20.0}
SETTINGS: dict[str, Any] = {**TINY, "max_epochs": 25}


@pytest.fixture(scope="module")
def animals():
    rng = np.random.default_rng(0)
    kind = rng.choice(list(CENTRES), p=[0.5, 0.3, 0.2], size=400)
    return pd.DataFrame(
        {
            "size": np.array([CENTRES[k] for k in kind]) + rng.normal(size=400),
            "kind": pd.Categorical(kind),
            "legs": (2 * rng.integers(1, 4, 400)).astype(np.int16),
            "wild": rng.random(400) < 0.3,
            "year": np.full(400, 2020, np.int32),
            "share": rng.random(400).astype(np.float32),
            "known": pd.array(rng.integers(0, 9, 400), dtype="Int64"),
        }
    )


@pytest.fixture(scope="module")
def labelled(animals):
    with pytest.warns(UserWarning, match="constant and left out"):
        return FlowSynthesizer(**SETTINGS).fit(animals, label="kind")


def check_like(drawn, table):
    assert list(drawn.columns) == list(table.columns)
    for name in ("size", "legs", "wild", "year", "share", "known"):
        values, held = drawn[name].to_numpy().astype(float), table[name].to_numpy().astype(float)
        assert held.min() <= values.min()
        assert values.max() <= held.max()
    assert set(drawn["legs"].to_numpy()) <= {2, 4, 6}


def test_a_drawn_table_is_like_the_given_one(labelled, animals):
    drawn = labelled.sample(1500, random_state=0)
    check_like(drawn, animals)
    assert drawn.dtypes.equals(animals.dtypes)
    assert (drawn["year"] == 2020).all()
    shares = drawn["kind"].value_counts(normalize=True)
    expected = animals["kind"].value_counts(normalize=True)
    np.testing.assert_allclose(shares[list(CENTRES)], expected[list(CENTRES)], atol=0.05)
    for kind, centre in CENTRES.items():
        np.testing.assert_allclose(drawn["size"][drawn["kind"] == kind].mean(), centre, atol=3)


def test_classes_are_those_that_are_asked_for(labelled):
    assert labelled.classes_ == ("ant", "bee", "cat")
    assert set(labelled.sample(20, 0, label="bee")["kind"]) == {"bee"}
    wanted = ["cat", "ant", "ant"]
    assert labelled.sample(3, 0, label=np.array(wanted))["kind"].tolist() == wanted
    shares = labelled.sample(1000, 0, label={"ant": 1, "cat": 3})["kind"].value_counts()
    assert (shares["bee"], shares.sum()) == (0, 1000)
    np.testing.assert_allclose(shares["cat"], 750, atol=50)


def test_a_seed_repeats_rows_and_extends_them(labelled):
    some, more = labelled.sample(100, 5), labelled.sample(1300, 5)
    pd.testing.assert_frame_equal(some, more[:100])
    assert not some.equals(labelled.sample(100, 6))


def test_a_file_holds_the_same_rows(labelled, tmp_path):
    expected = labelled.sample(1500, 5)
    labelled.sample_to(tmp_path / "s.parquet", 1500, 5)
    drawn = pq.read_table(tmp_path / "s.parquet").to_pandas()
    pd.testing.assert_frame_equal(drawn.astype(expected.dtypes.to_dict()), expected)
    labelled.sample_to(tmp_path / "s.csv", 1500, 5, label="cat")
    drawn = pyarrow.csv.read_csv(tmp_path / "s.csv").to_pandas()
    np.testing.assert_array_equal(drawn["size"], labelled.sample(1500, 5, label="cat")["size"])
    with pytest.raises(FileExistsError):
        labelled.sample_to(tmp_path / "s.csv", 1, replace=False)
    pieces = [table.num_rows for table in labelled.sample_tables(70_000, 5)]
    assert pieces == [65_536, 70_000 - 65_536]


def test_it_is_stored(labelled, tmp_path):
    labelled.save(tmp_path / "m.fluvial")
    again = fluvial.load(tmp_path / "m.fluvial")
    assert isinstance(again, FlowSynthesizer)
    assert again.get_params() == labelled.get_params()
    pd.testing.assert_frame_equal(again.sample(50, 1), labelled.sample(50, 1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e["synthesis"]["classes"].update(values=["ant", "bee", "dog"]), "not those"),
        (lambda e: e["synthesis"]["classes"].update(counts=[1, 2, -3]), "must be positive"),
        (lambda e: e["synthesis"].update(classes=None), "not those that the density"),
        (lambda e: e["synthesis"]["frame"].update(library="os"), "unknown library"),
        (lambda e: e["synthesis"]["frame"].update(names=["size"], types=["x"]), "not those of the"),
        (lambda e: e.pop("synthesis"), "KeyError"),
    ],
)
def test_a_damaged_file_is_refused(labelled, tmp_path, change, message):
    labelled.save(tmp_path / "m.fluvial")
    file = read_model(tmp_path / "m.fluvial")
    entries = entries_of(file)
    change(entries)
    write_content(tmp_path / "bad.fluvial", entries, file.arrays)
    with pytest.raises(ModelFileError, match=message):
        fluvial.load(tmp_path / "bad.fluvial")


@pytest.mark.parametrize("convert", [pl.from_pandas, pa.Table.from_pandas])
def test_frames_of_other_libraries_come_back(animals, convert):
    table = convert(animals)
    made = FlowSynthesizer(**TINY).fit(table, label="kind").sample(300, 0)
    assert type(made) is type(table)
    frame, given = nw.from_native(made), nw.from_native(table)
    for name in given.columns:
        assert frame[name].dtype == given[name].dtype
    check_like(frame, given)


@pytest.mark.parametrize("convert", [pl.from_pandas, pa.Table.from_pandas])
def test_frames_without_categories_come_back(animals, convert):
    table = convert(animals.drop(columns="kind"))
    made = FlowSynthesizer(flow="classical", random_state=0).fit(table).sample(50, 0)
    assert type(made) is type(table)
    check_like(nw.from_native(made), nw.from_native(table))


def test_arrays_without_and_with_labels():
    rows = np.random.default_rng(0).integers(0, 7, (200, 2))
    plain = FlowSynthesizer(**TINY).fit(rows).sample(500, 0)
    assert (plain.dtype, plain.shape, plain.min() >= 0, plain.max() <= 6) == (
        rows.dtype,
        (500, 2),
        True,
        True,
    )
    labels = (rows[:, 0] > 3).astype(int)
    drawn, of_drawn = FlowSynthesizer(**TINY).fit(rows, labels).sample(500, 0, label={1: 1.0})
    assert (drawn.shape, set(of_drawn)) == ((500, 2), {1})


def test_labels_that_are_none_are_refused(animals):
    made, numbers = FlowSynthesizer(**TINY), animals.drop(columns="kind")
    kinds = list(animals["kind"])
    for X, y, label, error, message in (
        (animals, None, None, DataError, "column 'kind' holds text"),
        (animals, kinds, "kind", ValueError, "labels are given twice"),
        (animals, None, "kinds", DataError, "did you mean 'kind'"),
        (numbers.to_numpy(float), None, "kind", DataError, "give its labels as y"),
        (numbers, ["ant"] * 400, None, DataError, "of one class, 'ant'"),
        (numbers, kinds[:-1], None, ShapeError, "399 labels for 400 rows"),
        (numbers, [None, *kinds[1:]], None, DataError, "label of row 0 .* is None"),
        (numbers, [1, *kinds[1:]], None, DataError, "labels are of several kinds"),
        (numbers, None, "size", DataError, "400 different labels, which are no classes"),
        (numbers, pd.Series(kinds, name="size"), None, DataError, "both called 'size'"),
        (animals[["year", "kind"]], None, "kind", DataError, "all columns are constant"),
    ):
        with pytest.raises(error, match=message):
            made.fit(X, y, label=label)


def test_classes_that_are_none_are_refused(labelled):
    for label, error, message in (
        ("dog", DataError, "no class 'dog'; the classes are 'ant', 'bee', 'cat'"),
        (["ant"] * 3, ShapeError, "label has 3 classes, but 2 rows"),
        ({"ant": -1}, DataError, "must not be negative"),
        ({"ant": 0}, DataError, "no class has a share"),
    ):
        with pytest.raises(error, match=message):
            labelled.sample(2, label=label)
