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
    assert (told["kind"], told["columns"], told["condition"]) == ("FlowDensity", ["b", "c"], ["a"])
    settings = {"n_layers": 2, "hidden_sizes": (8,), "max_epochs": 2, "random_state": 0}
    table = pa.table({name: numbers[name] for name in "bc"})
    given = pa.table({"a": numbers["a"]})
    again = fluvial.FlowDensity("real_nvp", **settings).fit(table, condition=given)
    loaded = fluvial.load(conditional)
    assert isinstance(loaded, fluvial.FlowDensity)
    np.testing.assert_array_equal(
        loaded.score_samples(table, condition=given),
        again.score_samples(table, condition=given),
    )


def test_score_finds_the_condition_by_name(conditional, directory, numbers, run):
    result = run("score", conditional, directory / "train.csv", "-o", "s.csv", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["rows"], told["anomalies"], told["threshold"]) == (120, None, None)
    scored = read("s.csv")
    assert scored.column_names == ["id", "a", "b", "c", "log_prob"]
    table = pa.table({name: numbers[name] for name in "bc"})
    expected = fluvial.load(conditional).score_samples(
        table, condition=pa.table({"a": numbers["a"]})
    )
    np.testing.assert_array_equal(scored["log_prob"].to_numpy(), expected)


def test_a_row_is_drawn_for_each_condition(conditional, run):
    Path("given.csv").write_text("z,a\n" + "".join(f"x,{i % 7}.5\n" for i in range(1500)))
    result = run("sample", conditional, "--condition", "given.csv", "--seed", 3, "-o", "n.csv")
    assert result.exit_code == 0, result.output
    drawn = read("n.csv")
    assert drawn.column_names == ["b", "c", "a"]
    assert drawn["a"].to_pylist() == [i % 7 + 0.5 for i in range(1500)]
    assert pa.types.is_integer(drawn["c"].type)
    loaded: Any = fluvial.load(conditional)
    expected = loaded.sample(1500, 3, condition=drawn.select(["a"]))
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
        (["score", conditional, train, "--reasons"], "--reasons"),
        (["evaluate", conditional, train], "has a condition"),
        (["threshold", conditional], "has no threshold"),
        (["fit", train, "--condition", "z"], "no column 'z'"),
        (["fit", train, "--condition", "a", "--columns", "a,b"], "--condition"),
        (["fit", train, "--condition", "a", "--score", "density"], "--score"),
        (["fit", train, "--condition", "a", "--flow", "classical"], "--flow"),
    ):
        assert message in refuse(*verb)
