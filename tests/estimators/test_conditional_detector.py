"""Rows that are strange given what is known of them."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib import pyplot
from tests.estimators.cases import TINY

import fluvial
from fluvial.anomaly import CostModel
from fluvial.artifacts import read_model
from fluvial.errors import DataError, ModelFileError, ShapeError
from fluvial.estimators import FlowAnomalyDetector, FlowDensity, load
from fluvial.report import examine

SETTINGS = {"n_layers": 1, "hidden_sizes": (16,), "n_bins": 4, "learning_rate": 0.01}


def weather(n, seed=0):
    """A load that follows the temperature, and a humidity that does not."""
    rng = np.random.default_rng(seed)
    temperature = rng.uniform(-10, 30, n)
    load = 1000 - 20 * temperature + 30 * rng.normal(size=n)
    rows = pd.DataFrame({"load": load, "humidity": 50 + 10 * rng.normal(size=n)})
    return rows, pd.DataFrame({"temperature": temperature})


@pytest.fixture(scope="module")
def detector():
    rows, given = weather(800)
    made = FlowAnomalyDetector(
        "neural_spline_flow", max_epochs=40, random_state=0, score="density", **SETTINGS
    )
    return made.fit(rows, condition=given)


WARM_AND_COLD = pd.DataFrame({"load": [1100.0, 1100.0, 500.0, 500.0], "humidity": 50.0})
TEMPERATURES = pd.DataFrame({"temperature": [-5.0, 25.0, 25.0, -5.0]})


def test_a_row_is_strange_given_its_condition(detector):
    given = TEMPERATURES
    labels = detector.predict(WARM_AND_COLD, condition=given)
    assert labels.tolist() == [1, -1, 1, -1]
    score = detector.score_samples(WARM_AND_COLD, condition=given)
    inside = detector.density_.score_samples(WARM_AND_COLD, condition=given)
    np.testing.assert_array_equal(score, inside)
    decision = detector.decision_function(WARM_AND_COLD, condition=given)
    np.testing.assert_array_equal(decision, score - detector.offset_)
    p = detector.p_values(WARM_AND_COLD, condition=given)
    assert (p[[0, 2]] > 0.05).all()
    assert (p[[1, 3]] < 0.03).all()
    np.testing.assert_array_equal(
        detector.predict(WARM_AND_COLD, condition=TEMPERATURES[1:2]), [-1, -1, 1, 1]
    )


def test_new_normal_rows_are_flagged_as_often_as_held_out_ones(detector):
    rows, given = weather(1000, seed=1)
    assert (detector.predict(rows, condition=given) == -1).mean() < 0.05
    p = detector.p_values(rows, condition=given)
    assert abs((p < 0.5).mean() - 0.5) < 0.15


def test_reasons_compare_with_rows_of_a_like_condition(detector):
    for method in ("leave_out", "surprise", "path"):
        told = detector.explain(WARM_AND_COLD, condition=TEMPERATURES, method=method)
        assert [each.row for each in told] == [1, 3]
        warm, cold = told
        assert warm.reasons[0].column == cold.reasons[0].column == "load"
        assert {reason.column for reason in warm.reasons} == {"load", "humidity"}
        assert warm.reasons[0].normal_value < 700
        assert cold.reasons[0].normal_value > 900


def test_decisions_take_conditions(detector, tmp_path):
    rows, given = weather(200, seed=2)
    before = detector.threshold_
    strange = np.arange(200) < 10
    rows.loc[strange, "load"] += 500
    evaluation = detector.evaluate(rows, strange, condition=given)
    assert evaluation.auroc > 0.99
    detector.set_threshold("cost", rows, strange, condition=given, miss=5.0)
    assert detector.threshold_.method == "cost"
    assert detector.evaluate(rows, strange, condition=given, cost_model=CostModel()).cost <= 2
    detector.offset_, detector._threshold = before.value, before
    assert detector.flag(rows, 0.2, condition=given)[strange].all()
    with pytest.raises(DataError, match="a condition needs its rows X"):
        detector.set_threshold("quantile", condition=given)
    first, of_first = weather(800)
    with pytest.raises(DataError, match="were given to fit"):
        detector.calibrate(first, condition=of_first)
    # The same rows with other conditions were not.
    again = FlowAnomalyDetector(score="density", **TINY).fit(first, condition=of_first)
    again.calibrate(first, condition=of_first[::-1].reset_index(drop=True))
    assert len(again.calibrated().scores) == 800


def test_a_condition_that_moves_is_no_drift_but_rows_that_leave_it_are(detector):
    rows, given = weather(1500, seed=3)
    warm = given["temperature"].to_numpy() > 10
    assert not detector.drift(rows[warm], condition=given[warm]).warned
    moved = detector.drift(rows.assign(load=rows["load"] + 60), condition=given)
    assert moved.warned
    assert moved.columns == []


def test_its_figures_take_the_condition(detector):
    rows, given = weather(60, seed=5)
    names = {"fluvial": fluvial, "model": detector, "X": rows, "condition": given}
    lines = [line for line in detector._figures() if "condition=condition" in line]
    assert len(lines) == 5
    for line in lines:
        assert eval(line, dict(names, y=np.arange(60) % 9 == 0)) is not None
    pyplot.close("all")


def test_it_is_stored(detector, tmp_path):
    rows, given = weather(100, seed=4)
    detector.save(tmp_path / "m.fluvial")
    again: Any = load(tmp_path / "m.fluvial")
    turned = pl.from_pandas(given)
    for name in ("score_samples", "predict", "p_values"):
        np.testing.assert_array_equal(
            getattr(again, name)(rows, condition=turned),
            getattr(detector, name)(rows, condition=given),
        )
    rows.iloc[0] = [5000, 50]
    assert again.explain(rows, condition=given) == detector.explain(rows, condition=given)
    assert again.density_.condition_.names == ("temperature",)


def test_a_file_whose_score_knows_no_condition_is_refused(tmp_path):
    from tests.estimators.stored_models import entries_of, write_content

    rows, given = weather(100)
    made = FlowAnomalyDetector(score="density", **TINY).fit(rows, condition=given)
    made.save(tmp_path / "m.fluvial")
    file = read_model(tmp_path / "m.fluvial")
    entries = entries_of(file)
    entries["parameters"]["score"] = "relative"
    write_content(tmp_path / "bad.fluvial", entries, file.arrays)
    with pytest.raises(ModelFileError, match="'relative' knows no condition"):
        load(tmp_path / "bad.fluvial")


@pytest.mark.parametrize("score", ["latent", "typicality"])
def test_other_scores_of_the_density(score, tmp_path):
    rows, given = weather(150)
    made = FlowAnomalyDetector(score=score, **TINY).fit(rows, condition=given)
    found = made.score_samples(rows, condition=given)
    if score == "latent":
        latents = made.density_.transform(rows, condition=given)
        np.testing.assert_allclose(found, -np.linalg.norm(latents, axis=1))
    assert np.abs(made.score_samples(rows, condition=given[::-1]) - found).max() > 0.01
    made.save(tmp_path / "m.fluvial")
    again: Any = load(tmp_path / "m.fluvial")
    np.testing.assert_array_equal(again.score_samples(rows, condition=given), found)


def test_weights_leave_out_rows_whose_condition_is_missing():
    rows, given = weather(120)
    weights = np.where(np.arange(120) < 20, 0.0, 1.0)
    blank = given.assign(temperature=given["temperature"].where(weights > 0))
    made = FlowAnomalyDetector(score="density", **TINY)
    made.fit(rows, None, weights, condition=blank)
    kept = FlowAnomalyDetector(score="density", **TINY).fit(rows[20:], condition=given[20:])
    np.testing.assert_array_equal(
        made.score_samples(rows, condition=given), kept.score_samples(rows, condition=given)
    )
    labels = FlowAnomalyDetector(score="density", contamination=0.1, **TINY).fit_predict(
        rows, condition=given
    )
    assert (labels == -1).sum() == 12


def test_what_knows_no_condition_is_refused():
    rows, given = weather(60)
    with pytest.raises(ValueError, match=r"score='relative' ranks a row.*'density', 'latent'"):
        FlowAnomalyDetector().fit(rows, condition=given)
    with pytest.raises(ValueError, match="flow='classical' takes no condition"):
        FlowAnomalyDetector("classical", score="density").fit(rows, condition=given)
    with pytest.raises(ShapeError, match="condition has 59 rows, but the table has 60"):
        FlowAnomalyDetector(score="density", **TINY).fit(rows, condition=given[1:])
    made = FlowAnomalyDetector(score="density", **TINY).fit(rows, condition=given)
    with pytest.raises(ShapeError, match="is conditional: give condition=, 'temperature'"):
        made.predict(rows)
    with pytest.raises(ShapeError, match="condition has 5 rows, but must have 60"):
        made.decision_function(rows, condition=given[:5])
    with pytest.raises(DataError, match="a report shows rows by themselves"):
        examine(made, rows)
    bare = FlowAnomalyDetector(random_state=0).fit(rows)
    with pytest.raises(ShapeError, match="was fitted without a condition"):
        bare.score_samples(rows, condition=given)


def test_the_density_inside_is_that_of_the_estimator():
    rows, given = weather(150)
    made = FlowAnomalyDetector(score="density", **TINY).fit(rows, condition=given)
    alone = FlowDensity(**TINY).fit(rows, condition=given)
    np.testing.assert_array_equal(
        made.density_.score_samples(rows, condition=given),
        alone.score_samples(rows, condition=given),
    )
