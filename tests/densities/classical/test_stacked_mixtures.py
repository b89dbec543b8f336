import numpy as np
import pytest
from scipy.special import logsumexp

from fluvial.densities.classical import StackedMixtures, fit_gaussian_mixture, stacked_mixtures
from fluvial.densities.folds import FoldRows
from fluvial.training import stack


def table(n, seed=0):
    """Half of the values of one column lie near whole numbers; the other has heavy tails."""
    rng = np.random.default_rng(seed)
    near = rng.integers(0, 12, size=n) + 0.02 * rng.normal(size=n)
    first = np.where(rng.random(n) < 0.5, near, 3 + 3 * rng.normal(size=n))
    return np.column_stack([first, rng.standard_t(2, size=n)])


def folds(n=400):
    rows, number = table(n), np.arange(n) % 4
    return rows, [FoldRows(rows[number != fold], rows[number == fold]) for fold in range(2)]


def fitted(folds, rows, seed=0):
    return StackedMixtures(folds, rows, np.random.RandomState(seed))


@pytest.mark.usefixtures("x64")
def test_weights_are_those_of_the_held_out_rows_of_all_folds(monkeypatch):
    log_probs = []

    def remembered(values, *, sample_weight):
        assert sample_weight is None
        log_probs.append(values)
        return stack(values)

    monkeypatch.setattr(stacked_mixtures, "stack", remembered)
    rows, pairs = folds()
    mixtures = fitted(pairs, rows)
    (values,) = log_probs
    assert values.shape[0] == 200
    weights = stack(values)
    assert np.count_nonzero(weights) > 1
    with np.errstate(divide="ignore"):
        expected = logsumexp(values + np.log(weights), axis=1)
    found = [
        mixture.log_prob(fold.held_out)
        for mixture, fold in zip(mixtures.of_folds, pairs, strict=True)
        if fold.held_out is not None
    ]
    np.testing.assert_allclose(np.concatenate(found), np.asarray(expected), rtol=1e-6)


def test_it_is_better_than_the_best_size_alone():
    rows, pairs = folds()
    new = table(2000, 1).astype(np.float32)
    gains = []
    for seed in range(2):
        alone = [fit_gaussian_mixture(*pair[:2], random_state=seed).log_prob(new) for pair in pairs]
        best_of_folds = logsumexp(alone, axis=0) - np.log(len(alone))
        gains.append(np.mean(fitted(pairs, rows, seed).of_all.log_prob(new) - best_of_folds))
    assert np.mean(gains) > 0.05


def test_all_rows_are_fitted_again_where_that_is_cheap(monkeypatch):
    rows, pairs = folds()
    mixtures = fitted(pairs, rows)
    one, two = (len(mixture.weights) for mixture in mixtures.of_folds)
    assert one == two
    assert len(mixtures.of_all.weights) == (2 + stacked_mixtures.STARTS) * one
    monkeypatch.setattr(stacked_mixtures, "STARTS_COST", 0)
    again = fitted(pairs, rows).of_all
    assert len(again.weights) == 2 * one
    new = table(50, 2).astype(np.float32)
    each = np.stack([mixture.log_prob(new) for mixture in mixtures.of_folds])
    np.testing.assert_allclose(again.log_prob(new), logsumexp(each, axis=0) - np.log(2), rtol=1e-4)


def test_of_one_fold_fits_go_on_where_that_helps():
    rows, judge, new = table(1500), table(300, 1), table(2000, 2).astype(np.float32)
    mixtures = fitted([FoldRows(rows, judge)], rows)
    longer, (trial,) = mixtures.of_all, mixtures.of_folds
    assert longer.weights.shape == trial.weights.shape
    judge = judge.astype(np.float32)
    assert np.mean(longer.log_prob(judge)) > np.mean(trial.log_prob(judge))
    assert np.mean(longer.log_prob(new)) > np.mean(trial.log_prob(new))


def test_without_rows_that_judge_it_is_one_gaussian():
    rows = table(9)
    mixture = fitted([FoldRows(rows, None)], rows).of_all
    assert mixture.means.shape == (1, 2)
    assert np.isfinite(mixture.log_prob(rows.astype(np.float32))).all()


def test_a_seed_reproduces():
    rows, pairs = folds()
    one, other = (fitted(pairs, rows, 3).of_all for _ in range(2))
    np.testing.assert_array_equal(one.means, other.means)
    np.testing.assert_array_equal(one.weights, other.weights)


def test_when_it_is_late_one_size_is_enough():
    rows, pairs = folds()
    calls = []

    def is_late():
        calls.append(None)
        return len(calls) > 3

    hurried = StackedMixtures(pairs, rows, np.random.RandomState(0), is_late)
    whole = fitted(pairs, rows)
    assert np.isfinite(hurried.of_all.log_prob(rows)).all()
    # Four ridges of one Gaussian are tried first.
    assert len(hurried.of_all.weights) <= 4 * len(pairs) < len(whole.of_all.weights)
