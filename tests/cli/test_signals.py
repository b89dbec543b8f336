"""Ctrl-C at random moments, and the signals that end a process."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.cases import TINY
from tests.cli.test_process import ENVIRONMENT, start

from fluvial.cli.signals import LATER_SECONDS, Interruption

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")

FOREVER = ("--max-epochs", "1000000", "--patience", "1000000")


def interrupted(directory, tmp_path, *, seconds, n_signals=1, gap=0.0, seed, n):
    fit = ["fit", directory / "train.csv", "--exclude", "id", "-o", "m.fluvial", "--force", *TINY]
    settings = ["SIGINT", seconds, n_signals, gap, seed, n]
    ended = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).with_name("forked.py")),
            *map(str, (*settings, *fit, *FOREVER)),
        ],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        cwd=tmp_path,
        check=True,
    )
    return [json.loads(line) for line in ended.stdout.splitlines()]


def check(ended, tmp_path):
    assert ended["code"] in (0, 130), ended
    assert "Traceback" not in ended["said"]
    assert ended["is_old"] == (ended["code"] == 130), ended
    last = "nothing was written" if ended["is_old"] else "keeping the best model so far, of epoch"
    assert f"fluvial: interrupted; {last}" in ended["said"]


@pytest.mark.slow
def test_ctrl_c_at_any_moment_keeps_the_old_file_or_a_trained_model(directory, tmp_path):
    all_ended = interrupted(directory, tmp_path, seconds=2.0, seed=0, n=8)
    assert len(all_ended) == 8
    for ended in all_ended:
        check(ended, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["m.fluvial"]
    assert 130 in {ended["code"] for ended in all_ended}


@pytest.mark.slow
def test_a_second_ctrl_c_at_once_is_the_same_press(directory, tmp_path):
    for ended in interrupted(directory, tmp_path, seconds=2.0, n_signals=2, gap=0.03, seed=1, n=4):
        check(ended, tmp_path)


def test_an_interrupt_waits_until_a_compiled_module_is_imported():
    def exec_module(interruption):
        interruption._raise(signal.SIGINT, sys._getframe())
        return signal.getitimer(signal.ITIMER_REAL)[0]

    interruption = Interruption()
    try:
        with pytest.raises(KeyboardInterrupt):
            exec_module(interruption)
        code = exec_module.__code__.replace(co_qualname="ExtensionFileLoader.exec_module")
        exec_module.__code__ = code
        assert 0 < exec_module(interruption) <= LATER_SECONDS
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    assert interruption.pressed


def test_a_process_that_is_ended_leaves_no_temporary_file(model, tmp_path):
    every = (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
    # What nohup has told to be ignored, processes ignore.
    numbers = [number for number in every if signal.getsignal(number) != signal.SIG_IGN]
    folders = [tmp_path / number.name for number in numbers]
    for folder in folders:
        folder.mkdir()
    large = ("sample", model, "-n", 10**7, "-o", "big.csv")
    processes = [start(*large, cwd=folder) for folder in folders]
    for process, number, folder in zip(processes, numbers, folders, strict=True):
        until = time.monotonic() + 120
        while not list(folder.iterdir()) and time.monotonic() < until:
            time.sleep(0.05)
        assert list(folder.iterdir())
        process.send_signal(number)
        process.communicate(timeout=60)
        assert process.returncode == -number
    left = [len(list(folder.iterdir())) for folder in folders]
    assert left == [0] * (len(folders) - 1) + [1]
    # What a killed one could not remove is swept by the next that writes there.
    start("sample", model, "-n", 2, "-o", "small.csv", cwd=folders[-1]).communicate(timeout=60)
    assert [path.name for path in folders[-1].iterdir()] == ["small.csv"]
