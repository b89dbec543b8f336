"""Densities against scikit-learn's at the chosen bandwidth and size, and against counts by hand."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal
from sklearn import neighbors

from fluvial.baselines import GaussianMixtureDensity, HistogramDensity, KernelDensity
from fluvial.baselines.histogram import Histogram
from fluvial.errors import DataError


@pytest.fixture(scope="module")
def kernels(rows):
    return KernelDensity(random_state=0).fit(rows)


def standardised(plain):
    """Rows by their means and deviations, and the log det."""
    return (plain - plain.mean(axis=0)) / plain.std(axis=0), -np.log(plain.std(axis=0)).sum()


def test_kernels_are_those_of_scikit_learn(kernels, rows, plain):
    scaled, log_det = standardised(plain)
    theirs = neighbors.KernelDensity(bandwidth=kernels.bandwidth_).fit(scaled)
    expected = theirs.score_samples(scaled) + log_det
    assert np.abs(kernels.score_samples(rows) - expected).max() < 1e-3
    assert kernels.score(rows) == pytest.approx(expected.mean(), abs=1e-3)


def test_a_bandwidth_may_be_given(plain):
    scaled, log_det = standardised(plain)
    expected = neighbors.KernelDensity(bandwidth=0.5).fit(scaled).score_samples(scaled) + log_det
    given = KernelDensity(bandwidth=0.5).fit(plain)
    assert given.bandwidth_ == 0.5
    assert np.abs(given.score_samples(plain) - expected).max() < 1e-3
    for wrong in (0, -1.0, np.nan, "wide"):
        with pytest.raises(ValueError, match=r"bandwidth must lie in \(0, inf\)"):
            KernelDensity(bandwidth=wrong).fit(plain)


def test_the_bandwidth_is_the_best_on_held_out_rows(plain):
    """By scikit-learn on the rows that `held_out_rows` draws, over a finer grid."""
    from fluvial.densities.held_out import held_out_rows

    chosen = KernelDensity(random_state=3, validation_fraction=0.3).fit(plain).bandwidth_
    places = held_out_rows(plain, 0.3, np.random.RandomState(3))
    scaled, _ = standardised(plain)
    rest = np.delete(scaled, places, axis=0)
    grid = np.geomspace(0.05, 1, 60)
    scores = [neighbors.KernelDensity(bandwidth=h).fit(rest).score(scaled[places]) for h in grid]
    assert chosen == pytest.approx(grid[np.argmax(scores)], rel=0.08)


def test_a_mixture_is_that_of_its_parameters(rows, plain):
    mixture = GaussianMixtureDensity(max_components=3, random_state=0).fit(rows)
    scaled, log_det = standardised(plain)
    parts = mixture.distribution_
    covariances = np.asarray(parts.scale_trils) @ np.asarray(parts.scale_trils).mT
    each = [
        weight * multivariate_normal(mean, covariance).pdf(scaled)
        for weight, mean, covariance in zip(parts.weights, parts.means, covariances, strict=True)
    ]
    expected = np.log(np.sum(each, axis=0)) + log_det
    assert mixture.n_components_ == len(each)
    assert np.abs(mixture.score_samples(rows) - expected).max() < 1e-3
    means = mixture.sample(4000, random_state=1)[:, :3].mean(axis=0)
    assert np.abs(means - plain.mean(axis=0)).max() < 0.1 * plain.std(axis=0).max()


def test_a_histogram_integrates_to_one_and_counts():
    values = np.array([0.0, 1.0, 1.5, 2.5, 8.0])
    histogram = Histogram.of(values, 4)  # bins of width 2: 3, 1, 0, 1 rows
    assert np.exp(histogram.log_prob(np.array([0.0, 2.0, 4.0, 8.0]))) == pytest.approx(
        np.array([4, 2, 1, 2]) / 11 / 2
    )
    assert histogram.log_prob(np.array([-3.0]))[0] == pytest.approx(np.log(1 / 11 / 2) - 1.5)
    assert histogram.log_prob(np.array([12.0]))[0] == pytest.approx(np.log(1 / 11 / 2) - 2.0)
    whole = quad(
        lambda x: float(np.exp(histogram.log_prob(np.array([x])))[0]),
        -60, 60, points=[0, 2, 4, 6, 8], limit=200,
    )  # fmt: skip
    assert whole[0] == pytest.approx(1, abs=1e-6)
    drawn = histogram.sample(20_000, np.random.default_rng(0))
    assert np.mean(drawn < 0) == pytest.approx(1 / 11, abs=0.01)
    assert np.mean((drawn >= 0) & (drawn < 2)) == pytest.approx(4 / 11, abs=0.015)


def test_columns_of_a_histogram_are_independent(rows, plain):
    whole = HistogramDensity(random_state=0).fit(rows)
    each = [
        Histogram.of(column, n_bins)
        for column, n_bins in zip(standardised(plain)[0].T, whole.n_bins_, strict=True)
    ]
    scaled = (plain[:40] - plain.mean(axis=0)) / plain.std(axis=0)
    expected = sum(h.log_prob(column) for h, column in zip(each, scaled.T, strict=True))
    expected = expected - np.log(plain.std(axis=0)).sum()
    assert whole.score_samples(rows[:40]) == pytest.approx(expected)


def test_bins_are_fewer_where_rows_are_few():
    rng = np.random.default_rng(0)
    few = HistogramDensity(random_state=0).fit(rng.normal(size=(30, 1))).n_bins_[0]
    many = HistogramDensity(random_state=0).fit(rng.normal(size=(20_000, 1))).n_bins_[0]
    assert few < many


def test_samples_restore_constants_and_copies(kernels):
    drawn = kernels.sample(6, random_state=0)
    assert (drawn[:, 3] == 7).all()
    assert np.array_equal(drawn[:, 0], drawn[:, 4])
    assert np.array_equal(drawn, kernels.sample(6, random_state=0))


def test_a_row_that_departs_from_a_constant_is_lowest(kernels, rows):
    odd = rows[:2].copy()
    odd[0, 3] = 8.0
    scores = kernels.score_samples(odd)
    assert scores[0] < scores[1] - 1e5


@pytest.mark.parametrize("kind", [GaussianMixtureDensity, HistogramDensity, KernelDensity])
def test_what_is_wrong_is_refused(kind, rows, kernels):
    with pytest.raises(ValueError, match=r"validation_fraction must lie in \[0, 1\)"):
        kind(validation_fraction=1.0).fit(rows)
    with pytest.raises(DataError, match="missing value"):
        kind().fit(np.where(rows == rows[4, 0], np.nan, rows))
    with pytest.raises(DataError, match="all columns are constant"):
        kind().fit(np.ones((5, 2)))
    with pytest.raises(ValueError, match="n_samples must be a whole number"):
        kernels.sample(0)
