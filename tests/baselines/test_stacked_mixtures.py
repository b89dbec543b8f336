import numpy as np
import pytest
from scipy.special import logsumexp

from fluvial.baselines import StackedMixtures, fit_gaussian_mixture, stacked_mixtures
from fluvial.training import stack


def table(n, seed=0):
    """Half of the values of one column lie near whole numbers; the other has heavy tails."""
    rng = np.random.default_rng(seed)
    near = rng.integers(0, 12, size=n) + 0.02 * rng.normal(size=n)
    first = np.where(rng.random(n) < 0.5, near, 3 + 3 * rng.normal(size=n))
    return np.column_stack([first, rng.standard_t(2, size=n)])


def folds(n=400):
    rows, number = table(n), np.arange(n) % 4
    return rows, [(rows[number != fold], rows[number == fold]) for fold in range(2)]


def fitted(folds, seed=0):
    return StackedMixtures(folds, np.random.RandomState(seed))


@pytest.mark.usefixtures("x64")
def test_weights_are_those_of_the_held_out_rows_of_all_folds():
    _, pairs = folds()
    mixtures = fitted(pairs)
    kept = [candidate for candidate, _ in mixtures._kept]
    weights = np.array([weight for _, weight in mixtures._kept])
    log_probs = np.stack([candidate.log_probs for candidate in kept], axis=1)
    assert log_probs.shape[0] == 200
    assert len(kept) > 1
    assert weights.sum() == pytest.approx(1)
    expected = logsumexp(log_probs + np.log(weights), axis=1)
    # Like sizes may share their weight in many ways that are as good.
    best = logsumexp(log_probs + np.log(stack(log_probs)), axis=1)
    assert np.mean(expected) == pytest.approx(np.mean(best), abs=1e-4)
    found = [mixtures.of_fold(k).log_prob(other) for k, (_, other) in enumerate(pairs)]
    np.testing.assert_allclose(np.concatenate(found), expected, rtol=1e-6)


def test_it_is_better_than_the_best_size_alone():
    rows, pairs = folds()
    new = table(2000, 1).astype(np.float32)
    gains = []
    for seed in range(2):
        alone = [fit_gaussian_mixture(*pair, random_state=seed).log_prob(new) for pair in pairs]
        best_of_folds = logsumexp(alone, axis=0) - np.log(len(alone))
        gains.append(np.mean(fitted(pairs, seed).of_all(rows).log_prob(new) - best_of_folds))
    assert np.mean(gains) > 0.05


def test_all_rows_are_fitted_again_where_that_is_cheap(monkeypatch):
    rows, pairs = folds()
    mixtures = fitted(pairs)
    of_folds = sum(len(mixtures.of_fold(k).weights) for k in range(2))
    sizes = sum(candidate.size.components for candidate, _ in mixtures._kept)
    assert of_folds == 2 * sizes
    assert len(mixtures.of_all(rows).weights) == (2 + stacked_mixtures.STARTS) * sizes
    monkeypatch.setattr(stacked_mixtures, "STARTS_COST", 0)
    again = mixtures.of_all(rows)
    assert len(again.weights) == of_folds
    new = table(50, 2).astype(np.float32)
    each = np.stack([mixtures.of_fold(k).log_prob(new) for k in range(2)])
    np.testing.assert_allclose(again.log_prob(new), logsumexp(each, axis=0) - np.log(2), rtol=1e-4)


def test_of_one_fold_fits_go_on_where_that_helps():
    rows, judge, new = table(1500), table(300, 1), table(2000, 2).astype(np.float32)
    mixtures = fitted([(rows, judge)])
    longer, trial = mixtures.of_all(rows), mixtures.of_fold(0)
    assert longer.weights.shape == trial.weights.shape
    judge = judge.astype(np.float32)
    assert np.mean(longer.log_prob(judge)) >= np.mean(trial.log_prob(judge)) - 1e-3
    assert np.mean(longer.log_prob(new)) > np.mean(trial.log_prob(new)) - 0.1


def test_without_rows_that_judge_it_is_one_gaussian():
    rows = table(9)
    mixture = fitted([(rows, None)]).of_all(rows)
    assert mixture.means.shape == (1, 2)
    assert np.isfinite(mixture.log_prob(rows.astype(np.float32))).all()


def test_a_seed_reproduces():
    rows, pairs = folds()
    one, other = (fitted(pairs, 3).of_all(rows) for _ in range(2))
    np.testing.assert_array_equal(one.means, other.means)
    np.testing.assert_array_equal(one.weights, other.weights)
