"""Thresholds, p-values and alarms of a fitted detector."""

import copy
from typing import Any

import numpy as np
import pytest
from tests.estimators.cases import table

from fluvial import load
from fluvial.anomaly import CostModel, choose_by_cost
from fluvial.errors import DataError, DataWarning

NEW = table(400, seed=7)
LABELS = (np.arange(400) % 100) >= 90


def labelled():
    rows = NEW.copy()
    rows[LABELS, 1] += 2e3
    return rows


@pytest.fixture
def own(by_density):
    """A copy whose threshold may be set."""
    return copy.copy(by_density)


@pytest.mark.parametrize(
    ("method", "options", "share"),
    [
        ("quantile", {"quantile": 0.1}, 0.1),
        ("false_positive_rate", {"false_positive_rate": 0.1}, 0.1),
        ("tail", {"false_positive_rate": 0.05}, 0.05),
        ("contamination", {"contamination": 0.25}, 0.25),
        ("max", {}, 0.0),
    ],
)
def test_a_method_flags_its_share_of_the_rows_given_or_left_out(own, rows, method, options, share):
    own.set_threshold(method, NEW, **options)
    assert (own.predict(NEW) == -1).mean() == pytest.approx(share, abs=0.011)
    assert own.threshold_.source == "rows given to set_threshold"
    own.calibrate(NEW)  # changes no threshold
    if method != "tail":  # which needs more than these 30
        own.set_threshold(method, **options)
        held_out = rows[own.density_.held_out_indices_]
        assert (own.predict(held_out) == -1).mean() == pytest.approx(share, abs=0.05)
        assert own.threshold_.n_rows == len(held_out)


def test_the_cost_of_errors_chooses_on_labelled_rows(own):
    costs: dict[str, Any] = {"false_alarm": 1, "miss": 5, "tolerance": 4}
    own.set_threshold("cost", labelled(), LABELS, **costs)
    scores = own.score_samples(labelled())
    expected = choose_by_cost(scores, LABELS, CostModel(**costs))
    assert own.offset_ == expected.threshold
    assert own.threshold_.details["cost"] == expected.cost
    result = own.evaluate(labelled(), LABELS, cost_model=CostModel(**costs))
    assert result.cost == expected.cost
    assert result.auroc > 0.99


def test_a_threshold_remembers_the_unit_of_its_tolerance(own, tmp_path):
    seconds = np.arange(400.0) * 60
    for times, unit in ((None, "rows"), (seconds, "times")):
        own.set_threshold("cost", labelled(), LABELS, tolerance=4, times=times)
        assert own.threshold_.details["tolerance_unit"] == unit
        own.save(tmp_path / f"{unit}.fluvial")
        again: Any = load(tmp_path / f"{unit}.fluvial")
        assert again.threshold_ == own.threshold_


def test_a_given_value_is_the_threshold(own):
    assert own.set_threshold("value", value=-3).offset_ == -3.0
    assert own.threshold_.method == "value"
    own.offset_ = -4.0
    assert own.threshold_.value == -4.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cost",), "needs labelled rows: X and y"),
        (("cost", NEW), "needs labelled rows: X and y"),
        (("cost", NEW, np.zeros(400)), "all 400 labelled rows are normal"),
        (("cost", NEW, np.arange(300) < 4), "400 rows need labels of shape"),
        (("cost", NEW, 3), "400 rows need labels of shape"),
        (("cost", NEW, [[1], [0, 1]]), "labels must be one number a row"),
        (("contamination", NEW, ["a"] * 400), "labels must be numbers or truth values"),
        (("quantile", None, LABELS), "labels y need their rows X"),
        (("luck",), "method must be one of"),
        ((["quantile"],), "method must be one of"),
        (("value",), "takes value= alone"),
        (("false_positive_rate",), "30 normal rows cannot tell a rate of 0.01"),
        (("tail",), "needs 40 normal rows"),
        (("quantile", NEW[:, :2]), "X has 2 features"),
    ],
)
def test_what_is_refused_leaves_the_threshold(own, arguments, message):
    before = own.offset_, own.threshold_
    with pytest.raises(ValueError, match=message):
        own.set_threshold(*arguments)
    assert (own.offset_, own.threshold_) == before


def test_rows_that_were_given_to_fit_calibrate_nothing(own, rows):
    mixed = np.concatenate([NEW[:50], rows[:5]])
    for calibrating in (
        lambda: own.set_threshold("quantile", mixed),
        lambda: own.set_threshold("cost", mixed, np.arange(55) < 5),
        lambda: own.calibrate(mixed),
    ):
        with pytest.raises(DataError, match="5 of these 55 rows were given to fit"):
            calibrating()
    assert own.calibration_ is None
    # Only the largest of training may be asked for.
    assert (own.set_threshold("max", rows).predict(rows) == 1).all()


def test_p_values_count_calibration_rows(own, rows):
    held_out = own.score_samples(rows[own.density_.held_out_indices_])
    scores = own.score_samples(NEW)
    counts = (held_out[None] <= scores[:, None]).sum(axis=1)
    np.testing.assert_allclose(own.p_values(NEW), (1 + counts) / (len(held_out) + 1))
    own.calibrate(table(500, seed=8))
    assert own.p_values(NEW).min() >= 1 / 501
    assert own.calibration_.source == "rows given to calibrate"
    one, again = (own.p_values(NEW, randomised=True, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert (one <= own.p_values(NEW)).all()
    own.p_values(NEW, randomised=True, random_state=np.random.RandomState(0))
    with pytest.raises(ValueError, match="'three' cannot be used to seed"):
        own.p_values(NEW, randomised=True, random_state="three")


def test_earlier_rows_count_by_the_density_ratio_where_normal_has_moved(own, tmp_path):
    moved = table(300, seed=8) + 1.0
    own.calibrate(table(2000, seed=7)).calibrate(moved, weighting="density_ratio")
    calibration = own.calibrated()
    assert len(calibration.scores) == 2300
    assert 300 < calibration.effective_size < 2300
    assert calibration.smallest_p < 1 / 301
    p = own.p_values(table(2000, seed=9) + 1.0)
    for level in (0.05, 0.2, 0.5):
        assert abs((p <= level).mean() - level) < 3 * np.sqrt(level / 300)
    own.save(tmp_path / "m.fluvial")
    np.testing.assert_array_equal(load(tmp_path / "m.fluvial").p_values(NEW), own.p_values(NEW))
    with pytest.raises(ValueError, match="weighting must be 'density_ratio' or None, not 'ratio'"):
        own.calibrate(moved, weighting="ratio")
    with pytest.raises(DataError, match="5 recent rows are too few"):
        own.calibrate(moved[:5], weighting="density_ratio")
    assert own.calibrated() is calibration


def test_flagged_rows_are_the_strange_ones(own):
    own.calibrate(table(1000, seed=8))
    found = own.flag(labelled(), false_discovery_rate=0.1)
    assert found[LABELS].all()
    assert found[~LABELS].mean() < 0.1
    with pytest.raises(ValueError, match="false_discovery_rate must lie in"):
        own.flag(NEW, 0)


def test_ways_and_costs_are_checked_before_they_are_needed(own):
    with pytest.raises(ValueError, match="but is 'luck'"):
        own.set_threshold("value", value=-1e9).explain(NEW, method="luck")
    with pytest.raises(TypeError, match="cost_model must be a CostModel, not 5"):
        own.evaluate(labelled(), LABELS, cost_model=5)


def test_too_few_calibration_rows_are_warned_of(own):
    with pytest.warns(DataWarning, match="30 calibration rows give p-values of 0.032 at best"):
        own.flag(NEW)
    with pytest.raises(DataError, match="19 calibration rows are too few"):
        own.calibrate(NEW[:19])


def test_a_file_keeps_thresholds_with_their_origin_and_calibrations(own, tmp_path):
    own.calibrate(NEW).set_threshold("cost", labelled(), LABELS, miss=5, tolerance=2)
    own.save(tmp_path / "m.fluvial")
    again: Any = load(tmp_path / "m.fluvial")
    assert again.threshold_ == own.threshold_
    assert again.offset_ == own.offset_
    np.testing.assert_array_equal(again.p_values(NEW), own.p_values(NEW))
    assert again.drift(NEW) == own.drift(NEW)
    with pytest.raises(DataError, match="were given to fit"):
        again.calibrate(table())


def test_rows_that_moved_are_told_of_by_their_columns(own):
    own.calibrate(table(1000, seed=8)).set_threshold("max", np.concatenate([NEW, labelled()]))
    moved = table(1200, seed=9)
    moved[600:, 2] *= 1.5
    found = own.drift(moved)
    assert found.warned
    assert 570 < found.since <= found.row < 900
    assert found.columns[0].name == "x2"
    assert "fit" in found.in_words()
    assert not own.drift(moved[:600]).warned
