"""Sampled columns are of the types and within the bounds of the fitted ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cli.cases import TINY

import fluvial


@pytest.fixture(scope="module")
def table() -> pa.Table:
    rng = np.random.default_rng(0)
    count = rng.poisson(2, 150)
    return pa.table(
        {
            "x": rng.normal(size=150),
            "count": pa.array(count, pa.int16()),
            "flag": rng.random(150) < 0.2,
            "tens": pa.array(10 * rng.integers(1, 6, 150), pa.uint8()),
            "narrow": pa.array(rng.normal(size=150), pa.float32()),
            "copy": pa.array(count, pa.int64()),
            "constant": pa.array([7] * 150, pa.int32()),
        }
    )


def check_bounds(drawn, table):
    for name in ("count", "flag", "tens", "copy", "constant"):
        held = np.unique(table[name].to_numpy().astype(float))
        values = drawn[name].to_numpy().astype(float)
        assert held.min() <= values.min()
        assert values.max() <= held.max()
        assert len(np.unique(values)) > 1 or name == "constant"
    assert set(drawn["tens"].to_numpy()) <= {10, 20, 30, 40, 50}
    assert (drawn["count"].to_numpy() == drawn["copy"].to_numpy()).all()


def test_a_parquet_files_types_come_back(run, table):
    pq.write_table(table, "t.parquet")
    assert run("fit", "t.parquet", *TINY).exit_code == 0
    assert run("sample", "t.fluvial", "-n", 2000, "--seed", 1, "-o", "s.parquet").exit_code == 0
    drawn = pq.read_table("s.parquet")
    assert drawn.schema.equals(table.schema)
    check_bounds(drawn, table)
    detector: Any = fluvial.load("t.fluvial")
    expected = detector.density_.sample(2000, random_state=1)
    for column, values in zip(drawn.columns, expected.T, strict=True):
        narrow = column.type == pa.float32()
        np.testing.assert_array_equal(column.to_numpy(), np.float32(values) if narrow else values)


def test_integers_and_truth_values_of_a_csv_file_come_back(run, table):
    frame = table.to_pandas()
    frame.to_csv("t.csv", index=False)
    assert run("fit", "t.csv", *TINY).exit_code == 0
    assert run("sample", "t.fluvial", "-n", 500, "-o", "s.csv").exit_code == 0
    drawn = pd.read_csv("s.csv")
    assert [str(kind) for kind in drawn.dtypes] == [
        *("float64", "int64", "bool", "int64", "float64", "int64", "int64")
    ]
    assert Path("s.csv").read_text().splitlines()[1].split(",")[2] in ("true", "false")
    check_bounds(drawn, table)


def test_raw_rows_are_the_densitys_own(run, table):
    pq.write_table(table, "t.parquet")
    run("fit", "t.parquet", *TINY)
    run("sample", "t.fluvial", "-n", 500, "--seed", 1, "--raw", "-o", "s.parquet")
    drawn = pq.read_table("s.parquet")
    assert set(map(str, drawn.schema.types)) == {"double"}
    counts = drawn["count"].to_numpy()
    assert (counts != np.rint(counts)).mean() > 0.9
    detector: Any = fluvial.load("t.fluvial")
    density = detector.density_
    expected = density.sample(500, random_state=1, raw=True)
    np.testing.assert_array_equal(np.stack([c.to_numpy() for c in drawn.columns], 1), expected)
    rounded = density.sample(500, random_state=1)
    held = table["count"].to_numpy()
    np.testing.assert_array_equal(
        rounded[:, 1], np.clip(np.rint(expected[:, 1]), held.min(), held.max())
    )


def test_more_rows_extend_fewer_whatever_is_written_at_once(run, table, monkeypatch):
    pq.write_table(table, "t.parquet")
    run("fit", "t.parquet", *TINY)
    run("sample", "t.fluvial", "-n", 5000, "--seed", 1, "-o", "1.csv")
    monkeypatch.setattr("fluvial.files.blocks.CELLS_A_BLOCK", 7 * 1024)
    run("sample", "t.fluvial", "-n", 5000, "--seed", 1, "-o", "2.csv")
    run("sample", "t.fluvial", "-n", 3000, "--seed", 1, "-o", "3.csv")
    first, second, third = (Path(f"{i}.csv").read_text().splitlines() for i in (1, 2, 3))
    assert first == second
    assert third == first[:3001]


def test_a_model_file_without_steps_and_bounds_gives_raw_rows(run, table):
    pq.write_table(table, "t.parquet")
    run("fit", "t.parquet", *TINY)
    file = fluvial.artifacts.read_model("t.fluvial")
    old = {name: a for name, a in file.arrays.items() if not name.startswith("lattice.")}
    assert len(old) < len(file.arrays)
    fluvial.artifacts.write_model("o.fluvial", kind=file.kind, header=file.header, arrays=old)
    for name, more in (("o.csv", []), ("r.csv", ["--raw"])):
        model = f"{'o' if name == 'o.csv' else 't'}.fluvial"
        assert run("sample", model, "-n", 50, "--seed", 1, *more, "-o", name).exit_code == 0
    assert Path("o.csv").read_bytes() == Path("r.csv").read_bytes()
