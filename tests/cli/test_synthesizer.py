"""A synthesizer that was saved in Python, on the command line."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cli.cases import TINY as TINY_FIT
from tests.estimators.cases import TINY

from fluvial.estimators import FlowSynthesizer


@pytest.fixture(scope="module")
def synthesizer(tmp_path_factory):
    rng = np.random.default_rng(0)
    kind = rng.integers(3, 5, 120)
    table = pa.table(
        {"kind": kind, "a": kind + rng.normal(size=120), "n": rng.integers(9, size=120)}
    )
    made = FlowSynthesizer(**TINY).fit(table, label="kind")
    path = tmp_path_factory.mktemp("synthesizer") / "s.fluvial"
    made.save(path)
    return made, path


def test_it_draws_what_python_draws(run, synthesizer):
    made, path = synthesizer
    result = run("sample", path, "-n", 1100, "--seed", 2, "-o", "s.parquet", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["columns"] == 3
    assert pq.read_table("s.parquet").equals(made.sample(1100, 2))
    run("sample", path, "-n", 30, "--seed", 2, "--label", "4", "-o", "four.parquet")
    assert pq.read_table("four.parquet").equals(made.sample(30, 2, label=4))
    assert json.loads(run("info", path, "--json").stdout)["condition"] == ["kind=3", "kind=4"]


def test_fit_learns_the_classes_of_a_column(run, refuse):
    lines = [f"{kind},{i % 5},{i / 7!r}" for i, kind in enumerate(["ant", " bee "] * 40)]
    Path("t.csv").write_text("kind,n,a\n" + "\n".join(lines) + "\n")
    result = run("fit", "t.csv", "--label", "kind", *TINY_FIT, "-o", "s.fluvial", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["kind"], told["columns"]) == ("FlowSynthesizer", ["n", "a"])
    drawn = run("sample", "s.fluvial", "-n", 3, "--label", "bee").stdout.splitlines()
    assert drawn[0] == "n,a,kind"
    assert all(line.endswith(",bee") for line in drawn[1:])
    for options, message in (
        (["--label", "kinds"], "did you mean 'kind'"),
        (["--label", "kind", "--weights", "n"], "--label"),
        (["--label", "kind", "--score", "density"], "--score"),
        (["--label", "a", "--exclude", "kind"], "80 different labels"),
    ):
        assert message in refuse("fit", "t.csv", "-o", "n.fluvial", *options)


def test_what_it_has_no_use_for_is_refused(refuse, synthesizer, model):
    _, path = synthesizer
    Path("t.csv").write_text("a,n\n1,2\n")
    for verb, message in (
        (["sample", path], "-n"),
        (["sample", path, "-n", 1, "--label", "5"], "no class '5'; the classes are '3', '4'"),
        (["sample", path, "-n", 1, "--raw"], "--raw"),
        (["sample", model, "-n", 1, "--label", "4"], "--label"),
        (["score", path, "t.csv"], "use fluvial sample"),
        (["evaluate", path, "t.csv"], "t.csv: there is no column 'kind'"),
    ):
        assert message in refuse(*verb)


def test_it_is_judged_given_the_classes_of_rows(run, refuse, synthesizer):
    made, path = synthesizer
    drawn = made.sample(90, 5)
    pq.write_table(drawn, "rows.parquet")
    pq.write_table(drawn[:50], "seen.parquet")
    lines = [",".join(map(str, row)) for row in zip(*drawn.to_pydict().values(), strict=True)]
    Path("rows.csv").write_text("\n".join([",".join(drawn.column_names), *lines]) + "\n")
    told = []
    for table in ("rows.parquet", "rows.csv"):
        result = run("evaluate", path, table, "--training", "seen.parquet", "--json")
        assert result.exit_code == 0, result.output
        told.append({**json.loads(result.stdout), "input": None})
    assert told[0] == told[1]
    condition = made.condition_of(drawn["kind"])
    expected = made.density_.score_samples(drawn.drop_columns(["kind"]), condition=condition)
    assert told[0]["log_prob"] == pytest.approx(expected.mean())
    assert [column["name"] for column in told[0]["columns"]] == ["a", "n"]
    assert told[0]["copies"]["exact_by_chance"] == pytest.approx(50 / 90)
    Path("other.csv").write_text("kind,a,n\n" + "5,1.5,2\n" * 50)
    assert "other.csv: there is no class 5; the classes are '3', '4'" in refuse(
        "evaluate", path, "other.csv"
    )


def test_its_density_is_judged_where_there_are_no_classes(run):
    rows = np.random.default_rng(0).normal(size=(160, 2))
    table = pa.table({"a": rows[:, 0], "b": rows[:, 1]})
    FlowSynthesizer(flow="classical", random_state=0).fit(table[:100]).save("s.fluvial")
    pq.write_table(table[100:], "held_out.parquet")
    result = run("evaluate", "s.fluvial", "held_out.parquet", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["rows"] == 60
