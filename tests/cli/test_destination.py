"""What becomes of an output that cannot be written, or of a name that is taken meanwhile."""

import errno
import os
from pathlib import Path

import pytest
from tests.cli.cases import TINY, contents

from fluvial.estimators import FlowAnomalyDetector


def test_a_file_that_appears_during_a_fit_is_kept_and_so_is_the_model(run, directory, monkeypatch):
    fit = FlowAnomalyDetector.fit

    def fit_meanwhile(self, X, **options):
        Path("m.fluvial").write_text("theirs")
        return fit(self, X, **options)

    monkeypatch.setattr(FlowAnomalyDetector, "fit", fit_meanwhile)
    result = run("fit", directory / "train.csv", "--exclude", "id", "-o", "m.fluvial", *TINY, "-q")
    assert (result.exit_code, result.stdout) == (2, "")
    assert Path("m.fluvial").read_text() == "theirs"
    (rescued,) = Path.cwd().glob("m-rescued-*.fluvial")
    expected = (
        "fluvial: error: 'm.fluvial': File exists, and is not replaced; "
        f"the model is in {rescued.name!r} instead\n"
    )
    assert result.stderr.endswith(expected)
    assert run("info", rescued).exit_code == 0
    assert len(contents(Path.cwd())) == 2


def test_a_model_that_does_not_fit_on_the_disk_is_put_elsewhere(
    run, directory, tmp_path, monkeypatch
):
    full = tmp_path / "full"
    full.mkdir()
    fsync = os.fsync

    def fail_there(descriptor):
        if Path(os.readlink(f"/proc/self/fd/{descriptor}")).parent == full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fail_there)
    output = full / "m.fluvial"
    result = run("fit", directory / "train.csv", "--exclude", "id", "-o", output, *TINY, "-q")
    assert result.exit_code == 2
    (rescued,) = Path.cwd().glob("m-rescued-*.fluvial")
    assert f"'{output}': No space left on device; the model is in '{rescued}'" in result.stderr
    assert run("info", rescued).exit_code == 0
    assert not list(full.iterdir())


@pytest.mark.parametrize("name", ["a" * 260 + ".fluvial", "link.fluvial"])
def test_what_cannot_be_written_is_found_out_before_the_fit(refuse, directory, tmp_path, name):
    (tmp_path / "link.fluvial").symlink_to(tmp_path / "absent" / "m.fluvial")
    fit = ("fit", directory / "train.csv", "--exclude", "id", "-o", name, "--force", *TINY)
    assert name in refuse(*fit)
