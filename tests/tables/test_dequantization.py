import numpy as np

from fluvial.tables import Resolution
from fluvial.tables.dequantization import dequantised

RNG = np.random.default_rng(0)


def test_the_step_is_what_a_column_was_rounded_to():
    x = RNG.normal(size=2000)
    columns = [np.round(x, 1), x, np.round(x * 4) / 4, np.full(2000, 3.0), x > 0, np.round(x) * 1e9]
    found = Resolution.of(np.column_stack(columns).astype(float)).step
    np.testing.assert_allclose(found, [0.1, 0, 0.25, 0, 1, 1e9], rtol=1e-6)


def test_noise_stays_within_the_step_and_leaves_no_spikes():
    rows = np.column_stack([np.round(RNG.normal(size=3000), 1), RNG.normal(size=3000)])
    before = rows.copy()
    noisy = dequantised(rows, Resolution.of(rows).step, np.random.RandomState(0))
    np.testing.assert_array_equal(rows, before)
    np.testing.assert_array_equal(np.round(noisy[:, 0], 1), np.round(rows[:, 0], 1))
    np.testing.assert_array_equal(noisy[:, 1], rows[:, 1])
    assert len(np.unique(noisy[:, 0])) == 3000
    moved = (noisy - rows)[:, 0]
    assert abs(moved.mean()) < 0.002
    assert abs(moved.std() - 0.1 / np.sqrt(12)) < 0.001


def test_extreme_columns_stay_finite():
    rows = np.array([[-1.7e308, 1e-300], [1.7e308, 2e-300], [1.7e308, 2e-300]])
    steps = Resolution.of(rows).step
    noisy = dequantised(rows, steps, np.random.RandomState(0))
    assert np.isfinite(noisy).all()
    assert steps[1] == 1e-300
