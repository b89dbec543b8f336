"""A few labels, some of them wrong."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from tests.estimators.cases import fresh

from fluvial import FlowAnomalyDetector, load
from fluvial.errors import DataError, ShapeError
from fluvial.estimators.known_labels import known_anomalies

DETECTOR = FlowAnomalyDetector(random_state=0)


def normal(n, seed):
    rng = np.random.default_rng(seed)
    first = rng.normal(size=n)
    return np.column_stack([first, first + 0.2 * rng.normal(size=n), rng.normal(size=(n, 4))])


def anomalies(n, seed):
    """Rows that break the relation of two columns, which pairs and kernels see."""
    rows = normal(n, seed)
    rows[:, 1] = normal(n, seed + 1)[:, 0]
    return rows


ROWS = normal(500, 0)
NEW = np.concatenate([normal(500, 1), anomalies(200, 2)])
LABELS = np.arange(700) >= 500


def auroc(rows, y=None):
    detector = fresh(DETECTOR).fit(rows, y)
    return roc_auc_score(LABELS, -detector.score_samples(NEW))


@pytest.mark.parametrize("n", [5, 20])
def test_right_labels_help_and_a_tenth_of_wrong_ones_does_no_harm(n):
    rows = np.concatenate([ROWS, anomalies(n, 9)])
    y = np.concatenate([np.zeros(500), -np.ones(n)])
    unlabelled, labelled = auroc(rows), auroc(rows, y)
    assert labelled > unlabelled
    wrong = y.copy()
    wrong[: max(n // 10, 1)] = -1
    wrong[500 : 500 + max(n // 10, 1)] = 1
    assert auroc(rows, wrong) > unlabelled - 0.01


SIGNS = np.r_[-np.ones(3), np.zeros(5)]


@pytest.mark.parametrize(
    "y",
    [
        SIGNS[:, None],
        pd.DataFrame({"y": SIGNS}),
        SIGNS.astype(object),
        np.where(SIGNS < 0, -1, np.nan),
        [-1, -1, -1, None, None, 0, 1, 0],
        pd.Series([-1, -1, -1, pd.NA, 0, 0, 1, 0], dtype="Int64"),
        SIGNS.tolist(),
    ],
    ids=["column", "frame", "objects", "nan", "none", "nullable", "list"],
)
def test_known_anomalies_are_found_in_any_container(y):
    is_known, weights = known_anomalies(y, None, np.ones((8, 2)))
    assert is_known is not None
    assert is_known.tolist() == [True] * 3 + [False] * 5
    assert weights.tolist() == [0.0] * 3 + [1.0] * 5


TEXTS = np.array(["-1", "1"] * 4, object)


@pytest.mark.parametrize(
    "y", [["a"] * 8, TEXTS, np.ones((8, 2)), [-1, 7] * 4, [object()] * 8, [0] * 8]
)
def test_other_labels_tell_nothing(y):
    assert known_anomalies(y, None, np.ones((8, 2))) == (None, None)


@pytest.mark.parametrize("y", [[-1, 0, 0], [-1, -1]])
def test_labels_of_fewer_rows_are_refused(y):
    with pytest.raises(ShapeError, match=f"{len(y)} labels y for 8 rows"):
        known_anomalies(y, None, pd.DataFrame({"a": range(8)}))


def test_known_anomalies_take_no_part_otherwise(tmp_path):
    odd = np.concatenate([ROWS, np.full((3, 6), 50.0)])
    y = np.r_[np.ones(500), -np.ones(3)]
    detector = fresh(DETECTOR).fit(odd, y)
    assert (detector.predict(odd)[500:] == -1).all()
    alone = fresh(DETECTOR).fit(ROWS)
    assert detector.density_.held_out_score_ == alone.density_.held_out_score_
    detector.save(tmp_path / "m.fluvial")
    again = load(tmp_path / "m.fluvial")
    np.testing.assert_array_equal(again.score_samples(NEW), detector.score_samples(NEW))
    weights = detector.ranking_.weights
    assert weights != alone.ranking_.weights


@pytest.mark.parametrize("y", [np.arange(500) % 3, np.ones(500), np.array(["a"] * 500)])
def test_labels_that_tell_of_no_anomaly_are_ignored(y):
    scores = [fresh(DETECTOR).fit(ROWS, each).score_samples(NEW) for each in (None, y)]
    np.testing.assert_array_equal(*scores)


def test_labels_of_other_rows_are_refused():
    with pytest.raises(DataError, match="all rows are labelled as anomalies"):
        fresh(DETECTOR).fit(ROWS, -np.ones(500))
    with pytest.raises(ShapeError, match="10 labels y for 500 rows"):
        fresh(DETECTOR).fit(ROWS, np.r_[np.ones(9), -1])
    with pytest.raises(ShapeError, match="sample_weight must have shape"):
        fresh(DETECTOR).fit(ROWS, np.r_[np.ones(499), -1], sample_weight=np.ones(9))
