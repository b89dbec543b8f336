"""A model of windows: fitted to rows that follow each other, and what reads them again."""

import itertools
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from tests.cli.cases import TINY
from typer.testing import CliRunner

import fluvial
from fluvial.cli import app
from fluvial.cli.windowed import Windowed
from fluvial.tables import sliding_windows

read = pyarrow.csv.read_csv
WINDOW = 3


@pytest.fixture(scope="module")
def of_windows(directory, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("windows") / "m.fluvial"
    fit = ["fit", directory / "train.csv", "-o", path, "--columns", "a,b", "--window", WINDOW]
    result = CliRunner().invoke(app, [str(a) for a in [*fit, *TINY]], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return path


@pytest.fixture
def windows(numbers) -> pa.Table:
    return sliding_windows({"a": numbers["a"], "b": numbers["b"]}, WINDOW)


def test_each_row_gets_what_the_window_that_ends_there_has(of_windows, directory, windows, run):
    told = json.loads(run("info", of_windows, "--json").stdout)
    assert (told["window"], told["columns"]) == (WINDOW, windows.column_names)
    result = run("score", of_windows, directory / "train.csv", "-o", "s.csv", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["rows"], told["skipped"]) == (120, WINDOW - 1)
    scored, detector = read("s.csv"), fluvial.load(of_windows)
    assert scored["score"].to_pylist()[: WINDOW - 1] == [None] * (WINDOW - 1)
    found = scored["score"].to_numpy()[WINDOW - 1 :]
    np.testing.assert_array_equal(found, detector.score_samples(windows))


def test_rows_without_values_empty_the_windows_over_them(of_windows, directory, windows, run):
    lines = (directory / "train.csv").read_text().splitlines()
    lines[11] = "011,,1.0,3"  # data row 10
    Path("holes.csv").write_text("\n".join(lines) + "\n")
    assert run("score", of_windows, "holes.csv", "-o", "s.csv", "--skip-invalid").exit_code == 0
    empty = np.flatnonzero([score is None for score in read("s.csv")["score"].to_pylist()])
    np.testing.assert_array_equal(empty, [0, 1, 10, 11, 12])


def test_labels_are_those_of_the_last_rows(of_windows, directory, windows, numbers, run):
    lines = (directory / "train.csv").read_text().splitlines()
    labels = ["label", *(str(int(i % 40 == 7)) for i in range(120))]
    rows = (f"{row},{label}" for row, label in zip(lines, labels, strict=True))
    Path("labelled.csv").write_text("\n".join(rows) + "\n")
    result = run("evaluate", of_windows, "labelled.csv", "--label", "label", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    expected = fluvial.load(of_windows).evaluate(windows, np.array(labels[WINDOW:]).astype(int))
    assert found["auroc"] == pytest.approx(expected.auroc)


def test_a_report_says_that_windows_overlap(of_windows, directory, run):
    result = run("report", of_windows, directory / "train.csv", "-o", "r.html", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(Path("r.json").read_text())
    assert any(f"windows of {WINDOW}, which overlap" in each for each in found["verdict"])
    assert found["model"]["window"] == WINDOW
    assert "not exchangeable" in found["model"]["promises"][0]
    assert "not exchangeable" in Path("r.html").read_text()


def test_windows_reach_over_the_blocks_of_a_file(windows, numbers):
    table = pa.table({"a": numbers["a"], "b": numbers["b"]})
    windowed = Windowed(WINDOW)
    cuts = [0, 1, 2, 50, 51, 120]
    found = [windowed.following(table.slice(a, b - a)) for a, b in itertools.pairwise(cuts)]
    assert pa.concat_tables(part for part, _ in found).equals(windows)
    ends = np.concatenate([ends for _, ends in found])
    np.testing.assert_array_equal(ends, np.arange(120) >= WINDOW - 1)


def test_windows_that_cannot_be_are_refused(directory, refuse):
    table = directory / "train.csv"
    fit = ("fit", table, "-o", "m.fluvial", "--columns", "a,b")
    assert "a window of 121 rows needs as many" in refuse(*fit, "--window", 121)
    assert "120 rows make a single window of 120; give more" in refuse(*fit, "--window", 120)
    assert "--window" in refuse(*fit, "--window", 3, "--weights", "c")
    assert "--window" in refuse(*fit, "--window", 0)
