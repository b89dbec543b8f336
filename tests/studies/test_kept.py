"""Measurements that are kept, and what is chosen of them."""

from pathlib import Path

from benchmarks.studies.kept import Kept
from benchmarks.studies.records import mean_text, values, where

from fluvial.errors import TrainingError

CELL = {"kind": "count", "rows": 3}


def test_what_is_kept_is_read_again_under_the_same_cell_alone(tmp_path):
    kept = Kept(tmp_path / "new")
    assert kept.read(CELL) is None
    record = kept.measure(CELL, lambda cell, _: {"twice": 2 * cell["rows"]}, Path())
    assert record["twice"] == 6
    assert Kept(tmp_path / "new").read({"rows": 3, "kind": "count"}) == record
    assert kept.read({**CELL, "rows": 4}) is None


def test_a_training_that_fails_is_kept_as_such(tmp_path):
    def fail(cell, data):
        raise TrainingError("the loss is not finite")

    kept = Kept(tmp_path)
    kept.measure(CELL, fail, Path())
    failed = kept.read(CELL)
    assert failed is not None
    assert failed["failed"] == "the loss is not finite"
    assert where([failed, {**CELL, "kl": 1.0}], kind="count") == [{**CELL, "kl": 1.0}]


def test_values_are_of_the_records_that_have_them():
    records = [{"rows": 1, "kl": 0.5}, {"rows": 2, "kl": 0.25}, {"rows": 1}]
    assert values(records, "kl", rows=1) == [0.5]
    assert values(records, "kl", columns=1) == []


def test_numbers_in_text():
    assert mean_text([]) == "-"
    assert mean_text([0.5], 2) == "0.50"
    assert mean_text([1.0, 3.0], 1) == "2.0 ± 1.4"
