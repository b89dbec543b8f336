"""`fluvial fit --weights`."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cli.cases import TINY

from fluvial import load


@pytest.fixture
def weights():
    return np.random.default_rng(3).permutation(np.repeat([0, 1, 2], 40))


@pytest.fixture
def weighted(run, numbers, weights):
    """A table with weights, `w.parquet`, and the same with its rows repeated, `r.parquet`."""
    table = pa.table({"a": numbers["a"], "n": weights, "b": numbers["b"], "c": numbers["c"]})
    pq.write_table(table, "w.parquet")
    pq.write_table(table.take(np.repeat(np.arange(120), weights)), "r.parquet")


def fit(run, *arguments):
    result = run("fit", *arguments, *TINY, "--quiet", "--json", "--force")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return json.loads(result.stdout)


def test_the_column_is_the_weight_and_no_feature(run, weighted, numbers):
    told = fit(run, "w.parquet", "--weights", "n")
    assert told["columns"] == ["a", "b", "c"]
    assert told["columns_left_out"] == ["n"]
    fit(run, "r.parquet", "--exclude", "n")
    rows = pa.table({name: numbers[name] for name in "abc"})
    models: list[Any] = [load(name + ".fluvial") for name in "wr"]
    one, other = (model.decision_function(rows) for model in models)
    np.testing.assert_allclose(one, other, rtol=1e-12)


def test_at_scoring_the_column_may_be_there_or_not(run, weighted):
    fit(run, "w.parquet", "--weights", "n")
    whole = pq.read_table("w.parquet")
    pq.write_table(whole.select(["a", "b", "c"]), "without.parquet")
    for name in ("w", "without"):
        result = run("score", "w.fluvial", f"{name}.parquet", "-o", f"{name}-scored.parquet")
        assert result.exit_code == 0
        assert result.stderr == ""
    scored = [pq.read_table(f"{name}-scored.parquet") for name in ("w", "without")]
    assert scored[0].column("n").equals(whole.column("n"))
    assert scored[0].column("log_prob").equals(scored[1].column("log_prob"))


def test_rows_of_no_weight_may_have_empty_cells(run, weighted, weights):
    table = pq.read_table("w.parquet").to_pylist()
    for row in np.flatnonzero(weights == 0):
        table[row]["a"] = None
    pq.write_table(pa.Table.from_pylist(table), "holes.parquet")
    one, other = (fit(run, name, "--weights", "n") for name in ("w.parquet", "holes.parquet"))
    assert one["threshold"] == other["threshold"]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["1", "", "2", "1"], "column 'n' holds missing values in 1 of 3 rows, .* data row 1;"),
        (["1", "2", "x", "1"], "column 'n' holds text in 1 of 3 rows, the first in data row 2"),
        (["-9", "1", "-2", "-1"], r"column 'n' holds negative weights in 2 of 3 .* row 2 \(-2\)"),
        (["1", "0", "0", "0"], "column 'n' holds the weights, but none of them is above zero"),
        (["1", "0", "1", "0"], "sample_weight is zero in all of the 3 rows but one"),
    ],
)
def test_what_is_no_weight_is_refused(refuse, cells, message):
    lines = [f"{i},{i * i},{cell}" for i, cell in enumerate(cells)]
    Path("t.csv").write_text("\n".join(["a,b,n", *lines]) + "\n")
    line = refuse("fit", "t.csv", "--weights", "n", "--rows", "1:", *TINY)
    assert re.search(message, line), line


def test_a_name_that_is_not_there_is_refused(refuse):
    Path("t.csv").write_text("a,b,count\n1,2,3\n2,5,3\n")
    assert "did you mean 'count'" in refuse("fit", "t.csv", "--weights", "counts")
    assert "no column is left" in refuse("fit", "t.csv", "--weights", "count", "--columns", "count")
