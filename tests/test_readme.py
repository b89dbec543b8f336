"""The commands and the code that the README shows work as they stand, here with small settings."""

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from fluvial.cli import app

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SMALL = "flow='real_nvp', n_layers=2, hidden_sizes=(8,), max_epochs=1"


@pytest.fixture(autouse=True)
def tables(tmp_path, monkeypatch):
    """The files of which the README speaks, in the current directory."""
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("train", "new")):
        rows = np.random.default_rng(seed).normal(size=(60, 2))
        pd.DataFrame(rows, columns=["a", "b"]).to_parquet(f"{name}.parquet")
    frame = pd.DataFrame(np.random.default_rng(2).normal(size=(180, 2)), columns=["a", "b"])
    frame[:60].to_csv("normal.csv", index=False)
    frame[60:120].assign(a=99.0).to_csv("new.csv", index=False)
    labelled = frame[120:].assign(anomaly=(np.arange(60) >= 50).astype(int))
    labelled.assign(a=labelled.a + 9 * labelled.anomaly).to_csv("labelled.csv", index=False)


def test_the_commands_run():
    commands = re.findall(r"^    fluvial (.+)$", README, flags=re.MULTILINE)
    verbs = ["fit", "score", "sample", "info", "fit", "threshold", "report"]
    assert [command.split()[0] for command in commands] == verbs
    options = ["--flow", "real_nvp", "--n-layers", "2", "--hidden-sizes", "8", "--max-epochs", "1"]
    for command in commands:
        arguments = shlex.split(command) + (options if command.startswith("fit") else [])
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
    for name in ("model.fluvial", "scored.parquet", "synthetic.csv", "report.html", "report.json"):
        assert Path(name).is_file()


def test_the_code_runs():
    (code,) = re.findall(r"^```python\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    names: dict = {}
    exec(code.replace("random_state=0).fit", f"random_state=0, {SMALL}).fit"), names)
    new = names["new"]
    detector = names["detector"]
    decision = names["fluvial"].load("model.fluvial").decision_function(new)
    assert np.array_equal(detector.predict(new) == -1, decision < 0)
    assert names["density"].sample(3).shape == (3, 2)


def test_links_lead_somewhere():
    root = Path(__file__).parents[1]
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (root / link).exists()] == []
