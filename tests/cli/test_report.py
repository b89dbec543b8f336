"""report: a page and its JSON, from a model and a table."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import fluvial


@pytest.fixture(scope="module")
def later(tmp_path_factory, numbers) -> Path:
    """Rows as those of the model, a stretch of them far off, with labels and times."""
    path = tmp_path_factory.mktemp("later") / "later.csv"
    frame = pd.DataFrame(numbers).iloc[:60] + 0.01
    frame["fault"] = ((np.arange(60) >= 40) & (np.arange(60) < 45)).astype(int)
    frame.loc[frame.fault == 1, "b"] += 40
    frame["hour"] = np.arange(60)
    frame.to_csv(path, index=False)
    return path


def test_a_report_of_a_labelled_table(run, model, later):
    options = ("--label", "fault", "--time", "hour", "--rows", "30:", "--miss", 5)
    result = run("report", model, later, "-o", "r.html", *options, "--json")
    assert result.exit_code == 0, result.output
    summary, told = json.loads(result.stdout), json.loads(Path("r.json").read_text())
    assert (summary["output"], summary["json"], summary["rows"]) == ("r.html", "r.json", 30)
    assert summary["flagged"] == told["flagged"] >= 5
    assert summary["auroc"] == told["evaluation"]["auroc"] == 1
    assert told["evaluation"]["cost_without_alarms"] == 25
    assert summary["verdict"] == " ".join(told["verdict"])
    assert told["evaluation"]["detections"][0]["start"] == 40
    assert 40 <= told["alarms"][0]["row"] < 45
    assert told["alarms"][0]["time"] == str(told["alarms"][0]["row"])
    card = json.loads(run("info", model, "--json").stdout)
    assert told["model"]["sha256"] == card["sha256"]
    assert told["model"]["libraries"] == card["libraries"]
    page = Path("r.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert told["verdict"][0] in page
    assert card["sha256"] in page


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "r.pdf"], "the report must end in .html"),
        (["-o", "absent/r.html"], "directory for the output does not exist"),
        (["--miss", 5], "costs need the column of labels"),
        (["--label", "faults"], "did you mean 'fault'"),
        (["--label", "fault", "--rows", ":30"], "both kinds are needed"),
        (["--time", "a"], "the model uses 'a'"),
    ],
)
def test_what_cannot_be_reported_is_refused(refuse, model, later, options, message):
    Path("later.csv").write_bytes(later.read_bytes())
    assert message in refuse("report", model, "later.csv", *options)


def test_neither_file_is_replaced_without_force(refuse, model, later):
    Path("later.csv").write_bytes(later.read_bytes())
    Path("later.json").write_text("kept")
    assert "later.json: exists already" in refuse("report", model, "later.csv")


def test_a_tolerance_of_rows_is_not_taken_for_one_of_time(refuse, model, later):
    detector: Any = fluvial.load(model)
    frame = pd.read_csv(later)
    costs = {"false_alarm": 1, "miss": 5, "tolerance": 12}
    detector.set_threshold("cost", frame[["a", "b", "c"]], frame.fault, **costs)
    detector.save("m.fluvial", notes={"columns_left_out": []})
    options = ("--label", "fault", "--time", "hour", "-o", "r.html")
    assert "with --time it must be given" in refuse("report", "m.fluvial", later, *options)


def test_a_report_without_labels_needs_no_costs(run, model, later):
    detector: Any = fluvial.load(model)
    frame = pd.read_csv(later)
    detector.set_threshold("cost", frame[["a", "b", "c"]], frame.fault, tolerance=12)
    detector.save("m.fluvial", notes={"columns_left_out": []})
    result = run("report", "m.fluvial", later, "--time", "hour", "-o", "r.html")
    assert result.exit_code == 0, result.output
