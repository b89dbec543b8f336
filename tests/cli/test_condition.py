"""A model with a condition: fitted, described, scored and sampled from files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from tests.cli.cases import TINY
from typer.testing import CliRunner

import fluvial
from fluvial.cli import app
from fluvial.cli.selection import SCORED

read = pyarrow.csv.read_csv


@pytest.fixture(scope="module")
def conditional(directory, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("conditional") / "m.fluvial"
    fit = ["fit", directory / "train.csv", "-o", path, "--exclude", "id", "--condition", "a", *TINY]
    result = CliRunner().invoke(app, [str(a) for a in fit], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return path


def test_it_is_what_python_fits(conditional, numbers, run):
    told = json.loads(run("info", conditional, "--json").stdout)
    assert (told["kind"], told["columns"], told["condition"]) == (
        "FlowAnomalyDetector",
        ["b", "c"],
        ["a"],
    )
    settings = {"n_layers": 2, "hidden_sizes": (8,), "max_epochs": 2, "random_state": 0}
    table = pa.table({name: numbers[name] for name in "bc"})
    given = pa.table({"a": numbers["a"]})
    again = fluvial.FlowAnomalyDetector("real_nvp", score="density", **settings)
    again.fit(table, condition=given)
    loaded = fluvial.load(conditional)
    assert isinstance(loaded, fluvial.FlowAnomalyDetector)
    assert loaded.offset_ == again.offset_
    np.testing.assert_array_equal(
        loaded.score_samples(table, condition=given),
        again.score_samples(table, condition=given),
    )


def test_score_finds_the_condition_by_name(conditional, directory, numbers, run):
    result = run("score", conditional, directory / "train.csv", "-o", "s.csv", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["rows"] == 120
    scored = read("s.csv")
    assert scored.column_names == ["id", "a", "b", "c", *SCORED]
    table = pa.table({name: numbers[name] for name in "bc"})
    given, detector = pa.table({"a": numbers["a"]}), fluvial.load(conditional)
    expected = detector.score_samples(table, condition=given)
    np.testing.assert_array_equal(scored["log_prob"].to_numpy(), expected)
    np.testing.assert_array_equal(scored["score"].to_numpy(), expected)
    is_anomaly = detector.predict(table, condition=given) == -1
    np.testing.assert_array_equal(scored["is_anomaly"].to_numpy(zero_copy_only=False), is_anomaly)
    assert told["anomalies"] == is_anomaly.sum()
    assert told["threshold"] == detector.offset_


def test_a_density_of_python_adds_its_logarithm(numbers, directory, run, tmp_path):
    table = pa.table({name: numbers[name] for name in "bc"})
    given = pa.table({"a": numbers["a"]})
    density = fluvial.FlowDensity("real_nvp", n_layers=2, hidden_sizes=(8,), max_epochs=1)
    density.fit(table, condition=given).save("d.fluvial")
    assert run("score", "d.fluvial", directory / "train.csv", "-o", "d.csv").exit_code == 0
    assert read("d.csv").column_names == ["id", "a", "b", "c", "log_prob"]


def test_what_reads_rows_reads_their_conditions(conditional, directory, run):
    rows = (directory / "train.csv").read_text().splitlines()
    labelled = [f"{row},{0 if i % 9 else 1}" for i, row in enumerate(rows[1:])]
    Path("l.csv").write_text("\n".join([rows[0] + ",label", *labelled]))
    for verb in (
        ["score", conditional, "l.csv", "--reasons", "-o", "r.csv"],
        ["evaluate", conditional, "l.csv", "--label", "label"],
        ["evaluate", conditional, "l.csv", "--training", "l.csv"],
        ["threshold", conditional, "--method", "value", "--value", -5],
        ["explain", conditional, "l.csv"],
        ["drift", conditional, "l.csv"],
    ):
        result = run(*verb)
        assert result.exit_code == 0 or "calibrate with more" in result.output, result.output
    assert "reason" in read("r.csv").column_names


def test_a_row_is_drawn_for_each_condition(conditional, run):
    Path("given.csv").write_text("z,a\n" + "".join(f"x,{i % 7}.5\n" for i in range(1500)))
    result = run("sample", conditional, "--condition", "given.csv", "--seed", 3, "-o", "n.csv")
    assert result.exit_code == 0, result.output
    drawn = read("n.csv")
    assert drawn.column_names == ["b", "c", "a"]
    assert drawn["a"].to_pylist() == [i % 7 + 0.5 for i in range(1500)]
    assert pa.types.is_integer(drawn["c"].type)
    loaded: Any = fluvial.load(conditional)
    expected = loaded.density_.sample(1500, 3, condition=drawn.select(["a"]))
    np.testing.assert_array_equal(drawn["b"].to_numpy(), expected[:, 0])
    Path("two.csv").write_text("a\n0.5\n1.5\n")
    repeated = run("sample", conditional, "--condition", "two.csv", "-n", 3).stdout.splitlines()
    assert [line.split(",")[-1] for line in repeated[1:]] == ["0.5"] * 3 + ["1.5"] * 3


def test_what_does_not_fit_is_refused(conditional, directory, model, refuse):
    Path("b.csv").write_text("b\n1\n")
    train = directory / "train.csv"
    for verb, message in (
        (["sample", conditional, "-n", 3], "--condition': the model draws rows given 'a'"),
        (["sample", model, "-n", 3, "--condition", "b.csv"], "the model was fitted without one"),
        (["sample", conditional, "--condition", "b.csv"], "needs are missing: 'a'"),
        (["score", conditional, "b.csv"], "needs are missing: 'c', 'a'"),
        (["report", conditional, train], "has a condition"),
        (["fit", train, "--condition", "z"], "no column 'z'"),
        (["fit", train, "--condition", "a", "--columns", "a,b"], "--condition"),
        (["fit", train, "--condition", "a", "--score", "relative"], "--score"),
        (["fit", train, "--condition", "a", "--flow", "classical"], "--flow"),
    ):
        assert message in refuse(*verb)
