"""The index that pandas writes beside a frame's columns is no data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests.cli.cases import TINY


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    columns = {"a": rng.normal(size=60), "b": rng.normal(size=60)}
    return pd.DataFrame(columns, index=np.arange(60) * 7 + 3)


def later(frame):
    return frame.set_axis(frame.index + 10**6)


def fit(run, name):
    """Fit a file, and give the one warning."""
    result = run("fit", name, *TINY, "--quiet")
    assert result.exit_code == 0, result.output
    (line,) = result.stderr.splitlines()
    return line


def test_in_parquet(run, frame):
    frame.to_parquet("t.parquet")
    assert "__index_level_0__" in pq.read_schema("t.parquet").names
    line = fit(run, "t.parquet")
    assert "'__index_level_0__' is an index that pandas wrote, and is left out" in line
    later(frame).to_parquet("later.parquet")
    result = run("score", "t.fluvial", "later.parquet", "-o", "s.parquet")
    assert (result.exit_code, result.stderr) == (0, "")
    scored = pd.read_parquet("s.parquet")
    assert scored.is_anomaly.sum() <= 3
    assert scored.index.equals(later(frame).index)
    later(frame).to_csv("later.csv")
    assert run("score", "t.fluvial", "later.csv", "-o", "s.csv").exit_code == 0
    np.testing.assert_array_equal(pd.read_csv("s.csv").log_prob, scored.log_prob)


def test_in_a_csv_file_that_was_written_twice(run, frame):
    frame.to_csv("once.csv")
    pd.read_csv("once.csv").to_csv("t.csv", index=False)
    assert Path("t.csv").read_text().startswith("Unnamed: 0,a,b\n")
    line = fit(run, "t.csv")
    assert "'Unnamed: 0' is an index that pandas wrote, and is left out" in line
    result = run("score", "t.fluvial", "t.csv", "-o", "s.csv")
    assert (result.exit_code, result.stderr) == (0, "")
    assert pd.read_csv("s.csv").is_anomaly.sum() <= 3
