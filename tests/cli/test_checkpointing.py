"""Checkpoints of `fluvial fit`, and fits that are killed and go on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.cases import TINY
from tests.cli.test_process import ENVIRONMENT

from fluvial.densities import Checkpoint, checkpoint
from fluvial.errors import TrainingInterrupted

LONG = (*TINY[:-1], "2000", "--patience", "2000")
FIT = ("--exclude", "id", "-o", "m.fluvial")


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(checkpoint, "INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr("fluvial.training.host_loop.SEGMENT_SECONDS", 1e-9)
    monkeypatch.setattr("fluvial.training.host_loop.TIMED_STEPS", 1)


@pytest.fixture
def left(monkeypatch, tmp_path, run, often, directory):
    """The checkpoint that a fit leaves which has died in its training."""

    class DiedError(Exception):
        pass

    def write_and_die(self):
        write(self)
        raise DiedError

    write = Checkpoint._write
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "_write", write_and_die)
        with pytest.raises(DiedError):
            run("fit", directory / "train.csv", *FIT, *TINY, "--checkpoint")
    path = tmp_path / "m.fluvial.checkpoint"
    assert path.exists()
    return path


def test_a_fit_that_died_goes_on_to_the_same_file(run, directory, left):
    went_on = run("fit", directory / "train.csv", *FIT, *TINY, "--resume")
    assert went_on.exit_code == 0
    assert went_on.stderr.startswith(f"fluvial: going on from {left.name}\n")
    resumed = Path("m.fluvial").read_bytes()
    assert not left.exists()
    again = run("fit", directory / "train.csv", *FIT, *TINY, "--force", "--no-checkpoint")
    assert again.exit_code == 0
    assert Path("m.fluvial").read_bytes() == resumed


def test_another_contamination_may_be_asked_for(run, directory, left):
    went_on = run("fit", directory / "train.csv", *FIT, *TINY, "--resume", "--contamination", 0.1)
    assert went_on.exit_code == 0


@pytest.mark.parametrize("option", [(), ("--checkpoint",), ("--no-checkpoint",)])
def test_a_fit_that_ends_leaves_the_model_alone(run, often, tmp_path, directory, option):
    assert run("fit", directory / "train.csv", *FIT, *TINY, *option).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["m.fluvial"]


def test_without_a_checkpoint_there_is_nothing_to_resume(refuse, directory):
    line = refuse("fit", directory / "train.csv", *FIT, *TINY, "--resume")
    assert "m.fluvial.checkpoint: there is no checkpoint to resume" in line


@pytest.mark.parametrize("option", ["--resume", "--checkpoint"])
def test_a_limit_of_time_goes_with_no_checkpoint(refuse, directory, option):
    line = refuse("fit", directory / "train.csv", *FIT, *TINY, option, "--max-seconds", 5)
    assert f"'{option}'" in line
    assert "--max-seconds" in line


def test_to_resume_without_checkpoints_is_a_contradiction(refuse, directory):
    refuse("fit", directory / "train.csv", *FIT, *TINY, "--resume", "--no-checkpoint")


def resume(run, *arguments):
    """Resume what must be refused, with the checkpoint as it was; give the error."""
    before = Path("m.fluvial.checkpoint").read_bytes()
    result = run("fit", *arguments, "--resume", "-q")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert Path("m.fluvial.checkpoint").read_bytes() == before
    assert not Path("m.fluvial").exists()
    return line


def test_what_differs_is_named(run, directory, left):
    table = directory / "train.csv"
    assert "other seed;" in resume(run, table, *FIT, *TINY, "--seed", 1)
    assert "learning_rate (0.001, now 0.1)" in resume(
        run, table, *FIT, *TINY, "--learning-rate", 0.1
    )
    assert "columns" in resume(run, table, *FIT, *TINY, "--columns", "a,b")
    assert "shape" in resume(run, table, *FIT, *TINY, "--rows", "1:")


def test_a_damaged_one_is_refused(run, directory, left):
    left.write_bytes(left.read_bytes()[:-1])
    assert "m.fluvial.checkpoint" in resume(run, directory / "train.csv", *FIT, *TINY)


def test_a_new_fit_says_that_an_old_one_could_go_on(run, directory, left):
    anew = run("fit", directory / "train.csv", *FIT, *TINY)
    assert anew.exit_code == 0
    assert "--resume would go on from there" in anew.stderr
    assert not left.exists()


def test_a_file_that_is_no_checkpoint_is_not_replaced(refuse, run, tmp_path, directory):
    other = tmp_path / "m.fluvial.checkpoint"
    other.write_text("mine")
    line = refuse("fit", directory / "train.csv", *FIT, *TINY)
    assert "m.fluvial.checkpoint: is no checkpoint" in line
    assert run("fit", directory / "train.csv", *FIT, *TINY, "--no-checkpoint").exit_code == 0
    assert other.read_text() == "mine"


def test_ctrl_c_before_all_else_keeps_it(monkeypatch, run, directory, left):
    def interrupted(self, X, **options):
        raise TrainingInterrupted("nothing was learned")

    monkeypatch.setattr("fluvial.estimators.FlowAnomalyDetector.fit", interrupted)
    ended = run("fit", directory / "train.csv", *FIT, *TINY, "--resume", "-q")
    assert ended.exit_code == 130
    assert ended.stderr == f"fluvial: interrupted; --resume goes on from {left.name}\n"
    assert left.exists()


def test_a_checkpoint_is_no_model(refuse, left):
    assert "holds a Checkpoint" in refuse("info", left)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")
def test_a_fit_that_is_killed_twice_goes_on_to_the_same_file(run, directory, tmp_path):
    fit = ["fit", str(directory / "train.csv"), *FIT, *LONG, "--checkpoint"]
    assert run(*fit).exit_code == 0
    whole = json.loads(run("info", "m.fluvial", "--json").stdout)["sha256"]
    Path("m.fluvial").unlink()
    ended = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("killed.py")), "0.4", "0", "8", *fit],
        capture_output=True,
        text=True,
        env=ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
        check=True,
    )
    all_ended = [json.loads(line) for line in ended.stdout.splitlines()]
    assert len(all_ended) == 8
    for fits in all_ended:
        assert fits["model"] == whole, fits
        assert fits["left"] == []
    assert any(fits["checkpoints"] == 2 for fits in all_ended)
