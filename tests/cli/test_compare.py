"""compare: the default beside the baselines."""

import json

import numpy as np
import pandas as pd
import pytest

from fluvial.cli.compare import _line
from fluvial.evaluation.comparison import RankedModel

DETECTORS = [
    "FlowAnomalyDetector",
    "KernelDensity",
    "GaussianMixtureDensity",
    "HistogramDensity",
    "NearestNeighbors",
    "Autoencoder",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """`train.csv` with three labelled anomalies, `test.csv` with twenty."""
    path = tmp_path_factory.mktemp("compared")
    rng = np.random.default_rng(0)
    for name, n, n_odd in (("train", 90, 3), ("test", 100, 20)):
        a = rng.normal(size=n)
        frame = pd.DataFrame({"a": a, "b": a + 0.3 * rng.normal(size=n), "when": "2024-01-01"})
        frame["fault"] = 0
        frame.loc[: n_odd - 1, ["b", "fault"]] = [30.0, 1]
        frame.to_csv(path / f"{name}.csv", index=False)
    return path


def test_detectors_side_by_side(run, folder):
    tables = (folder / "train.csv", folder / "test.csv", "--exclude", "when")
    result = run("compare", *tables, "--label", "fault", "--json", "-o", "models.csv")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["train_rows"], told["train_anomalies_left_out"]) == (87, 3)
    assert (told["rows"], told["anomalies"]) == (100, 20)
    assert [each["name"] for each in told["models"]] == DETECTORS
    assert all(each["auroc"] == 1 for each in told["models"])
    assert all(each["auroc_difference"] == 0 for each in told["models"])
    assert told["models"][1]["average_precision_difference_standard_error"] == 0
    written = pd.read_csv("models.csv")
    assert written.name.tolist() == DETECTORS
    assert (written.fit_seconds > 0).all()


def test_the_line_of_a_model_tells_its_difference():
    told = {"auroc": 0.9, "average_precision": 0.5}
    differences = {f"{name}_difference": value - 1 for name, value in told.items()}
    errors = {f"{name}_standard_error": 0.02 for name in (*told, *differences)}
    model = RankedModel("bins", **told, **differences, **errors, fit_seconds=1.25)
    assert _line(model) == (
        "AUROC 0.9000 +- 0.0200 (-0.1000 +- 0.0200), "
        "average precision 0.5000 +- 0.0200 (-0.5000 +- 0.0200), 1.2 s"
    )


def test_densities_side_by_side_in_words(run, folder):
    tables = (folder / "train.csv", folder / "test.csv", "--columns", "a,b")
    result = run("compare", *tables, "--flow", "classical")
    assert result.exit_code == 0, result.output
    lines = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert lines["FlowDensity"].startswith("nats -")
    assert "beside the default 0.0000 +- 0.0000" in lines["FlowDensity"]
    assert "beside the default" in lines["HistogramDensity"]
    assert "Autoencoder" not in lines


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--exclude", "when", "--label", "kind"], "there is no column 'kind'"),
        (["--label", "fault", "--flow", "maf"], "of densities, without --label"),
        (["--columns", "a,b", "--label", "none"], "both kinds are needed"),
        (["--columns", "a,only"], "columns that the model needs are missing: 'only'"),
        ([], "column 'when' holds dates"),
        (["--flow", "luck"], "flow must be one of"),
    ],
)
def test_what_cannot_be_compared_is_refused(refuse, folder, tmp_path, options, message):
    train, test = (pd.read_csv(folder / f"{name}.csv") for name in ("train", "test"))
    train.assign(only=np.arange(90.0)).to_csv("train.csv", index=False)
    test.assign(none=0).to_csv("test.csv", index=False)
    assert message in refuse("compare", "train.csv", "test.csv", *options)


def test_training_rows_that_are_all_anomalies_are_refused(refuse, folder):
    pd.read_csv(folder / "train.csv").assign(fault=1).to_csv("train.csv", index=False)
    arguments = ("train.csv", folder / "test.csv", "--exclude", "when", "--label", "fault")
    assert "all rows are labelled as anomalies in 'fault'" in refuse("compare", *arguments)


def test_a_label_that_is_refused_is_told_with_its_file(refuse, folder):
    frame = pd.read_csv(folder / "test.csv").assign(fault=np.where(np.arange(100) < 9, -1, 0))
    frame.to_csv("mixed.csv", index=False)
    tables = (folder / "train.csv", "mixed.csv", "--exclude", "when", "--label", "fault")
    message = refuse("compare", *tables)
    assert "mixed.csv: column 'fault': data row 9 has the label 0" in message
