import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.mixture import GaussianMixture as Oracle

from fluvial.densities.classical import fit_gaussian_mixture, gaussian_mixture, mixture_search
from fluvial.training import trainable


def clusters(n, seed=0, n_clusters=5):
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(9).uniform(-9, 9, (n_clusters, 3))
    return centres[rng.integers(n_clusters, size=n)] + rng.normal(size=(n, 3)) * [1, 0.3, 0.1]


@pytest.mark.usefixtures("x64")
def test_it_is_scikit_learns_at_the_best_size():
    train, held_out, new = clusters(2000), clusters(300, 1), clusters(500, 2)
    mixture = fit_gaussian_mixture(train, held_out, random_state=0)
    assert len(mixture.weights) == 5
    best = max(
        (Oracle(k, random_state=0).fit(train) for k in range(1, 9)),
        key=lambda oracle: oracle.score(held_out),
    )
    assert np.mean(mixture.log_prob(new)) > best.score(new) - 0.02
    one = fit_gaussian_mixture(train, held_out, random_state=0, max_components=1)
    expected = Oracle(1, reg_covar=1e-6 * np.median(train.var(axis=0))).fit(train)
    np.testing.assert_allclose(one.log_prob(new), expected.score_samples(new), rtol=1e-6)


def test_a_size_between_the_candidates_is_found(monkeypatch):
    train, held_out = (clusters(n, seed, 7) for n, seed in ((2000, 0), (500, 1)))
    seven = fit_gaussian_mixture(train, held_out, random_state=0)
    monkeypatch.setattr(mixture_search, "MAX_REFINED", 0)
    eight = fit_gaussian_mixture(train, held_out, random_state=0)
    assert (len(seven.weights), len(eight.weights)) == (7, 8)
    assert np.mean(seven.log_prob(held_out)) > np.mean(eight.log_prob(held_out))


def test_few_rows_get_a_ridge_or_independent_columns():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40 + 200, 30))
    mixture = fit_gaussian_mixture(rows[:40], rows[40:], random_state=0)
    # The truth loses 42.6 nats a row; without a ridge, a singular covariance would lose thousands.
    assert np.mean(mixture.log_prob(rows[40:])) > -46


def test_collinear_columns_stay_finite_in_float32():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(600, 2)) @ rng.normal(size=(2, 20)) + 1e-6 * rng.normal(size=(600, 20))
    mixture = fit_gaussian_mixture(rows[:500], rows[500:], random_state=0)
    assert mixture.means.dtype == jnp.float32
    values = np.asarray(mixture.log_prob(np.vstack([rows, 1e4 * rows]).astype(np.float32)))
    assert np.isfinite(values).all()


def test_without_held_out_rows_it_is_one_gaussian():
    mixture = fit_gaussian_mixture(np.array([[0.0, 1.0], [1.0, 1.0]]))
    assert mixture.means.tolist() == [[0.5, 1.0]]
    assert np.isfinite(mixture.log_prob(jnp.zeros(2)))
    assert not any(jax.tree.leaves(trainable(mixture)))


def test_a_seed_reproduces_and_large_tables_are_sampled():
    train, held_out = clusters(3000), clusters(200, 1)
    made = [
        fit_gaussian_mixture(train, held_out, random_state=3, max_rows=400, max_components=5)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(made[0].means, made[1].means)
    assert np.mean(made[0].log_prob(clusters(500, 2))) > -6


@pytest.mark.parametrize(
    ("max_rows", "cost", "expected"), [(None, 3e8, 900), (None, 1, 200), (400, 3e8, 400)]
)
def test_the_last_fit_takes_all_rows_where_that_is_cheap(monkeypatch, max_rows, cost, expected):
    taken = []
    finish = gaussian_mixture.continued

    def counted(best, rows):
        taken.append(len(rows.x))
        return finish(best, rows)

    monkeypatch.setattr(gaussian_mixture, "MAX_ROWS", 200)
    monkeypatch.setattr(gaussian_mixture, "FINAL_COST", cost)
    monkeypatch.setattr(gaussian_mixture, "continued", counted)
    fit_gaussian_mixture(clusters(900), clusters(100, 1), random_state=0, max_rows=max_rows)
    assert taken == [expected]
