"""Columns with far minorities, heavy tails and fine detail."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from fluvial.tables import TableScaler
from fluvial.tables.columns import GaussianisedColumns, NumericColumns
from fluvial.tables.columns.knots import FEWEST, MAX_KNOTS, gaussian_knots
from fluvial.tables.columns.monotone_spline import MonotoneSpline


def mixture(weights, means, deviations):
    """A mixture of normals: draws, and log density."""

    def draw(n, rng):
        k = rng.choice(len(weights), size=n, p=weights)
        return rng.normal(np.array(means)[k], np.array(deviations)[k])

    def log_prob(x):
        each = [stats.norm.logpdf(x, m, s) for m, s in zip(means, deviations, strict=True)]
        return np.logaddexp.reduce(np.log(weights)[:, None] + each, axis=0)

    return draw, log_prob


def scipys(distribution: Any):
    return lambda n, rng: distribution.rvs(n, random_state=rng), distribution.logpdf


CASES = {
    "a far minority": mixture([0.9, 0.1], [0, 1000], [1, 1]),
    "a small second mode": mixture([0.98, 0.02], [0, 20], [1, 1]),
    "lognormal 2": scipys(stats.lognorm(2)),
    "lognormal 3": scipys(stats.lognorm(3)),
    "Cauchy": scipys(stats.cauchy()),
}


# The density of a lognormal has a peak that the spline leaves to the flow behind it, in part.
BOUNDS = {"lognormal 2": 0.5, "lognormal 3": 1.0}


@pytest.mark.parametrize("name", CASES)
def test_a_column_becomes_about_standard_normal(name):
    draw, log_prob = CASES[name]
    rng = np.random.default_rng(0)
    columns = GaussianisedColumns.fit(draw(2000, rng)[:, None])
    new = draw(20_000, rng)[:, None]
    encoded, log_det = columns.encode(new)
    own = stats.norm.logpdf(encoded[:, 0]) + log_det
    assert np.mean(log_prob(new[:, 0]) - own) < BOUNDS.get(name, 0.03)
    assert (np.abs(encoded) < 5).mean() > 0.999
    np.testing.assert_allclose(columns.decode(encoded), new, rtol=1e-9, atol=1e-12)


def test_between_two_groups_there_is_little():
    draw, _ = CASES["a far minority"]
    columns = GaussianisedColumns.fit(draw(2000, np.random.default_rng(0))[:, None])
    gap = np.linspace(10, 990, 99)[:, None]
    encoded, log_det = columns.encode(gap)
    assert (stats.norm.logpdf(encoded[:, 0]) + log_det).max() < -10


def test_usual_columns_are_left_as_they_are():
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.normal(size=3000), rng.uniform(size=3000), rng.logistic(size=3000)])
    columns, numeric = GaussianisedColumns.fit(rows), NumericColumns.fit(rows)
    assert not columns.splines
    for found, expected in zip(columns.encode(rows), numeric.encode(rows), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("seed", range(5))
def test_the_spline_is_smooth_and_goes_back(seed):
    rng = np.random.default_rng(seed)
    x, y = np.cumsum(rng.lognormal(sigma=2, size=(2, 12)), axis=1)
    spline = MonotoneSpline.through(x - x[5], y - y[7])
    at = np.concatenate([rng.uniform(spline.x[0], spline.x[-1], 500), spline.x])
    at = np.concatenate([at, spline.x[-1] + np.geomspace(1e-3, 1e9, 20)])
    at = np.concatenate([at, spline.x[0] - np.geomspace(1e-3, 1e9, 20)])
    values, log_slope = spline.forward(at)
    np.testing.assert_allclose(spline.inverse(values), at, rtol=1e-7, atol=1e-9)
    order = np.argsort(at)
    assert (np.diff(values[order]) >= 0).all()
    step = 1e-6 * np.abs(at).clip(1e-3)
    # A central difference that crosses no knot.
    inside = np.abs(at[:, None] - spline.x).min(axis=1) > 2 * step
    slope = (spline.forward(at + step)[0] - spline.forward(at - step)[0]) / (2 * step)
    np.testing.assert_allclose(log_slope[inside], np.log(slope[inside]), atol=2e-3)


@pytest.mark.parametrize("n", [2, 3, 7, 40, 5000])
def test_knots_increase_and_are_few(n):
    values = np.sort(np.random.default_rng(n).standard_cauchy(n))
    x, u = gaussian_knots(values)
    assert (np.diff(x) > 0).all()
    assert (np.diff(u) > 0).all()
    assert 2 <= len(x) <= MAX_KNOTS
    assert (x[0], x[-1]) == (values[0], values[-1])


def test_rows_that_are_close_by_chance_are_no_detail():
    values = np.sort(np.concatenate([np.linspace(-2, 2, 400), [1.0 + 1e-9]]))
    x, u = gaussian_knots(values)
    assert (np.diff(u) / np.diff(x)).max() < 3 * FEWEST


def test_the_scaler_stores_it():
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.normal(size=500), rng.standard_cauchy(500), np.full(500, 3.0)])
    scaler = TableScaler.fit(rows, warn=False).gaussianised(rows)
    again = TableScaler.from_arrays(scaler.to_arrays())
    for found, expected in zip(again.transform(rows), scaler.transform(rows), strict=True):
        np.testing.assert_array_equal(found, expected)
    scaled, _ = again.transform(rows, dtype=np.float64)
    np.testing.assert_allclose(again.inverse_transform(scaled), rows, rtol=1e-9)
