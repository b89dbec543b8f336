"""A ratio of densities that was saved in Python, on the command line."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from fluvial.estimators import DensityRatio


@pytest.fixture(scope="module")
def table():
    """A reference on a plane with a clump of a tenth of the rows."""
    values = np.random.default_rng(0).normal(size=(300, 2))
    values[:30] = [2, 2] + 0.05 * values[:30]
    return pa.table({"a": values[:, 0], "b": values[:, 1]})


@pytest.fixture(scope="module")
def saved(table, tmp_path_factory):
    background = np.random.default_rng(1).normal(size=(300, 2))
    reference = pa.table({"a": background[:, 0], "b": background[:, 1]})
    ratio = DensityRatio(random_state=0).fit(table, reference)
    path = tmp_path_factory.mktemp("ratio") / "r.fluvial"
    ratio.save(path)
    return ratio, path


def write_rows(table) -> None:
    rows = zip(*(table[name].to_pylist() for name in "ab"), strict=True)
    Path("t.csv").write_text("a,b\n" + "\n".join(f"{a!r},{b!r}" for a, b in rows) + "\n")


def test_score_adds_the_log_ratio(run, saved, table):
    ratio, path = saved
    run("info", path)  # changes into an empty folder
    write_rows(table)
    result = run("score", path, "t.csv", "-o", "s.csv", "--json")
    assert result.exit_code == 0, result.output
    with Path("s.csv").open() as file:
        header, *lines = csv.reader(file)
    assert header == ["a", "b", "log_ratio"]
    expected = ratio.score_samples(table)
    np.testing.assert_array_equal([float(line[2]) for line in lines], expected)
    told = json.loads(result.stdout)
    assert told["mean_log_ratio"] == pytest.approx(expected.mean())
    assert (told["anomalies"], told["threshold"]) == (None, None)


def test_info_tells_what_it_is(run, saved):
    ratio, path = saved
    told = json.loads(run("info", path, "--json").stdout)
    assert (told["kind"], told["columns"], told["rows"]) == ("DensityRatio", ["a", "b"], 300)
    assert told["over_densities"] == pytest.approx(list(ratio.bumps_.weights), abs=1e-6)


def test_what_it_has_no_use_for_is_refused(refuse, saved, table):
    _, path = saved
    write_rows(table)
    for verb, message in (
        (["sample", path, "-n", 3], "DensityRatio, which tells where one sample is denser"),
        (["evaluate", path, "t.csv"], "use fluvial score"),
        (["explain", path, "t.csv"], "use fluvial score"),
        (["drift", path, "t.csv"], "use fluvial score"),
        (["score", path, "t.csv", "--reasons"], "--reasons"),
    ):
        assert message in refuse(*verb)
