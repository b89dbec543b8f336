"""The ways to set a threshold, on arrays of scores."""

import numpy as np
import pytest
from scipy.stats import genpareto

from fluvial.anomaly.fingerprint import Fingerprint
from fluvial.anomaly.setting import Judges, set_by
from fluvial.anomaly.tail import fit_tail, tail_threshold
from fluvial.errors import DataError

SCORES = np.random.default_rng(0).normal(size=1000)
ALL = Judges(SCORES, None, "some rows")


def test_a_quantile_is_that_of_the_normal_rows():
    y = np.arange(1000) < 100
    found = set_by("quantile", Judges(SCORES, y, "some rows"), {"quantile": 0.05})
    assert found.value == np.quantile(SCORES[100:], 0.05)
    assert (found.method, found.source, found.n_rows) == ("quantile", "some rows", 1000)
    assert found.details == {"quantile": 0.05}


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
def test_new_normal_rows_are_flagged_no_more_often_than_the_rate(rate):
    rng, flagged = np.random.default_rng(1), []
    for _ in range(400):
        judges = Judges(rng.normal(size=100), None, "")
        threshold = set_by("false_positive_rate", judges, {"false_positive_rate": rate})
        flagged.append((rng.normal(size=200) < threshold.value).mean())
    # The k-th of n rows: exactly k / (n + 1) on average.
    expected = np.floor(rate * 101 + 1e-9) / 101
    assert np.mean(flagged) == pytest.approx(expected, abs=float(4 * np.std(flagged) / 20))


def test_a_rate_that_the_rows_cannot_tell_is_refused():
    judges = Judges(SCORES[:98], None, "")
    with pytest.raises(DataError, match=r"98 normal rows cannot tell a rate of 0.01, .* needs 99"):
        set_by("false_positive_rate", judges, {})
    assert set_by("false_positive_rate", Judges(SCORES[:99], None, ""), {}).value == min(
        SCORES[:99]
    )


def test_max_flags_none_and_contamination_its_share():
    assert set_by("max", ALL, {}).value == SCORES.min()
    share = set_by("contamination", ALL, {"contamination": 0.2}).value
    assert (share > SCORES).mean() == 0.2


@pytest.mark.parametrize(("shape", "rate"), [(0.0, 1e-5), (0.2, 1e-4), (-0.2, 1e-5)])
def test_the_tail_extrapolates_a_pareto_law(shape, rate):
    scores = -np.asarray(genpareto.rvs(shape, size=20_000, random_state=0))
    exact = -genpareto.isf(rate, shape)
    assert tail_threshold(scores, rate) == pytest.approx(exact, rel=0.3)
    # In other units it is the same threshold.
    assert tail_threshold(1e5 * scores + 3, rate) == pytest.approx(
        1e5 * tail_threshold(scores, rate) + 3, rel=1e-3
    )
    tail = fit_tail(scores)
    assert tail.score_at(tail.share) == pytest.approx(tail.start)


def test_a_tail_needs_rows_that_differ():
    with pytest.raises(DataError, match="needs 40 normal rows"):
        fit_tail(np.arange(39.0))
    with pytest.raises(DataError, match="nearly all equal"):
        fit_tail(np.zeros(100))


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("luck", {}, "method must be one of"),
        ("quantile", {"rate": 0.1}, "takes .*'quantile'.*, but not 'rate'"),
        ("max", {"quantile": 0.1}, "takes no options, but not 'quantile'"),
        ("quantile", {"quantile": 2}, "quantile must lie in"),
        ("contamination", {"contamination": None}, "contamination must lie in"),
        ("cost", {}, "labels are needed"),
        ("tail", {"false_positive_rate": 0}, "false_positive_rate must lie in"),
    ],
)
def test_what_makes_no_sense_is_refused(method, options, message):
    with pytest.raises(ValueError, match=message):
        set_by(method, ALL, options)


def test_normal_rows_are_needed():
    with pytest.raises(DataError, match="no normal rows"):
        set_by("quantile", Judges(SCORES[:5], np.ones(5), "given rows"), {})


def test_rows_are_recognised_and_refused():
    rows = np.random.default_rng(0).normal(size=(50, 3))
    fingerprint = Fingerprint.of(rows)
    assert fingerprint.known(rows).all()
    assert not fingerprint.known(rows + 1e-12).any()
    assert Fingerprint.of(np.zeros((2, 1))).known(np.array([[-0.0]])).all()
    mixed = np.concatenate([rows[:1] + 1, rows[7:8]])
    with pytest.raises(DataError, match=r"1 of these 2 rows were given to fit, the first .* row 1"):
        fingerprint.refuse_known(mixed)
    fingerprint.refuse_known(rows + 1)


def test_rows_that_recur_by_themselves_may_recur_again():
    rng = np.random.default_rng(0)
    counts = rng.poisson(2, (2000, 2)).astype(float)
    fingerprint = Fingerprint.of(counts[:1000])
    assert fingerprint.recurring > 0.9
    fingerprint.refuse_known(counts[1000:])
