"""The threshold of lowest cost, its uncertainty, and the block bootstrap."""

import numpy as np
import pytest

from fluvial.anomaly.blocks import interval, numbered_blocks
from fluvial.anomaly.choosing import between_scores, choose_by_cost
from fluvial.anomaly.cost_model import CostModel


def noisy(seed=0, n=400):
    rng = np.random.default_rng(seed)
    is_anomaly = np.zeros(n, bool)
    is_anomaly[[*range(40, 60), *range(300, 310)]] = True
    return rng.normal(size=n) - 2.5 * is_anomaly, is_anomaly


def test_thresholds_between_scores_give_every_set_of_alarms_once():
    scores = np.array([2.0, np.nextafter(2.0, 3), -1.0, 5.0, -1.0])
    counts = [(scores < t).sum() for t in between_scores(scores)]
    assert counts == [0, 2, 3, 4, 5]


def test_all_rows_are_flagged_where_that_costs_least():
    chosen = choose_by_cost(np.array([0.0, 1.0]), np.array([False, True]), CostModel(1, 100))
    assert (chosen.cost, chosen.lowest_cost) == (1, 1)
    assert chosen.threshold == np.nextafter(1, 2)


def test_the_lowest_cost_is_that_of_a_search_over_all_thresholds():
    scores, is_anomaly = noisy()
    model = CostModel(1, 5, tolerance=3)
    chosen = choose_by_cost(scores, is_anomaly, model, prefer="cost")
    every = [model.cost(scores, is_anomaly, t) for t in np.append(np.unique(scores), 99)]
    assert chosen.cost == chosen.lowest_cost == min(every)
    assert model.cost(scores, is_anomaly, chosen.threshold) == chosen.cost


def test_the_widest_gap_costs_no_more_than_a_standard_error():
    scores, is_anomaly = noisy()
    chosen = choose_by_cost(scores, is_anomaly, CostModel(1, 5, tolerance=3))
    assert chosen.standard_error > 0
    assert chosen.cost <= chosen.lowest_cost + chosen.standard_error
    assert chosen.candidates > 1


def test_the_gap_does_not_depend_on_the_units_of_the_scores():
    scores, is_anomaly = noisy()
    one = choose_by_cost(scores, is_anomaly, CostModel(1, 5))
    other = choose_by_cost(1e4 * scores - 7e6, is_anomaly, CostModel(1, 5))
    assert other.threshold == pytest.approx(1e4 * one.threshold - 7e6)


def test_rows_that_drift_a_little_do_not_cross_the_threshold():
    rng = np.random.default_rng(1)
    is_anomaly = np.arange(300) >= 270
    scores = np.where(is_anomaly, rng.normal(-1000, 10, 300), rng.normal(0, 1, 300))
    # One row almost as strange as the anomalies would set the lowest cost just above these, among
    # errors that no threshold avoids.
    scores[100] = -960.0
    scores[[20, 60, 140, 200]] = -3000.0
    threshold = choose_by_cost(scores, is_anomaly, CostModel(1, 5)).threshold
    assert -900 < threshold < -4
    assert choose_by_cost(scores, is_anomaly, CostModel(1, 5), prefer="cost").threshold < -960


def test_another_preference_is_refused():
    with pytest.raises(ValueError, match="prefer must be one of"):
        choose_by_cost(np.zeros(4), np.arange(4) == 1, CostModel(), prefer="luck")


def test_blocks_are_neighbours_of_about_equal_size():
    block = numbered_blocks(1000)
    sizes = np.bincount(block)
    assert (np.diff(block) >= 0).all()
    assert sizes.min() >= 31
    assert sizes.max() <= 62
    assert np.bincount(numbered_blocks(1000, tolerance=50))[0] == 100
    assert np.bincount(numbered_blocks(1000, tolerance=50, times=np.arange(1000) * 2.0))[0] == 50
    assert numbered_blocks(1).tolist() == [0]


def test_the_interval_of_a_mean_covers_it_as_often_as_it_says():
    rng, covered = np.random.default_rng(0), 0
    for seed in range(60):
        x = rng.normal(size=200)
        ends = interval(lambda w, x=x: float(w @ x / w.sum()), numbered_blocks(200), seed=seed)
        assert ends is not None
        covered += ends[0] < 0 < ends[1]
    assert 50 <= covered <= 60


def test_there_is_no_interval_without_blocks_or_figures():
    assert interval(lambda w: 0.0, np.zeros(5, int)) is None
    assert interval(lambda w: np.nan, numbered_blocks(50)) is None
