"""A small fitted model, and how tests run the command line: in this process, with its output."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cli.cases import TINY, contents
from typer.testing import CliRunner, Result

from fluvial.cli import app


@pytest.fixture
def run(monkeypatch, tmp_path) -> Callable[..., Result]:
    """Run the command line in an empty directory; an exception nobody foresaw is raised."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: Any) -> Result:
        return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)

    return invoke


@pytest.fixture
def refuse(run) -> Callable[..., str]:
    """Run what must be refused: exit code 2, one line on stderr, no file written or changed."""

    def invoke(*arguments: Any) -> str:
        before = contents(Path.cwd())
        result = run(*arguments)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        lines = result.stderr.splitlines()
        assert len(lines) == 1, result.stderr
        assert lines[0].startswith("fluvial: error: ")
        assert "Traceback" not in result.stderr
        assert contents(Path.cwd()) == before
        return lines[0]

    return invoke


@pytest.fixture(scope="session")
def numbers() -> dict[str, np.ndarray]:
    """Three columns of 120 rows: two that depend on each other, and integers."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=120)
    return {"a": a, "b": a + 0.5 * rng.normal(size=120), "c": rng.integers(0, 5, 120)}


@pytest.fixture(scope="session")
def directory(tmp_path_factory, numbers) -> Path:
    """A directory with `train.csv`, `train.parquet` and `model.fluvial`; for reading only."""
    path = tmp_path_factory.mktemp("fitted")
    table = pa.table({"id": [f"{i:03}" for i in range(120)], **numbers})
    pq.write_table(table, path / "train.parquet")
    lines = ["id,a,b,c"]
    for i in range(120):
        cells = (f"{i:03}", *(repr(numbers[name][i].item()) for name in "abc"))
        lines.append(",".join(cells))
    (path / "train.csv").write_text("\n".join(lines) + "\n")
    fit = ["fit", path / "train.parquet", "-o", path / "model.fluvial", "--exclude", "id", *TINY]
    result = CliRunner().invoke(app, [str(a) for a in fit], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return path


@pytest.fixture(scope="session")
def model(directory) -> Path:
    """A model file, fitted to `train.parquet` without the column `id`."""
    return directory / "model.fluvial"
