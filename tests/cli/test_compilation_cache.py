"""Compiled programs in the user's cache folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.cases import TINY

import fluvial
from fluvial.compilation_cache import cache_folder

TWO_COLUMNS = "a,b\n" + "".join(f"{i % 7},{i % 5}\n" for i in range(40))


@pytest.fixture
def fit(tmp_path):
    """Return a function that fits in a process of its own and tells what its cache then holds."""
    (tmp_path / "table.csv").write_text(TWO_COLUMNS)
    environment = {k: v for k, v in os.environ.items() if k != "JAX_COMPILATION_CACHE_DIR"}
    environment["PYTHONPATH"] = str(Path(fluvial.__file__).parents[1])

    def run(*options, cache: Path, **variables) -> list[Path]:
        command = [sys.executable, "-m", "fluvial", "fit", "table.csv", "--force", *TINY, *options]
        ended = subprocess.run(
            list(map(str, command)),
            cwd=tmp_path,
            env=environment | {"XDG_CACHE_HOME": str(cache)} | variables,
            capture_output=True,
            text=True,
        )
        assert ended.returncode == 0, ended.stderr
        assert "cache" not in ended.stderr
        return sorted(path for path in cache.rglob("*-cache")) if cache.is_dir() else []

    return run


@pytest.mark.skipif(sys.platform != "linux", reason="the cache folder is named as on Linux")
def test_programs_are_kept_and_an_option_leaves_the_cache_alone(fit, tmp_path):
    kept = fit(cache=tmp_path / "cache")
    assert kept
    assert all(tmp_path / "cache" / "fluvial" / "compiled" in path.parents for path in kept)
    assert fit("--no-cache", cache=tmp_path / "other") == []


@pytest.mark.skipif(sys.platform != "linux", reason="the cache folder is named as on Linux")
def test_a_folder_that_cannot_be_made_and_a_broken_entry_are_no_harm(fit, tmp_path):
    (tmp_path / "file").write_text("")
    fit(cache=tmp_path / "file")
    for path in fit(cache=tmp_path / "cache"):
        path.write_bytes(path.read_bytes()[:100])
    fit(cache=tmp_path / "cache")


def test_the_folder_names_the_processor_and_nothing_else():
    assert cache_folder() == cache_folder()
    assert cache_folder().parts[-3:-1] == ("fluvial", "compiled")
