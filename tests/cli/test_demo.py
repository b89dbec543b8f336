"""The demo: its files, its figures, and that the commands it shows make them."""

import csv
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score
from tests.cli.cases import TINY, contents

import fluvial

NAMES = ["benign-train.csv", "rest.csv", "model.fluvial", "scored.csv", "sampled.csv", "figure.png"]


@pytest.fixture
def demo(run, monkeypatch):
    """Run the demo with a flow that is fitted in a second."""
    monkeypatch.setattr("fluvial.cli.demo._FIT", ("--exclude", "diagnosis", "--seed", "0", *TINY))
    return lambda *options: run("demo", *options)


def read(path):
    with open(path, newline="") as lines:
        header, *rows = csv.reader(lines)
    return dict(zip(header, map(np.array, zip(*rows, strict=True)), strict=True))


def test_the_demo_writes_what_it_says_and_its_commands_make_it_again(demo, run):
    result = demo()
    assert result.exit_code == 0, result.output
    assert sorted(contents(Path("demo-output"))) == sorted(
        f"demo-output/{name}" for name in [*NAMES, "README.txt"]
    )
    for name in NAMES:
        assert f"demo-output/{name} " in result.stdout
    before = contents(Path("demo-output"))
    commands = re.findall(
        r"fluvial (?:fit|score|sample) .*", Path("demo-output/README.txt").read_text()
    )
    assert len(commands) == 3
    for command in commands:
        assert f"$ {command}" in result.stdout
        assert run(*shlex.split(command)[1:]).exit_code == 0
    after = contents(Path("demo-output"))
    # The model file tells how long training took; its scores and samples are the same.
    del before["demo-output/model.fluvial"], after["demo-output/model.fluvial"]
    assert after == before


def test_the_printed_quality_is_that_of_the_scored_file(demo):
    shown = demo("--output-dir", "x").stdout
    scored = read("x/scored.csv")
    malignant, score = scored["diagnosis"] == "malignant", -scored["log_prob"].astype(float)
    auroc, precision = roc_auc_score(malignant, score), average_precision_score(malignant, score)
    assert re.search(rf"Fluvial's flow\W+{auroc:.3f}\W+{precision:.3f}", shown)
    found = ((scored["is_anomaly"] == "true") & malignant).sum()
    assert f"flags {found} of 212 malignant" in shown
    assert len(read("x/sampled.csv")["mean radius"]) == 1000
    assert isinstance(fluvial.load("x/model.fluvial"), fluvial.FlowAnomalyDetector)


def test_the_demo_replaces_its_own_files_and_no_others(demo, refuse):
    Path("demo-output").mkdir()
    Path("demo-output/notes.txt").write_text("mine")
    Path("demo-output/rest.csv").write_text("mine")
    assert "--force" in refuse("demo")
    Path("demo-output/rest.csv").unlink()
    assert demo().exit_code == 0
    assert demo().exit_code == 0
    assert Path("demo-output/notes.txt").read_text() == "mine"


def test_an_interrupted_demo_can_be_run_again(demo, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("fluvial.FlowAnomalyDetector.fit", interrupt)
        assert demo().exit_code == 130
    assert demo().exit_code == 0


def interrupt(*args, **kwargs):
    raise KeyboardInterrupt
