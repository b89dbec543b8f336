"""Rows a second of `fluvial score`, as a process, on files of five columns."""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
from benchmarks.limits.isolated import in_own_process
from benchmarks.speed import data
from benchmarks.speed.processes import Runs, timed

SIZES, QUICK_SIZES = (100_000, 1_000_000), (1_000,)
N_COLUMNS = 5

HEADER = ("file", "rows", "process s", "rows/s", "rows/s of scoring alone", "peak MB")


def rows(*, quick: bool) -> Iterator[tuple[str, ...]]:
    """Score with the detector's default, each file into one of its kind."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = folder / "m.fluvial"
        in_own_process(_write_model, model)
        for n_rows in QUICK_SIZES if quick else SIZES:
            table = _table(n_rows)
            arrow_csv.write_csv(table, folder / "t.csv")
            pq.write_table(table, folder / "t.parquet")
            for kind in ("csv", "parquet"):
                yield _score(model, folder / f"t.{kind}", folder / f"scored.{kind}", n_rows)


def _write_model(path: Path) -> None:
    from fluvial import FlowAnomalyDetector  # late, as elsewhere here

    # How long it was trained does not matter here.
    FlowAnomalyDetector(max_epochs=1, random_state=0).fit(_table(1_000)).save(path)


def _table(n_rows: int) -> pa.Table:
    columns = data.curved(n_rows, N_COLUMNS).astype(float).T
    return pa.table({f"x{i}": column for i, column in enumerate(columns)})


def _score(model: Path, path: Path, output: Path, n_rows: int) -> tuple[str, ...]:
    runs = Runs()
    command = (sys.executable, "-m", "fluvial", "score", model, path, "-o", output, "--force")
    told = timed(runs, (*command, "--json", "--no-cache"), cache=path.parent)
    if not runs.seconds:
        return (path.suffix, f"{n_rows:,}", runs.note, "", "", "")
    (seconds,), (peak,) = runs.seconds, runs.peak_megabytes
    alone = json.loads(told)["seconds"]
    return (
        path.suffix,
        f"{n_rows:,}",
        f"{seconds:.1f}",
        f"{n_rows / seconds:,.0f}",
        f"{n_rows / alone:,.0f}",
        f"{peak:.0f}",
    )
