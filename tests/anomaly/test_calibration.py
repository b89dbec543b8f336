"""What p-values and false-discovery rates promise."""

import numpy as np
import pytest
from scipy.stats import kstest

from fluvial.anomaly.calibration import Calibration, flag, warn_if_too_small
from fluvial.errors import DataError, DataWarning


def test_p_values_are_the_formula():
    calibration = Calibration.of(np.array([3.0, 1.0, 2.0, 2.0, *range(10, 30)]), source="")
    scores = np.array([0.0, 1.0, 2.0, 2.5, 99.0])
    np.testing.assert_allclose(calibration.p_values(scores), np.array([1, 2, 4, 4, 25]) / 25)
    assert calibration.smallest_p == 1 / 25
    assert calibration.effective_size == 24


def test_weights_of_one_change_nothing_and_whole_weights_are_repetitions():
    rng = np.random.default_rng(0)
    scores, new = rng.normal(size=50), rng.normal(size=30)
    plain = Calibration.of(scores, source="")
    ones = Calibration.of(scores, np.ones(50), source="")
    np.testing.assert_allclose(ones.p_values(new), plain.p_values(new))
    weights = rng.integers(1, 4, 50).astype(float)
    found = Calibration.of(scores, weights, source="").p_values(new)
    below = (scores[None] <= new[:, None]) @ weights
    np.testing.assert_allclose(found, (below + weights.max()) / (weights.sum() + weights.max()))


@pytest.mark.parametrize("decimals", [8, 0])
def test_randomised_p_values_of_normal_rows_are_uniform_ties_or_not(decimals):
    rng, found = np.random.default_rng(decimals), []
    for _ in range(300):
        scores = np.round(rng.normal(size=100), decimals)
        calibration = Calibration.of(scores[:80], source="")
        # One row of each set: those of one set share their calibration.
        found.append(calibration.p_values(scores[80:81], randomised=True, rng=rng)[0])
    assert kstest(found, "uniform").pvalue > 0.01


def test_plain_p_values_are_never_too_small():
    rng = np.random.default_rng(1)
    scores = np.round(rng.normal(size=(4000, 100)), 1)
    p = np.array([Calibration.of(s[1:], source="").p_values(s[:1])[0] for s in scores])
    for level in (0.01, 0.05, 0.2, 0.5):
        assert (p <= level).mean() <= level + 3 * np.sqrt(level / 4000)


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.2])
def test_the_false_discovery_rate_holds_over_repeats(rate):
    rng, shares = np.random.default_rng(2), []
    for _ in range(200):
        calibration = Calibration.of(rng.normal(size=500), source="")
        is_anomaly = np.arange(200) < 20
        scores = rng.normal(size=200) - 3 * is_anomaly
        flagged = flag(calibration.p_values(scores), rate)
        shares.append((flagged & ~is_anomaly).sum() / max(flagged.sum(), 1))
    bound = 0.9 * rate  # by the share of normal rows
    error = np.std(shares) / np.sqrt(200)
    assert bound / 2 < np.mean(shares) < bound + 3 * error


def test_flagging_is_benjamini_and_hochberg_step_by_step():
    p = np.random.default_rng(3).uniform(size=50) ** 4
    in_order = np.sort(p)
    passing = np.flatnonzero(in_order <= 0.1 * np.arange(1, 51) / 50)
    np.testing.assert_array_equal(flag(p, 0.1), p <= in_order[passing[-1]])
    assert not flag(np.zeros(0), 0.1).size


@pytest.mark.parametrize("rate", [0, 1, -0.1, "low"])
def test_a_rate_outside_its_range_is_refused(rate):
    with pytest.raises(ValueError, match="false_discovery_rate must lie in"):
        flag(np.ones(3), rate)


def test_calibrations_that_are_too_small_are_refused_or_warned_of():
    with pytest.raises(DataError, match="19 calibration rows are too few"):
        Calibration.of(np.arange(19.0), source="")
    with pytest.warns(DataWarning, match="unless 48% of the rows .*; calibrate with 100 rows"):
        warn_if_too_small(Calibration.of(np.arange(20.0), source=""), 0.1)
    warn_if_too_small(Calibration.of(np.arange(100.0), source=""), 0.1)
    with pytest.warns(DataWarning, match="nothing is flagged however strange rows are; calibrate"):
        warn_if_too_small(Calibration.of(np.arange(100.0), source=""), 0.001)
