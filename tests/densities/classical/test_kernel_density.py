import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity as Oracle

from fluvial.densities.classical import fit_kernel_density

ROWS = np.random.default_rng(0).normal(size=(900, 2)) * [1.0, 0.5]


def test_the_bandwidth_is_the_best_of_a_fine_grid():
    train, held_out = ROWS[:600], ROWS[600:]
    density = fit_kernel_density(train, held_out)
    split = [(np.arange(600), np.arange(600, 900))]
    grid = {"bandwidth": np.geomspace(0.01, 3, 60)}
    oracle = GridSearchCV(Oracle(), grid, cv=split, refit=False).fit(ROWS)
    assert np.log(density.bandwidth[0] / oracle.best_params_["bandwidth"]) == pytest.approx(
        0, abs=0.15
    )
    best = Oracle(bandwidth=float(density.bandwidth[0])).fit(train).score(held_out) / 300
    assert best >= oracle.best_score_ / 300 - 1e-4
    np.testing.assert_allclose(np.mean(density.log_prob(jnp.asarray(held_out))), best, atol=1e-3)


def test_a_bandwidth_at_the_end_of_the_range_is_found():
    far = fit_kernel_density(np.zeros((5, 1)), np.full((4, 1), 50.0))
    assert float(far.bandwidth[0]) == pytest.approx(3, rel=0.05)


def test_without_held_out_rows_the_rule_of_thumb_serves():
    density = fit_kernel_density(ROWS)
    assert float(density.bandwidth[0]) == pytest.approx((4 / 4 / 900) ** (1 / 6))


def test_large_tables_are_sampled_the_same_way_for_a_seed():
    first, second = (fit_kernel_density(ROWS, random_state=1, max_rows=50) for _ in range(2))
    assert first.rows.shape == (50, 2)
    np.testing.assert_array_equal(first.rows, second.rows)
