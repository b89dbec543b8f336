"""The cost of a threshold, against its definition read aloud."""

import numpy as np
import pytest

from fluvial.anomaly.cost_model import CostModel
from fluvial.anomaly.evaluation import detections
from fluvial.anomaly.labels import stretches
from fluvial.anomaly.times import checked_times
from fluvial.anomaly.windows import earlier_minima, near, window_minima
from fluvial.errors import DataError

START = np.datetime64("2026-01-01T00:00:00", "ns")
LONGER = np.timedelta64(100_000_100, "ns")


def slowly(scores, is_anomaly, threshold, tolerance, times, false_alarm, miss):
    """The cost by rows, row by row."""
    alarms = np.flatnonzero(scores < threshold)
    anomalies = np.flatnonzero(is_anomaly)
    total = 0.0
    for i in alarms:
        if all(abs(times[i] - times[j]) > tolerance for j in anomalies):
            total += false_alarm[i]
    for j in anomalies:
        if all(abs(times[i] - times[j]) > tolerance for i in alarms):
            total += miss[j]
    return total


def slowly_by_stretch(scores, is_anomaly, threshold, tolerance, reach, times):
    """The number of false alarms and of misses by stretches."""
    alarms = np.flatnonzero(scores < threshold)
    anomalies = np.flatnonzero(is_anomaly)
    far = [i for i in alarms if all(abs(times[i] - times[j]) > tolerance for j in anomalies)]
    runs = sum(k == 0 or times[i] - times[far[k - 1]] > reach for k, i in enumerate(far))
    missed = 0
    for start, stop in stretches(is_anomaly):
        rows = range(start, stop)
        missed += not any(abs(times[i] - times[j]) <= tolerance for i in alarms for j in rows)
    return runs, missed


def case(seed, n=60):
    rng = np.random.default_rng(seed)
    scores = np.round(rng.normal(size=n), 1)  # with ties
    is_anomaly = np.convolve(rng.random(n) < 0.05, np.ones(4), "same") > 0
    is_anomaly[[0, n // 2]] = [True, False]
    times = np.sort(np.round(rng.uniform(0, n, n)))  # some at the same time, some far apart
    return rng, scores, is_anomaly, times


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("tolerance", [0, 2, 3.5])
def test_the_cost_is_what_its_definition_says(seed, tolerance):
    rng, scores, is_anomaly, times = case(seed)
    a_row = rng.uniform(1, 5, (2, len(scores)))
    for threshold in (-2.0, scores[3], 0.0, np.nextafter(scores[5], np.inf), 9.0):
        for when in (None, times):
            clock = np.arange(60.0) if when is None else when
            model = CostModel(a_row[0], a_row[1], tolerance=tolerance)
            expected = slowly(scores, is_anomaly, threshold, tolerance, clock, *a_row)
            assert model.cost(scores, is_anomaly, threshold, when) == pytest.approx(expected)
            by_stretch = CostModel(2.0, 7.0, tolerance=tolerance, count="stretches")
            reach = tolerance if tolerance or when is not None else 1.0
            runs, missed = slowly_by_stretch(scores, is_anomaly, threshold, tolerance, reach, clock)
            found = by_stretch.cost(scores, is_anomaly, threshold, when)
            assert found == pytest.approx(2 * runs + 7 * missed)


def test_a_row_at_the_threshold_raises_no_alarm():
    scores, is_anomaly = np.array([0.0, -1.0, 0.0]), np.array([True, False, False])
    assert CostModel(1, 5).cost(scores, is_anomaly, -1.0) == 5
    assert CostModel(1, 5).cost(scores, is_anomaly, np.nextafter(-1.0, 0)) == 6


def test_what_is_exactly_as_far_as_the_tolerance_lies_within():
    scores, is_anomaly = np.array([-1.0, 0, 0, 0]), np.array([0, 0, 1, 0]) == 1
    assert CostModel(1, 5, tolerance=2).cost(scores, is_anomaly, 0.0) == 0
    assert CostModel(1, 5, tolerance=1).cost(scores, is_anomaly, 0.0) == 6


@pytest.mark.parametrize("count", ["rows", "stretches"])
@pytest.mark.parametrize(
    ("times", "further"),
    [
        (np.arange(60) * 0.1, np.arange(60) * 0.1 * (1 + 1e-6)),
        (1.7e9 + np.arange(60) * 0.1, 1.7e9 + np.arange(60) * 0.10001),
        (START + np.arange(60) * np.timedelta64(100, "ms"), START + np.arange(60) * LONGER),
    ],
    ids=["numbers", "seconds since 1970", "dates"],
)
def test_parts_of_a_second_are_as_far_as_they_are_written(times, further, count):
    model = CostModel(1, 5, tolerance=0.1, count=count)
    for first in range(59):
        scores, is_anomaly = -1.0 * (np.arange(60) == first), np.arange(60) == first + 1
        for one, other in ((scores, is_anomaly), (scores[::-1], is_anomaly[::-1])):
            assert model.cost(one, other, -0.5, times) == 0
            assert model.cost(one, other, -0.5, further) == 6
            assert detections(one < 0, other, checked_times(times, 60), 0.1)[0].delay is not None
            assert detections(one < 0, other, checked_times(further, 60), 0.1)[0].delay is None


def test_a_guard_of_rounding_does_not_reach_beyond_a_small_tolerance():
    seconds = 1.7e9 + np.arange(60) * 1e-6  # neighbours differ by 4 of the numbers that there are
    scores, is_anomaly = -1.0 * (np.arange(60) == 20), np.arange(60) == 21
    assert CostModel(1, 5).cost(scores, is_anomaly, -0.5, seconds) == 6
    assert CostModel(1, 5, tolerance=1e-6).cost(scores, is_anomaly, -0.5, seconds) == 0
    assert CostModel(1, 5, tolerance=1e-7).cost(scores, is_anomaly, -0.5, seconds) == 6


def test_prevalence_weights_rows_as_if_anomalies_were_so_frequent():
    _, scores, is_anomaly, _ = case(0)
    model = CostModel(1, 5, prevalence=0.01)
    alarms = scores < 0
    share = is_anomaly.mean()
    false_alarms = (alarms & ~is_anomaly).sum() * 0.99 / (1 - share)
    misses = (~alarms & is_anomaly).sum() * 0.01 / share
    assert model.cost(scores, is_anomaly, 0.0) == pytest.approx(false_alarms + 5 * misses)
    same = CostModel(1, 5, prevalence=float(share)).cost(scores, is_anomaly, 0.0)
    assert same == pytest.approx(CostModel(1, 5).cost(scores, is_anomaly, 0.0))


@pytest.mark.parametrize("count", ["rows", "stretches"])
@pytest.mark.parametrize("seed", range(6))
def test_rounding_makes_no_cost_negative(count, seed):
    rng, scores, is_anomaly, _ = case(seed)
    at = np.linspace(-4, 4, 99)
    a_row = rng.uniform(0, 5, (2, 60)) * (rng.random((2, 60)) < 0.5)
    for costs in ((1, 5), a_row):
        model = CostModel(*costs, tolerance=1, prevalence=0.013, count=count)
        terms = model.terms(scores, is_anomaly)
        for found in (terms.costs(at), terms.false_alarms(at), terms.missed(at)):
            assert (found >= 0).all()
        assert (terms.by_block(at, np.arange(60) // 7) >= 0).all()
        assert terms.missed(at)[-1] == 0  # all rows raise an alarm


@pytest.mark.parametrize("count", ["rows", "stretches"])
def test_blocks_add_up_to_the_whole(count):
    _, scores, is_anomaly, _ = case(1)
    terms = CostModel(1, 5, tolerance=2, count=count).terms(scores, is_anomaly)
    at = np.linspace(-2, 2, 9)
    parts = terms.by_block(at, np.arange(60) // 7)
    assert parts.shape == (9, 9)
    np.testing.assert_allclose(parts.sum(axis=0), terms.costs(at))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"false_alarm": -1}, "false_alarm must be at least 0"),
        ({"miss": np.nan}, "miss must be at least 0"),
        ({"miss": np.ones((2, 2))}, "one number or one a row"),
        ({"tolerance": -1}, "tolerance must lie in"),
        ({"prevalence": 1.0}, "prevalence must lie in"),
        ({"count": "days"}, "count must be one of"),
    ],
)
def test_other_costs_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        CostModel(**arguments)


def test_costs_a_row_must_be_as_many_as_the_rows():
    model = CostModel(miss=np.ones(3))
    with pytest.raises(DataError, match="4 rows need one miss or 4"):
        model.cost(np.zeros(4), np.arange(4) == 1, 0.0)


@pytest.mark.parametrize("tolerance", [0, 1, 2.5, 100])
def test_windows_are_those_of_a_loop(tolerance):
    _, values, is_anomaly, times = case(2)
    expected = [values[np.abs(times - t) <= tolerance].min() for t in times]
    np.testing.assert_array_equal(window_minima(values, times, tolerance), expected)
    before = [
        min((values[j] for j in range(i) if times[i] - times[j] <= tolerance), default=np.inf)
        for i in range(60)
    ]
    np.testing.assert_array_equal(earlier_minima(values, times, tolerance), before)
    others = times[is_anomaly]
    expected = [(np.abs(others - t) <= tolerance).any() for t in times]
    np.testing.assert_array_equal(near(times, others, tolerance), expected)
    assert not near(times, np.zeros(0), tolerance).any()
