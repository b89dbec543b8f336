"""Comparisons of two groups of rows: closed forms, and p-values that are uniform under chance."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.stats import energy_distance as scipy_energy_distance, ks_2samp, wasserstein_distance

from fluvial.errors import DataError, ShapeError
from fluvial.evaluation import c2st, energy_distance, ks_by_column, mmd, sliced_wasserstein
from fluvial.evaluation.two_sample import _biased, _unbiased

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(120, 2))


def test_the_energy_distance_is_that_of_scipy_in_one_column():
    x, y = RNG.normal(size=40), RNG.normal(1, 2, size=40)
    both = np.concatenate([x, y])
    kernel = -np.abs(both[:, None] - both)
    which = np.repeat([1.0, 0.0], 40)
    assert _biased(kernel, which) == pytest.approx(scipy_energy_distance(x, y) ** 2)


def test_the_unbiased_discrepancy_is_the_double_sum():
    x, y = RNG.normal(size=(7, 2)), RNG.normal(1, 1, size=(5, 2))
    k = lambda a, b: np.exp(-((a - b) ** 2).sum())  # noqa: E731
    within = sum(k(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j) / (7 * 6)
    within += sum(k(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j) / (5 * 4)
    between = np.mean([[k(a, b) for b in y] for a in x])
    rows = np.concatenate([x, y])
    kernel = np.array([[k(a, b) for b in rows] for a in rows])
    found = _unbiased(kernel, np.repeat([1.0, 0.0], [7, 5]))
    assert found == pytest.approx(within - 2 * between)


def test_the_sliced_distance_is_that_of_scipy_in_one_column():
    x = RNG.normal(size=(80, 1))
    y = RNG.normal(2, 1, size=(40, 1))
    found = sliced_wasserstein(x, y).value
    half = x[np.random.default_rng(0).permutation(80)[:40]]
    scale = x.std()
    # Which half it is only moves it a little.
    assert found == pytest.approx(wasserstein_distance(half[:, 0], y[:, 0]) / scale, rel=0.2)


@pytest.mark.parametrize("compare", [mmd, energy_distance, c2st, sliced_wasserstein])
def test_like_and_unlike_rows_are_told(compare):
    like = compare(ROWS, np.random.default_rng(6).normal(size=(60, 2)))
    unlike = compare(ROWS, ROWS[:60] + 2)
    assert unlike.value > 3 * max(like.value, like.reference) or compare is c2st
    assert unlike.value > like.value
    if compare is not sliced_wasserstein:
        assert unlike.p_value < 0.02 < like.p_value


def test_p_values_are_uniform_under_chance():
    p: list[Any] = [
        energy_distance(rng.normal(size=(40, 2)), rng.normal(size=(20, 2)), random_state=k).p_value
        for k, rng in ((k, np.random.default_rng(k)) for k in range(60))
    ]
    assert 0.3 < np.mean(p) < 0.7
    assert np.mean(np.array(p) <= 0.1) < 0.25


def test_columns_are_tested_one_by_one():
    other = ROWS + np.array([0.0, 1.0])
    statistic, p, reference = ks_by_column(ROWS, other)
    for j in range(2):
        test: Any = ks_2samp(ROWS[:, j], other[:, j])
        assert p[j] == test.pvalue
    assert statistic[0] == 0
    # Kolmogorov's distribution has the mean 0.87 and the deviation 0.26, over the root of nm/(n+m).
    assert np.all(reference < 3 * 0.87 / np.sqrt(60))
    assert statistic[1] > 2 * reference[1]


def test_bad_rows_are_refused():
    with pytest.raises(ShapeError, match="2 columns, but samples have 1"):
        mmd(ROWS, ROWS[:, :1])
    with pytest.raises(DataError, match="samples has 5 rows; at least 20"):
        c2st(ROWS, ROWS[:5])
    with pytest.raises(DataError, match="real has 39 rows; at least 40"):
        c2st(ROWS[:39], ROWS)
    bad = ROWS.copy()
    bad[3, 1] = np.nan
    with pytest.raises(DataError, match="nan in row 3, column 1"):
        energy_distance(bad, ROWS)


@pytest.mark.parametrize("convert", [pl.from_pandas, pa.Table.from_pandas, lambda frame: frame])
def test_columns_of_tables_are_matched_by_name(convert):
    frame = pd.DataFrame(ROWS + np.array([0, 9]), columns=["a", "b"])
    found = ks_by_column(convert(frame), convert(frame[["b", "a"]]))
    np.testing.assert_array_equal(found.statistic, 0)


def test_tables_that_do_not_match_are_refused():
    frame = pd.DataFrame(ROWS, columns=["a", "b"])
    with pytest.raises(DataError, match="the same columns: no 'b' in samples; no 'c' in real"):
        mmd(frame, frame.rename(columns={"b": "c"}))
    with pytest.raises(DataError, match="column 'b' of samples holds text"):
        mmd(frame, frame.assign(b="x"))
    with pytest.raises(DataError, match="samples must hold numbers"):
        mmd(ROWS, np.full((120, 2), "x"))


@pytest.mark.parametrize("compare", [mmd, energy_distance, c2st, sliced_wasserstein])
def test_constant_columns_are_compared(compare):
    found = compare(np.ones((60, 2)), np.ones((60, 2)))
    assert found.value == found.reference
    assert compare(np.ones((60, 2)), np.zeros((60, 2))).value > found.value
