"""Clumps of anomalies among the rows given to fit."""

import numpy as np
import pytest

from fluvial import FlowAnomalyDetector
from fluvial.anomaly.relative.clumps import in_clumps
from fluvial.errors import DataWarning


def test_a_clump_in_the_training_rows_is_flagged_whole():
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=9_900), rng.normal(10, 0.1, size=100)])[:, None]
    with pytest.warns(DataWarning, match="100 of the rows given to fit are far from all others"):
        detector = FlowAnomalyDetector(random_state=0).fit(rows)
    scores = detector.score_samples(rows)
    lowest = np.argsort(scores, kind="stable")[:113]
    assert (lowest >= 9_900).sum() == 100
    assert (detector.predict(rows)[9_900:] == -1).all()
    assert (detector.predict(rows)[:9_900] == -1).mean() == pytest.approx(0.01, abs=0.003)


@pytest.mark.parametrize("seed", range(3))
def test_clean_rows_have_no_clumps(seed):
    rng = np.random.default_rng(seed)
    tables = [
        rng.normal(size=(1500, 3)),
        rng.standard_cauchy(size=(1500, 3)),
        rng.lognormal(sigma=2, size=(1500, 2)),
        np.concatenate([rng.normal(size=1400), rng.normal(20, 1, size=100)])[:, None],
        (rng.random((1500, 5)) < 0.01).astype(float),
    ]
    for rows in tables:
        assert not in_clumps(rows, np.random.RandomState(0)).any()


def test_other_columns_and_few_rows_do_not_matter():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(3000, 2))
    rows[:30] = 9 + 0.1 * rng.normal(size=(30, 2))
    flagged = np.column_stack([rows, rng.integers(0, 2, size=3000)])
    for table in (rows, flagged):
        expected = np.arange(3000) < 30
        np.testing.assert_array_equal(in_clumps(table, np.random.RandomState(0)), expected)
    assert not in_clumps(rows[:200], np.random.RandomState(0)).any()
