"""The threshold of a detector."""

import numpy as np
import pytest

from fluvial.anomaly import check_contamination, choose_threshold

NOTHING = np.zeros(0)


def flagged(scores, contamination):
    threshold = choose_threshold(NOTHING, contamination, lambda: scores)
    assert not np.any(scores == threshold) or np.mean(scores < threshold) > 0
    return np.mean(scores < threshold)


@pytest.mark.parametrize("contamination", [0.01, 0.1, 0.25, 0.5])
def test_without_ties_the_share_is_flagged(contamination):
    scores = np.random.default_rng(0).normal(size=1000)
    assert flagged(scores, contamination) == pytest.approx(contamination, abs=1e-3)
    expected = np.quantile(scores, contamination)
    assert choose_threshold(NOTHING, contamination, lambda: scores) == expected


@pytest.mark.parametrize(
    ("groups", "contamination", "share"),
    [
        # Sizes of groups of equal scores, the lowest first.
        ((20, 80), 0.1, 0.2),
        ((20, 80), 0.3, 0.2),
        ((5, 30, 65), 0.1, 0.05),
        ((5, 30, 65), 0.3, 0.35),
        ((1, 99), 0.5, 0.01),
        ((60, 40), 0.05, 0.0),
        ((100,), 0.1, 0.0),
    ],
)
def test_ties_are_flagged_together(groups, contamination, share):
    scores = np.repeat(-np.arange(len(groups), 0, -1.0), groups)
    assert np.mean(scores < choose_threshold(NOTHING, contamination, lambda: scores)) == share


def test_held_out_rows_choose_where_there_are_enough():
    def never():
        raise AssertionError

    held_out = np.arange(200.0)
    assert choose_threshold(held_out, None, never) == np.quantile(held_out, 0.01)
    assert choose_threshold(held_out[:19], None, lambda: held_out + 7) == 7 + 1.99


@pytest.mark.parametrize("value", [0, 0.51, -1, np.nan, True, "auto"])
def test_an_unusable_contamination_is_refused(value):
    with pytest.raises(ValueError, match=r"contamination must lie in \(0, 0.5\], but is"):
        check_contamination(value)


@pytest.mark.parametrize("contamination", [None, 0.02, 0.1, 0.37])
@pytest.mark.parametrize("unit", [1, 0.1])
def test_weighted_scores_are_repeated_scores(contamination, unit):
    rng = np.random.default_rng(0)
    scores = np.round(rng.normal(size=150), 1)
    weights = rng.integers(0, 5, 150)
    repeated = np.repeat(scores, weights)
    expected = choose_threshold(NOTHING, contamination, lambda: repeated)
    spoilt = np.where(weights, scores, np.nan)
    found = choose_threshold(NOTHING, contamination, lambda: spoilt, sample_weight=unit * weights)
    assert found == pytest.approx(expected, abs=1e-12)


def test_weighted_held_out_rows_are_repeated_rows():
    rng = np.random.default_rng(1)
    scores, counts = rng.normal(size=15), rng.integers(1, 4, 15)
    repeated = np.repeat(scores, counts)
    assert len(repeated) >= 20
    found = choose_threshold(scores, None, lambda: NOTHING, held_out_weight=counts.astype(float))
    assert found == pytest.approx(np.quantile(repeated, 0.01), abs=1e-12)


def test_fractions_of_a_row_count_as_such():
    scores, weights = np.arange(1000.0), np.random.default_rng(0).gamma(1.0, size=1000)
    threshold = choose_threshold(NOTHING, 0.1, lambda: scores, sample_weight=weights)
    share = weights[scores < threshold].sum() / weights.sum()
    assert share == pytest.approx(0.1, abs=2 * weights.max() / weights.sum())
