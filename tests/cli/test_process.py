"""The command line as a process of its own: how it starts, is interrupted, and is piped."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.cases import TINY

import fluvial

COMMAND = [sys.executable, "-m", "fluvial"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(fluvial.__file__).parents[1])}
HEAVY = ("jax", "equinox", "sklearn", "scipy", "numpy", "pyarrow", "pandas", "matplotlib")


def start(*arguments, **options):
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        **options,
    )


def test_help_and_version_import_nothing_heavy():
    code = (
        "import sys\nfrom fluvial.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    for option in (["--help"], ["fit", "--help"], ["--version"]):
        ended = subprocess.run(
            [sys.executable, "-c", code, *option], capture_output=True, text=True, env=ENVIRONMENT
        )
        assert ended.stdout.splitlines()[-1] == "[]", ended
        assert ended.stderr == ""
    assert ended.stdout.splitlines()[0] == f"fluvial {fluvial.__version__}"


def test_an_error_ends_the_process_with_its_code():
    process = start("info", "absent.fluvial")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err == "fluvial: error: 'absent.fluvial': No such file or directory\n"


def test_scores_are_bit_equal_in_a_fresh_process(directory, model, run):
    process = start("score", model, directory / "train.csv")
    out, _ = process.communicate(timeout=120)
    assert out == run("score", model, directory / "train.csv").stdout


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX pipes")
def test_a_reader_that_leaves_early_is_no_error(model):
    with start("sample", model, "-n", 20_000) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "a,b,c\n"
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=120) == -signal.SIGPIPE


def test_ctrl_c_in_training_keeps_the_best_model_so_far(run, directory, monkeypatch):
    # A signal at a known moment: when the first segment of the training is done.
    monkeypatch.setattr(
        "fluvial.training.progress.Lines.update", lambda *_: signal.raise_signal(signal.SIGINT)
    )
    fit = ["fit", directory / "train.csv", "--exclude", "id", "-o", "m.fluvial", *TINY]
    result = run(*fit, "--max-epochs", 1_000_000, "--patience", 1_000_000)
    assert result.exit_code == 0, result.output
    assert "interrupted" in result.stderr
    facts = json.loads(run("info", "m.fluvial", "--json").stdout)
    assert facts["stop_reason"] == "interrupted"
    assert facts["epochs"] < 1_000_000
