"""Labels and stretches."""

import numpy as np
import pytest

from fluvial.anomaly.labels import anomalous, stretches
from fluvial.errors import DataError


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([0, 1, 0], [False, True, False]),
        ([0, 2, 1], [False, True, True]),
        ([True, False, False], [True, False, False]),
        ([1, -1, -1], [False, True, True]),
        (np.array([0.0, 1.0, 1.0], np.float32), [False, True, True]),
    ],
)
def test_labels_of_every_convention_are_understood(labels, expected):
    np.testing.assert_array_equal(anomalous(labels, 3), expected)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "labels are needed"),
        ([0, 1], r"3 rows need labels of shape \(3,\), not \(2,\)"),
        ([0, 0, 0], "all 3 labelled rows are normal"),
        ([1, 1, 1], "all 3 labelled rows are anomalies"),
        ([1, 0, -1], "row 1 has the label 0"),
        ([0.0, np.nan, 1.0], "label of row 1 is missing"),
        (["a", "b", "c"], "must be numbers or truth values"),
    ],
)
def test_other_labels_are_refused(labels, message):
    with pytest.raises(DataError, match=message):
        anomalous(labels, 3)


def test_one_class_is_enough_where_only_normal_rows_are_wanted():
    assert not anomalous([0, 0], 2, both=False).any()


def test_stretches_cover_the_anomalous_rows_and_no_others():
    rng = np.random.default_rng(0)
    for share in (0.0, 0.1, 0.5, 0.9, 1.0):
        is_anomaly = rng.random(200) < share
        found = stretches(is_anomaly)
        again = np.zeros(200, bool)
        for start, stop in found:
            assert not again[max(start - 1, 0) : stop + 1].any()  # a normal row lies between two
            again[start:stop] = True
        np.testing.assert_array_equal(again, is_anomaly)
