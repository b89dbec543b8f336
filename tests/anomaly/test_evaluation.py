"""What is told of a detector on labelled rows."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from fluvial.anomaly import CostModel, evaluate
from fluvial.anomaly.ranking import Ranking
from fluvial.errors import DataError


@pytest.mark.parametrize("decimals", [0, 1, 8])
def test_ranks_agree_with_scikit_learn_with_weights_and_ties(decimals):
    rng = np.random.default_rng(decimals)
    is_anomaly = rng.random(200) < 0.2
    scores = np.round(rng.normal(size=200) - is_anomaly, decimals)
    weights = rng.integers(0, 4, 200)
    ranking = Ranking(scores, is_anomaly)
    assert ranking.auroc() == pytest.approx(roc_auc_score(is_anomaly, -scores))
    assert ranking.average_precision() == pytest.approx(
        average_precision_score(is_anomaly, -scores)
    )
    assert ranking.auroc(weights) == pytest.approx(
        roc_auc_score(is_anomaly, -scores, sample_weight=weights)
    )
    assert ranking.average_precision(weights) == pytest.approx(
        average_precision_score(is_anomaly, -scores, sample_weight=weights)
    )


def test_ranks_need_both_classes():
    assert np.isnan(Ranking(np.zeros(3), np.zeros(3, bool)).auroc())
    assert np.isnan(Ranking(np.zeros(3), np.zeros(3, bool)).average_precision())


def test_an_evaluation_counts_what_it_says():
    scores = np.zeros(100)
    y = np.zeros(100, int)
    y[[*range(20, 30), *range(50, 55), *range(80, 85)]] = 1
    scores[[5, 18, 25, 56, 81]] = -9.0
    result = evaluate(scores, y, -1.0, cost_model=CostModel(1, 5, tolerance=3))
    assert result.confusion == {"true_alarms": 2, "false_alarms": 3, "missed": 18, "quiet": 77}
    assert result.false_alarm_cost == 1  # row 5
    # Rows 22 to 28 of the first stretch are near row 25, 20 and 21 near row 18; row 50 to 52 none.
    assert result.miss_cost == 5 * (1 + 3 + 0)
    assert result.cost == result.false_alarm_cost + result.miss_cost
    assert [(d.start, d.stop, d.first_alarm, d.delay) for d in result.detections] == [
        (20, 30, 18, -2.0),
        (50, 55, 56, 6.0),
        (80, 85, 81, 1.0),
    ]
    assert result.auroc == pytest.approx(roc_auc_score(y, -scores))
    cost = result.intervals["cost"]
    assert cost is not None
    assert cost[0] <= result.cost <= cost[1]
    assert result.to_json()["rows"] == 100


def test_a_missed_stretch_has_no_delay_and_times_give_it_their_unit():
    scores, y = np.zeros(30), np.zeros(30, int)
    y[[5, 6, 20, 21]] = 1
    scores[6] = -9
    times = np.arange(30) * 300.0
    first, second = evaluate(scores, y, -1.0, times=times).detections
    assert first.delay == 300
    assert second.delay is second.first_alarm is None


@pytest.mark.parametrize("y", [None, [0, 0, 0], [1, 1, 1], [0, 1]])
def test_labels_must_be_there_and_of_both_kinds(y):
    with pytest.raises(DataError):
        evaluate(np.zeros(3), y, 0.0)
