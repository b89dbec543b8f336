"""threshold, evaluate, explain and drift."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import fluvial


@pytest.fixture(scope="module")
def labelled(tmp_path_factory) -> Path:
    """`labelled.csv` with anomalies and dates, and `later.csv`, whose column a moves."""
    folder = tmp_path_factory.mktemp("labelled")
    rng = np.random.default_rng(3)
    a = rng.normal(size=200)
    frame = pd.DataFrame(
        {"a": a, "b": a + 0.5 * rng.normal(size=200), "c": rng.integers(0, 5, 200)}
    )
    frame["fault"] = ((np.arange(200) // 10) % 5 == 4).astype(int)
    frame.loc[frame.fault == 1, "b"] += 40
    frame["when"] = pd.date_range("2024-01-01", periods=200, freq="5min").strftime("%Y-%m-%d %H:%M")
    frame.to_csv(folder / "labelled.csv", index=False)
    return folder / "labelled.csv"


COSTS = ("--label", "fault", "--false-alarm", 1, "--miss", 5, "--tolerance", 12)
PAGE: dict[str, list[str]] = {"threshold": [], "evaluate": [], "report": ["-o", "r.html"]}


def told(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_threshold_by_cost_goes_into_another_file(run, model, labelled):
    before = model.read_bytes()
    summary = told(run("threshold", model, labelled, *COSTS, "-o", "m2.fluvial", "--json"))
    again: Any = fluvial.load("m2.fluvial")
    assert summary["threshold"] == again.offset_ != summary["threshold_before"]
    assert again.threshold_.method == summary["method"] == "cost"
    assert (summary["false_alarm"], summary["miss"], summary["tolerance"]) == (1, 5, 12)
    assert model.read_bytes() == before
    info = told(run("info", "m2.fluvial", "--json"))
    assert info["threshold"] == again.offset_
    assert info["columns_left_out"] == ["id"]  # what the file notes is kept
    result = told(run("evaluate", "m2.fluvial", labelled, "--label", "fault", "--json"))
    assert result["cost"] == summary["cost"]  # by the costs that chose it
    assert result["auroc"] > 0.99


def test_a_tolerance_in_time_is_in_seconds(run, model, labelled):
    rows = told(run("threshold", model, labelled, *COSTS, "--json"))
    in_time = told(
        run("threshold", model, labelled, *COSTS[:-1], 12 * 300, "--time", "when", "--json")
    )
    assert in_time["threshold"] == rows["threshold"]
    assert not Path("m2.fluvial").exists()


@pytest.mark.parametrize(
    "spelt",
    [
        lambda when: when.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        lambda when: when.dt.strftime(" %Y-%m-%d %H:%M:%S.000+01:00"),
        lambda when: when.dt.tz_localize("Europe/Berlin"),  # as pandas writes it
        lambda when: (when - when[0]).dt.total_seconds(),
    ],
    ids=["Z", "offset", "pandas", "numbers"],
)
def test_times_may_be_spelt_in_these_ways(run, model, labelled, spelt):
    expected = told(run("threshold", model, labelled, *COSTS, "--json"))
    frame = pd.read_csv(labelled)
    frame.assign(when=spelt(pd.to_datetime(frame.when))).to_csv("spelt.csv", index=False)
    in_time = (*COSTS[:-1], 12 * 300, "--time", "when")
    found = told(run("threshold", model, "spelt.csv", *in_time, "--json"))
    assert found["threshold"] == expected["threshold"]


@pytest.mark.parametrize("kind", ["timestamp[us]", "timestamp[ms, tz=UTC]", "duration[ms]"])
def test_times_of_parquet_have_any_unit(run, model, labelled, kind):
    frame = pd.read_csv(labelled, parse_dates=["when"])
    if kind.startswith("duration"):
        frame.when -= frame.when[0]
    elif "UTC" in kind:
        frame.when = frame.when.dt.tz_localize("UTC")
    frame.when = frame.when.astype(f"{kind}[pyarrow]")
    frame.to_parquet("typed.parquet")
    in_time = (*COSTS[:-1], 12 * 300, "--time", "when")
    found = told(run("threshold", model, "typed.parquet", *in_time, "--json"))
    expected = told(run("threshold", model, labelled, *COSTS, "--json"))
    assert found["threshold"] == expected["threshold"]
    page = run("report", model, "typed.parquet", "--time", "when", "-o", "r.html")
    assert page.exit_code == 0, page.output


def test_cells_that_are_no_times_are_told_with_the_form_wanted(refuse, model, labelled):
    frame = pd.read_csv(labelled)
    points = pd.to_datetime(frame.when).dt.strftime("%d.%m.%Y %H:%M")
    frame.assign(when=points).to_csv("points.csv", index=False)
    frame.assign(when=frame.when.where(np.arange(len(frame)) < 150, points)).to_csv(
        "b.csv", index=False
    )
    frame.assign(when=frame.when.where(np.arange(len(frame)) != 150)).to_csv(
        "empty.csv", index=False
    )
    options = (*COSTS, "--time", "when", "--rows", "10:")
    for name, place in (("points.csv", "data row 10"), ("b.csv", "data row 150")):
        message = refuse("threshold", model, name, *options)
        assert f"{name}: column 'when' holds dates" in message
        assert place in message
        assert "numbers, or dates of ISO 8601 such as 2026-01-31T12:00:00" in message
    numbers = pd.Series(np.arange(float(len(frame)))).mask(np.arange(len(frame)) == 10)
    frame.assign(when=numbers).to_csv("n.csv")
    assert "column 'when' holds missing values" in refuse("threshold", model, "n.csv", *options)
    message = refuse("threshold", model, "empty.csv", *options)
    assert "column 'when': the time of data row 150 is missing" in message


def test_labels_of_text_are_told_what_labels_are(refuse, model, labelled):
    frame = pd.read_csv(labelled)
    frame.assign(fault=np.where(frame.fault, "yes", "no")).to_csv("words.csv", index=False)
    message = refuse("threshold", model, "words.csv", "--label", "fault")
    assert "column 'fault' holds text" in message
    assert "0 for normal rows and 1 for anomalies" in message


def test_a_tolerance_of_rows_is_not_taken_for_one_of_time(run, refuse, model, labelled):
    run("threshold", model, labelled, *COSTS, "-o", "m2.fluvial")
    evaluate = ("evaluate", "m2.fluvial", labelled, "--label", "fault", "--time", "when")
    assert "with --time it must be given" in refuse(*evaluate)
    assert run(*evaluate, "--tolerance", 3600).exit_code == 0


def test_a_tolerance_of_rows_is_told_with_its_unit(run, refuse, model, labelled):
    found = told(run("threshold", model, labelled, *COSTS, "-o", "m2.fluvial", "--json"))
    assert found["tolerance_unit"] == "rows"
    message = refuse("evaluate", "m2.fluvial", labelled, "--label", "fault", "--time", "when")
    assert "12 rows" in message


@pytest.mark.parametrize("verb", ["evaluate", "report"])
def test_a_tolerance_of_time_is_not_taken_for_one_of_rows(run, refuse, model, labelled, verb):
    in_time = (*COSTS[:-1], 12 * 300, "--time", "when")
    found = told(run("threshold", model, labelled, *in_time, "-o", "m2.fluvial", "--json"))
    assert found["tolerance_unit"] == "times"
    arguments = (verb, "m2.fluvial", labelled, "--label", "fault", *PAGE[verb])
    message = refuse(*arguments)
    assert "--time COLUMN" in message
    assert "--tolerance" in message
    assert "3600" in message
    assert run(*arguments, "--tolerance", 12).exit_code == 0
    by_time = told(run(*arguments, "--time", "when", "--force", "--json"))  # by the same costs
    assert by_time["cost"] == found["cost"]


def test_a_tolerance_of_an_earlier_file_is_of_unknown_unit(run, refuse, model, labelled):
    run("threshold", model, labelled, *COSTS, "-o", "m2.fluvial")
    detector: Any = fluvial.load("m2.fluvial")
    del detector.threshold_.details["tolerance_unit"]
    detector.save("old.fluvial")
    evaluate = ("evaluate", "old.fluvial", labelled, "--label", "fault")
    assert run(*evaluate).exit_code == 0
    assert "may be of rows" in refuse(*evaluate, "--time", "when")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--method", "cost"], "'LABELLED': the method cost needs labelled rows, with --label"),
        (["LABELLED"], "'--label': the method cost needs the column of labels of LABELLED"),
        (["--method", "luck"], "method must be one of cost, quantile, false_positive_rate"),
        (["--method", "value"], "'--value': the method value needs it"),
        (["--method", "value", "--value", 1, "--miss", 4], "'--miss': the method value takes --va"),
        (["--method", "quantile", "--miss", 4], "'--miss': the method quantile takes --quantile"),
        (
            ["LABELLED", "--method", "quantile", "--time", "when"],
            "'--time': the method quantile takes --quantile",
        ),
        (
            ["--method", "tail", "--false-alarm", 4],
            "'--false-alarm': the method tail takes --false-positive-rate",
        ),
        (["--method", "max", "--quantile", 0.1], "'--quantile': the method max takes no options"),
        (["--label", "fault"], "need a table"),
        (["LABELLED", "--label", "default"], "there is no column 'default'"),
        (["LABELLED", "--label", "a"], "the model uses 'a'"),
        (["LABELLED", *COSTS[:2], "--rows", "0:30"], "labelled rows are normal"),
        (["LABELLED", *COSTS[:2], "--count", "days"], "count must be one of"),
    ],
)
def test_what_cannot_choose_writes_nothing(refuse, model, labelled, options, message):
    options = [labelled if each == "LABELLED" else each for each in options]
    assert message in refuse("threshold", model, *options, "-o", "m2.fluvial")


def test_a_given_value_looks_at_no_rows(run, model, labelled):
    result = run("threshold", model, labelled, "--method", "value", "--value", -3, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["input"] is None


@pytest.mark.parametrize("verb", PAGE)
def test_a_row_that_is_refused_counts_from_the_start_of_the_file(refuse, model, labelled, verb):
    frame = pd.read_csv(labelled)
    frame.assign(when=np.r_[0:150, 140:190]).to_csv("back.csv", index=False)
    signs = (1 - 2 * frame.fault).where(frame.index != 120, 0)
    frame.assign(fault=signs).to_csv("mixed.csv", index=False)
    options = ["--label", "fault", "--rows", "90:", *PAGE[verb]]
    message = refuse(verb, model, "back.csv", *options, "--time", "when")
    assert "back.csv: column 'when': time goes back at data row 150" in message
    message = refuse(verb, model, "mixed.csv", *options)
    assert "mixed.csv: column 'fault': data row 120 has the label 0" in message


@pytest.mark.parametrize("verb", PAGE)
def test_labels_of_one_kind_are_told_with_their_file_and_column(refuse, model, labelled, verb):
    options = ["--label", "fault", "--rows", "0:30", *PAGE[verb]]
    message = refuse(verb, model, labelled, *options)
    assert f"{labelled.name}: column 'fault': all 30 labelled rows are normal" in message


@pytest.mark.parametrize("verb", ["threshold", "calibrate"])
def test_a_row_given_to_fit_counts_from_the_start_of_the_file(refuse, model, directory, verb):
    train = directory / "train.csv"
    method = ["--method", "quantile"] if verb == "threshold" else []
    message = refuse(verb, model, train, *method, "--rows", "50:100", "-o", "n.fluvial")
    assert "train.csv: 50 of these 50 rows were given to fit" in message
    assert "the first of them data row 50;" in message


def test_rows_given_to_fit_choose_nothing(refuse, model, directory):
    train = directory / "train.csv"
    assert "given to fit" in refuse(
        "threshold", model, train, "--method", "quantile", "-o", "n.fluvial"
    )


def test_the_model_itself_is_not_overwritten(refuse, run, model):
    assert "input itself" in refuse(
        "threshold", model, "--method", "value", "--value", -3, "-o", model, "--force"
    )


def test_an_evaluation_tells_of_each_stretch_by_rows_of_the_file(run, model, labelled):
    common = ["evaluate", model, labelled, "--label", "fault", "--rows", "30:120"]
    machine = told(run(*common, "--json"))
    assert [each["start"] for each in machine["detections"]] == [40, 90]
    text = run(*common).stdout
    assert [line.split()[0] for line in text.splitlines()] == [
        *(key for key in machine if key not in ("detections", "intervals", *COST_KEYS)),
        "stretches",
        *COST_KEYS,
    ]
    assert "40:50 after 0" in text


COST_KEYS = [f"cost_{name}" for name in ("false_alarm", "miss", "tolerance", "prevalence", "count")]


def test_reasons_name_the_column_and_what_would_be_normal(run, model, labelled):
    run("threshold", model, labelled, *COSTS, "-o", "m2.fluvial")
    machine = told(run("explain", "m2.fluvial", labelled, "--rows", "30:", "--json"))
    first = machine["explanations"][0]
    assert first["row"] == 40
    assert first["reasons"][0]["column"] == "b"
    assert abs(first["reasons"][0]["normal_value"]) < 10
    assert machine["anomalies"] == len(machine["explanations"])
    text = run("explain", "m2.fluvial", labelled, "--rows", "40:42").stdout
    assert "row 40" in text
    assert "b = 4" in text
    run("score", "m2.fluvial", labelled, "--reasons", "-o", "s.csv")
    scored = pd.read_csv("s.csv")
    assert scored.reason.notna().tolist() == scored.is_anomaly.tolist()
    assert scored.reason[40].startswith("b = ")


def test_drift_is_told_with_its_columns_and_noted_by_score(run, model, labelled):
    detector: Any = fluvial.load(model)
    rng = np.random.default_rng(5)
    a = rng.normal(size=600)
    frame = pd.DataFrame(
        {"a": a, "b": a + 0.5 * rng.normal(size=600), "c": rng.integers(0, 5, 600)}
    )
    detector.calibrate(frame[:300]).set_threshold("value", value=-1e6).save("m2.fluvial")
    later = frame[300:].copy()
    later.loc[400:, "c"] += 3
    later.to_csv("later.csv", index=False)
    found = told(run("drift", "m2.fluvial", "later.csv", "--rows", "50:", "--json"))
    assert found["warned"]
    assert 80 <= found["since"] <= found["row"] < 200
    assert found["columns"][0]["name"] == "c"
    steady = told(run("drift", "m2.fluvial", "later.csv", "--rows", ":90", "--json"))
    assert not steady["warned"]
    result = run("score", "m2.fluvial", "later.csv", "-o", "s.csv", "--json")
    assert told(result)["drift"] is True
    assert "fluvial: note: normal has moved since about row" in result.stderr


def test_calibrate_tells_what_p_values_can_reach_and_keeps_it(run, model, refuse):
    rng = np.random.default_rng(6)
    a = rng.normal(size=50)
    recent = pd.DataFrame({"a": a, "b": a + 0.5 * rng.normal(size=50), "c": rng.integers(0, 5, 50)})
    recent.to_csv("recent.csv", index=False)
    found = told(run("calibrate", model, "recent.csv", "-o", "m2.fluvial", "--json"))
    assert (found["rows"], found["effective_rows"], found["smallest_p"]) == (50, 50.0, 1 / 51)
    detector: Any = fluvial.load("m2.fluvial")
    assert len(detector.calibrated().scores) == 50
    run("calibrate", "m2.fluvial", "recent.csv", "--weighting", "density_ratio", "--json")
    assert "weighting" in refuse("calibrate", model, "recent.csv", "--weighting", "ratio")
    assert "too few" in refuse("calibrate", model, "recent.csv", "--rows", ":5")


def test_without_labels_the_density_is_judged(run, model, labelled):
    frame = pd.read_csv(labelled)
    frame[frame.fault == 0].to_csv("normal.csv", index=False)
    moved = frame[frame.fault == 0].assign(a=lambda f: f.a + 3)
    moved.to_csv("moved.csv", index=False)
    result = told(run("evaluate", model, "normal.csv", "--json"))
    assert result["rows"] == int((frame.fault == 0).sum())
    assert {each["name"] for each in result["columns"]} == {"a", "b", "c"}
    assert len(result["comparisons"]) == 4
    changed = told(run("evaluate", model, "moved.csv", "--json"))
    assert changed["log_prob"] < result["log_prob"] - 1
    assert "differ from the rows in: a" in changed["verdict"]
    shown = run("evaluate", model, "moved.csv")
    assert shown.exit_code == 0
    assert "verdict" in shown.stdout


def test_what_evaluate_finds_is_written(run, refuse, model, labelled):
    frame = pd.read_csv(labelled)
    frame[frame.fault == 0].drop(columns="fault").to_csv("normal.csv", index=False)
    told(run("evaluate", model, "normal.csv", "-o", "e.json", "--training", "normal.csv", "--json"))
    written = json.loads(Path("e.json").read_text())
    assert written["copies"]["membership"] == pytest.approx(0.5)
    assert "privacy" in written["verdict"]
    assert "exists already" in refuse("evaluate", model, "normal.csv", "-o", "e.json")
    assert "must end in .json" in refuse("evaluate", model, "normal.csv", "-o", "e.txt")
    with_labels = ("evaluate", model, labelled, "--label", "fault")
    told(run(*with_labels, "-o", "labelled.json", "--json"))
    assert "detections" in json.loads(Path("labelled.json").read_text())
    assert "without --label" in refuse(*with_labels, "--training", "normal.csv")


def test_costs_need_labels(run, model, labelled):
    result = run("evaluate", model, labelled, "--miss", 5)
    assert result.exit_code == 2
    assert "--label" in result.output
