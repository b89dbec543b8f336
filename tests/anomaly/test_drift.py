"""Whether rows have moved: the ranks, the bets, and what is told."""

import numpy as np
import pytest
from scipy.stats import kstest, norm

from fluvial.anomaly.drift import find_drift
from fluvial.anomaly.martingale import SHIFTS, log_priors, log_wealth
from fluvial.anomaly.reference import Reference
from fluvial.anomaly.sequential_ranks import conformal_p_values, ranks_among_earlier
from fluvial.errors import DataError

NAMES = tuple("abcdefghij")


@pytest.mark.parametrize("n", [1, 2, 3, 64, 101])
def test_ranks_are_counts_of_earlier_values(n):
    rng = np.random.default_rng(n)
    values = rng.normal(size=n)
    expected = [(values[:i] < values[i]).sum() for i in range(n)]
    np.testing.assert_array_equal(ranks_among_earlier(values, rng=rng), expected)
    tied = np.round(values)
    found = ranks_among_earlier(tied, rng=rng)
    for i in range(n):
        assert (tied[:i] < tied[i]).sum() <= found[i] <= (tied[:i] <= tied[i]).sum()


@pytest.mark.parametrize("decimals", [8, 0])
def test_p_values_of_a_steady_stream_are_uniform_and_independent(decimals):
    rng = np.random.default_rng(0)
    values = np.round(rng.normal(size=3000), decimals)
    p = conformal_p_values(values[:200], values[200:], rng=rng)
    assert kstest(p, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(p[1:], p[:-1])[0, 1]) < 4 / np.sqrt(2800)


def test_the_priors_sum_to_one():
    n = 1000
    rest = 1 / np.log(n + np.e)
    assert np.exp(log_priors(n)).sum() + rest == pytest.approx(1)


def test_the_wealth_is_the_mean_of_likelihood_ratios_over_shifts_and_starts():
    p = np.random.default_rng(1).uniform(size=40)
    z = norm.ppf(p)
    wealth, begun = log_wealth(p)
    for t in (0, 7, 39):
        ratios = np.zeros((len(SHIFTS), t + 1))
        for i, shift in enumerate(SHIFTS):
            for k in range(t + 1):
                ratios[i, k] = np.exp(
                    np.sum(norm.logpdf(z[k : t + 1], shift) - norm.logpdf(z[k : t + 1]))
                )
        weights = np.exp(log_priors(t + 1))
        expected = (ratios @ weights).mean() + 1 / np.log(t + 1 + np.e)
        assert wealth[t] == pytest.approx(np.log(expected))
        assert begun[t] == np.argmax((ratios * weights).max(axis=0))


def test_the_wealth_is_a_martingale():
    # Its mean stays 1 over the next p-value, whatever came before.
    past = np.random.default_rng(2).uniform(size=20) ** 2
    grid = (np.arange(400) + 0.5) / 400
    after = [np.exp(log_wealth(np.append(past, p))[0][-1]) for p in grid]
    assert np.mean(after) == pytest.approx(np.exp(log_wealth(past)[0][-1]), rel=0.02)


def stream(rng, n, shift=0.0, column=3):
    rows = rng.normal(size=(n, 10))
    rows[:, column] += shift
    return rows


def score(rows):
    return -0.5 * (rows**2).sum(axis=1)


def drift(reference, rows, threshold=-15.0):
    return find_drift(reference, score(reference), rows, score(rows), threshold, NAMES)


def test_steady_streams_are_silent():
    rng = np.random.default_rng(3)
    for _ in range(20):
        found = drift(stream(rng, 100), stream(rng, 1500))
        assert not found.warned
        assert found.row is found.since is None
        assert found.columns == []
        assert found.in_words() == "no sign that normal rows have moved"


@pytest.mark.parametrize(("shift", "delay"), [(0.25, 1200), (1.0, 80), (-1.0, 80)])
def test_a_shift_is_found_soon_with_its_column_and_start(shift, delay):
    rng = np.random.default_rng(4)
    rows = np.concatenate([stream(rng, 500), stream(rng, 2500, shift)])
    found = drift(stream(rng, 1000), rows)
    assert found.warned
    assert found.row is not None
    assert found.since is not None
    assert 500 <= found.row < 500 + delay
    assert abs(found.since - 500) < delay / 2
    assert found.columns[0].name == "d"
    assert found.columns[0].shift == pytest.approx(shift, abs=0.15)
    assert f"row {found.since}" in found.in_words()


def test_the_course_holds_every_high_and_the_warning():
    rng = np.random.default_rng(8)
    short, long = stream(rng, 300), stream(rng, 3000, 0.5)
    steady = drift(stream(rng, 1000), short)
    taking_part = np.flatnonzero(score(short) >= -15)
    assert [row for row, _ in steady.course] == list(taking_part)
    assert steady.course[-1][1] == steady.evidence
    moved = drift(stream(rng, 1000), long)
    assert 300 < len(moved.course) <= 401
    assert (moved.row, moved.evidence) in moved.course
    before = [wealth for row, wealth in moved.course if row < (moved.row or 0)]
    assert max(before) < np.log(100) <= moved.evidence
    later = moved.from_row(7)
    assert [(row - 7, wealth) for row, wealth in later.course] == list(moved.course)
    assert drift(stream(rng, 300), stream(rng, 5, 50.0)).course == ()


def test_flagged_rows_take_no_part():
    rng = np.random.default_rng(5)
    rows = stream(rng, 1000)
    rows[200:500, 3] += 20  # anomalies, not drift
    found = drift(stream(rng, 300), rows)
    assert not found.warned
    assert found.n_flagged >= 300
    moved = np.concatenate([rows, stream(rng, 1000, 1.0)])
    again = drift(stream(rng, 300), moved)
    assert again.since is not None
    assert again.since >= 980
    assert not drift(stream(rng, 300), rows[200:500]).warned


def test_a_drift_needs_rows_to_compare_with():
    rows = stream(np.random.default_rng(6), 30)
    with pytest.raises(DataError, match="drift needs 20 reference rows"):
        drift(rows[:19], rows)


def test_a_reference_keeps_whole_rows_and_not_too_many():
    rows = np.random.default_rng(0).normal(size=(3000, 400))
    kept = Reference.some_of(rows, score(rows))
    assert kept.rows.shape == (1250, 400)
    np.testing.assert_array_equal(kept.scores, score(kept.rows))
