"""Weights of rows in both estimators."""

import jax
import numpy as np
import pandas as pd
import pytest
from tests.densities.test_stacking import TINY as TINY_AUTO
from tests.estimators.cases import TINY, fresh, table

from fluvial.densities import Checkpoint
from fluvial.densities.time_budget import TimeBudget
from fluvial.errors import DataError, ModelFileError, ShapeError
from fluvial.estimators import FlowAnomalyDetector, FlowDensity, load

# About 300 rows count in each case, so that one compilation serves all of them.
ROWS = table(360)
WEIGHTS = np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 3], [180, 90, 60, 30]))
UNEVEN = np.where(np.arange(360) % 6, np.random.default_rng(1).uniform(0.5, 1.4, 360), 0)
REPEATED = np.repeat(ROWS, WEIGHTS, axis=0)


def fitted(rows, weights=None, **changed):
    return fresh(FlowAnomalyDetector(**TINY), **changed).fit(rows, sample_weight=weights)


def assert_same(one, other):
    np.testing.assert_array_equal(one.score_samples(ROWS), other.score_samples(ROWS))
    assert one.offset_ == pytest.approx(other.offset_, rel=1e-12)
    assert one.density_.held_out_score_ == pytest.approx(other.density_.held_out_score_)


@pytest.mark.parametrize("contamination", [None, 0.1])
def test_a_weight_of_two_is_the_row_twice(contamination):
    mixed = np.random.default_rng(2).permutation(360)
    weighted = fitted(ROWS[mixed], pd.Series(0.5 * WEIGHTS[mixed]), contamination=contamination)
    assert_same(weighted, fitted(REPEATED, contamination=contamination))
    assert weighted.density_.n_samples_fit_ == 360


@pytest.mark.parametrize("contamination", [None, 0.1])
@pytest.mark.parametrize("weights", [np.where(UNEVEN > 0, 2.0, 0.0), UNEVEN])
def test_a_weight_of_zero_leaves_the_row_out(weights, contamination):
    kept = weights > 0
    holed = np.where(kept[:, None], ROWS, np.nan)
    weighted = fitted(holed, weights, contamination=contamination)
    assert_same(weighted, fitted(ROWS[kept], weights[kept], contamination=contamination))
    assert kept[weighted.density_.held_out_indices_].all()


def test_rows_of_no_weight_may_calibrate():
    detector, unknown = fitted(ROWS, UNEVEN), UNEVEN == 0
    assert detector.calibrate(ROWS[unknown]).calibrated().source == "rows given to calibrate"
    with pytest.raises(DataError, match="were given to fit"):
        detector.calibrate(ROWS[~unknown])


def test_equal_weights_are_none():
    assert_same(fitted(ROWS[:300], [7] * 300), fitted(ROWS[:300]))


def test_only_ratios_count():
    assert_same(fitted(ROWS, UNEVEN), fitted(ROWS, 1024 * UNEVEN))
    other = np.where(UNEVEN, 2 - UNEVEN, 0)
    scores = [fitted(ROWS, weights).score_samples(ROWS) for weights in (UNEVEN, other)]
    assert np.abs(scores[0] - scores[1]).mean() > 0.01


def test_a_flow_learns_the_law_of_the_weighted_rows():
    rng = np.random.default_rng(0)

    def rows(n_rising, n_falling):
        rows = rng.normal(size=(n_rising + n_falling, 3))
        rows[:, 1] = 0.3 * rows[:, 1] + np.repeat([1, -1], [n_rising, n_falling]) * rows[:, 0]
        return rows

    # A twentieth of the law falls, but half of the rows do.
    given, weights = rows(105, 105), np.repeat([np.e, 0.2], 105)
    drawn, test = rows(285, 15), rows(1900, 100)

    def scores(given, sample_weight=None):
        density = FlowDensity(**TINY)
        fits = [fresh(density, max_epochs=30, random_state=seed) for seed in range(3)]
        fits = [fit.fit(given, sample_weight=sample_weight) for fit in fits]
        return [fit.score(test) for fit in fits]

    expected, found, other = scores(drawn), scores(given, weights), scores(given, weights[::-1])
    assert np.mean(found) == pytest.approx(np.mean(expected), abs=np.ptp(expected))
    assert np.mean(found) > np.mean(other) + 1


@pytest.mark.filterwarnings("ignore:no flow was trained")
def test_the_members_of_the_default_mixture_take_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(TimeBudget, "is_up", lambda self: False)
    classical = FlowDensity(**TINY_AUTO, effort="fast", max_seconds=1.0)
    rows, weights = ROWS[:40], WEIGHTS[:40]
    weighted = fresh(classical).fit(rows, sample_weight=weights)
    repeated = fresh(classical).fit(np.repeat(rows, weights, axis=0))
    for one, other in zip(leaves(weighted), leaves(repeated), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    kernels = weighted.distribution_.distributions[1]
    shares = weights[weights > 0] / weights.sum()
    np.testing.assert_allclose(np.sort(kernels.weights), np.sort(shares), rtol=1e-5)
    weighted.save(tmp_path / "m.fluvial")
    for one, other in zip(leaves(weighted), leaves(load(tmp_path / "m.fluvial")), strict=True):
        np.testing.assert_array_equal(one, other)


def leaves(density):
    """The numbers of the mixture and of the kernels."""
    distribution = density.distribution_
    return jax.tree.leaves([distribution.weights, distribution.distributions[:2]])


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        (np.ones(359), ShapeError, r"shape \(360,\)"),
        (-UNEVEN, DataError, "must not be negative, but is .* in row 1 "),
        (np.where(np.arange(360) == 3, np.nan, 1.0), DataError, "missing in row 3"),
        (["a"] * 360, DataError, "holds 'a' in row 0"),
        (np.zeros(360), DataError, "zero in all of the 360 rows"),
        (np.eye(360)[0], DataError, "all of the 360 rows but one"),
    ],
)
@pytest.mark.parametrize("kind", [FlowDensity, FlowAnomalyDetector])
def test_what_is_no_weight_is_refused(kind, weights, error, message):
    with pytest.raises(error, match=message):
        kind(**TINY).fit(ROWS, sample_weight=weights)


def test_a_fit_goes_on_with_the_same_weights_alone(tmp_path):
    path, density = tmp_path / "m.checkpoint", FlowDensity(**TINY)
    first = fresh(density).fit(ROWS, sample_weight=UNEVEN, checkpoint=Checkpoint(path, after=0))
    for weights in (None, np.where(UNEVEN, UNEVEN + 1, 0)):
        with pytest.raises(ModelFileError, match="weights"):
            density.fit(ROWS, None, weights, checkpoint=Checkpoint(path, resume=True))
    resumed = density.fit(ROWS, None, UNEVEN, checkpoint=Checkpoint(path, resume=True))
    np.testing.assert_array_equal(resumed.score_samples(ROWS), first.score_samples(ROWS))
