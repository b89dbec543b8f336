"""What a report tells is what the detector's own methods tell."""

import copy
import json

import numpy as np
import pandas as pd
import pytest
from tests.report.conftest import table

from fluvial import FlowAnomalyDetector
from fluvial.errors import DataError
from fluvial.report import examine, to_json


def test_flags_and_expectations(report, detector, rows):
    assert np.array_equal(report.flagged, detector.predict(rows) == -1)
    calibration = detector.calibrated()
    # The p-value of a row just below the threshold.
    just_below = np.array([np.nextafter(detector.offset_, -np.inf)])
    assert report.expected_share == pytest.approx(calibration.p_values(just_below)[0])
    assert np.array_equal(report.p_values, detector.p_values(rows))


def test_expectations_count_earlier_rows_by_their_weights(detector, rows):
    moved = copy.copy(detector).calibrate(table(60, 2) + 0.5, weighting="density_ratio")
    calibration = moved.calibrated()
    assert calibration.weights is not None
    below = calibration.weights[calibration.scores < moved.offset_].sum()
    own, total = calibration.weights.max(), calibration.weights.sum()
    expected = (below + own) / (total + own)
    assert examine(moved, rows).expected_share == pytest.approx(expected)


def test_times_may_be_dates_of_a_data_frame_with_a_zone(report, detector, rows, labels, times):
    zoned = pd.Series(pd.DatetimeIndex(times).tz_localize("UTC"))
    found = examine(detector, rows, labels, times=zoned, cost_model=report.cost_model)
    assert found.evaluation == report.evaluation
    assert found.when(3) == report.when(3)


def test_labels_drift_and_reasons(report, detector, rows, labels, times):
    assert report.evaluation == detector.evaluate(
        rows, labels, cost_model=report.cost_model, times=times
    )
    assert report.quiet_cost == 5 * labels.sum()
    assert report.drift == detector.drift(rows)
    strangest = int(np.argmin(detector.score_samples(rows)))
    alarm = report.alarms[0]
    assert alarm.start <= alarm.explanation.row == strangest < alarm.stop
    expected = next(each for each in detector.explain(rows) if each.row == strangest)
    assert alarm.explanation.in_words() == expected.in_words()
    found = [each.explanation.score for each in report.alarms]
    assert found == sorted(found)
    assert report.pairs[0][1] == 2  # the column of the strangest rows


def test_ranges_are_those_of_the_rows(report, detector, rows):
    training = detector.reference_.rows
    for j, each in enumerate(report.ranges):
        values = rows.iloc[:, j].to_numpy()
        assert (each.low, each.high) == (values.min(), values.max())
        outside = (values < training[:, j].min()) | (values > training[:, j].max())
        assert each.share_outside == outside.mean()
    assert report.ranges[2].share_outside >= 3 / 120


def test_the_json_counts_rows_from_the_start_of_the_file(report):
    told = to_json(report)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["alarms"][0]["row"] == 1000 + report.alarms[0].explanation.row
    assert told["alarms"][0]["time"].startswith("2024-03-04 ")
    assert [each["start"] for each in told["evaluation"]["detections"]] == [1030, 1078]
    assert len(told["model"]["history"]["train_loss"]) == 2
    assert told["model"]["threshold"]["value"] == report.threshold
    course = told["drift"]["course"]
    assert course == [[1000 + row, wealth] for row, wealth in report.drift.course]
    assert len(course) == 120 - report.drift.n_flagged
    assert told["verdict"][0].startswith(f"{told['flagged']} of 120 rows are flagged")


def test_without_labels_and_with_few_rows_less_is_told():
    rng = np.random.default_rng(0)
    with pytest.warns(UserWarning, match="tell next to nothing"):
        detector = FlowAnomalyDetector(random_state=0).fit(rng.normal(size=(9, 2)))
    report = examine(detector, rng.normal(size=(5, 2)))
    assert report.p_values is report.evaluation is report.expected_share is report.drift is None
    assert "too few calibration rows" in report.verdict[1]
    assert "too few rows to tell whether normal has moved" in report.verdict[2]
    assert to_json(report)["p_values"] is None


def test_what_cannot_be_examined_is_refused(detector, rows, times):
    with pytest.raises(DataError, match="both kinds are needed"):
        examine(detector, rows, np.zeros(120))
    with pytest.raises(DataError, match="time goes back at row 1"):
        examine(detector, rows, times=times[::-1])
    with pytest.raises(DataError, match="missing"):
        examine(detector, rows[["plain"]])
