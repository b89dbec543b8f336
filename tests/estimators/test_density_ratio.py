"""Over-densities beside the likelihood-ratio optimum."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import average_precision_score, roc_auc_score

from fluvial import DensityRatio, load
from fluvial.errors import DataError

CENTRE, WIDTH = np.array([1.0, -0.5]), 0.05


def background(n, seed):
    return np.random.default_rng(seed).normal(size=(n, 2))


def bump(n, seed):
    return CENTRE + WIDTH * np.random.default_rng(seed).normal(size=(n, 2))


def optimum(rows):
    signal = norm.logpdf(rows, CENTRE, WIDTH).sum(axis=1)
    return np.logaddexp(np.log(0.99), np.log(0.01) + signal - norm.logpdf(rows).sum(axis=1))


@pytest.fixture(scope="module")
def ratio():
    sample = np.concatenate([background(4950, 0), bump(50, 1)])
    return DensityRatio(random_state=0).fit(sample, background(5000, 2))


def test_a_narrow_bump_of_one_percent_is_found_nearly_as_by_the_true_densities(ratio):
    rows = np.concatenate([background(20_000, 3), bump(200, 4)])
    labels = np.arange(len(rows)) >= 20_000
    scores, best = ratio.score_samples(rows), optimum(rows)
    assert roc_auc_score(labels, scores) > roc_auc_score(labels, best) - 0.005
    ideal = average_precision_score(labels, best)
    assert average_precision_score(labels, scores) > ideal - 0.1
    assert ratio.bumps_.weights.sum() == pytest.approx(0.01, abs=0.005)


def test_the_ratio_is_near_the_true_one(ratio):
    np.testing.assert_allclose(
        ratio.score_samples([CENTRE, [0, 0]]), optimum(np.array([CENTRE, [0, 0]])), atol=0.5
    )


def test_equal_samples_have_a_ratio_of_about_one():
    ratio = DensityRatio(random_state=0).fit(background(1000, 5), background(1000, 6))
    assert np.abs(ratio.score_samples(background(500, 7))).mean() < 0.1


def test_other_units_and_far_rows(ratio):
    sample = np.concatenate([background(4950, 0), bump(50, 1)]) * [1e6, 1e-6] + [3e7, 0]
    behind = background(5000, 2) * [1e6, 1e-6] + [3e7, 0]
    stretched = DensityRatio(random_state=0).fit(sample, behind)
    at = np.array([CENTRE, [0, 0]])
    np.testing.assert_allclose(
        stretched.score_samples(at * [1e6, 1e-6] + [3e7, 0]), ratio.score_samples(at), atol=0.1
    )
    assert np.isfinite(ratio.score_samples([[1e200, 0], [-1e300, 1e300]])).all()


def test_the_columns_must_be_the_same():
    with pytest.raises(ValueError, match="X has 2 features"):
        DensityRatio().fit(background(100, 0), background(100, 1)[:, :1])


def test_a_sample_of_two_rows_is_refused():
    with pytest.raises(DataError, match="2 sample"):
        DensityRatio().fit(background(2, 0), background(100, 1))


def test_what_is_saved_is_loaded_bit_equal(ratio, tmp_path):
    path = tmp_path / "r.fluvial"
    ratio.save(path)
    again = load(path)
    assert isinstance(again, DensityRatio)
    assert again.get_params() == ratio.get_params()
    assert again.reference_.get_params() == ratio.reference_.get_params()
    rows = np.concatenate([background(500, 8), bump(50, 9)])
    np.testing.assert_array_equal(again.score_samples(rows), ratio.score_samples(rows))
    again.save(tmp_path / "s.fluvial")
    assert path.read_bytes() == (tmp_path / "s.fluvial").read_bytes()


def test_a_ratio_without_bumps_is_saved(tmp_path):
    ratio = DensityRatio(random_state=0).fit(background(300, 5), background(300, 6))
    ratio.save(tmp_path / "r.fluvial")
    again, rows = load(tmp_path / "r.fluvial"), background(20, 7)
    np.testing.assert_array_equal(again.score_samples(rows), ratio.score_samples(rows))
