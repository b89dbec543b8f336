"""What is noise, a step and no variation in a column."""

import warnings

import numpy as np
import pytest

from fluvial.errors import DataWarning
from fluvial.tables import Resolution, TableScaler
from fluvial.tables.columns.robust_scale import robust_centre_and_scale

N = 2000
RNG = np.random.default_rng(0)
DIGITS = RNG.integers(0, 10, N).astype(float)
NORMAL = RNG.normal(size=N)
DURATIONS = np.round(RNG.exponential(3, N), 3)
TWO = DIGITS > 4


def resolution(values) -> Resolution:
    return Resolution.of(np.asarray(values, np.float64)[:, None])


def with_first(values, *others):
    return np.concatenate([others, np.asarray(values, float)[len(others) :]])


def single(values):
    return np.asarray(values, np.float32).astype(np.float64)


@pytest.mark.parametrize(
    ("values", "step"),
    [
        (with_first(DIGITS, 2**31 - 1), 1),
        (with_first(DIGITS, *[-1e9] * 5), 1),
        (with_first(DIGITS, 2.0**63), 1),
        (with_first(1e7 + DIGITS, 2.0**63), 1),
        (with_first(DURATIONS, 1.7e9), 1e-3),
        (with_first(DURATIONS, 2.0**63), 1e-3),
        (np.where(RNG.random(N) < 0.1, 1e30, np.round(NORMAL, 1)), 0.1),
        (np.where(RNG.random(N) < 0.4, -1e30, np.round(NORMAL, 1)), 0.1),
        (with_first(RNG.poisson(2, N), 10**6, 10**9, 12345678), 1),
        ((DIGITS + 1) * (1 + 1e-12 * NORMAL), 1),
        (np.round(5 + NORMAL, 2) * (1 + 1e-12 * NORMAL), 0.01),
        ((0.3 * DIGITS + 7) * (1 + 1e-14 * NORMAL), 0.3),
        (single(np.round(1000 + 50 * NORMAL, 1)), 0.1),
        (single(np.float32(0.1) * single(RNG.integers(0, 1000, N))), 0.1),
        (single(np.round(300 + 100 * NORMAL, 1)) - 179.17, 0.1),
        (RNG.integers(0, 500, N) * 0.0254, 0.0254),
        (RNG.integers(0, 500, N) / 3, 1 / 3),
        ((RNG.integers(20, 110, N) - 32) * 5 / 9, 5 / 9),
        (1e9 + RNG.integers(0, 500, N), 1),
        (1e12 + RNG.integers(0, 3, N), 1),
        (1.7e9 + RNG.integers(0, 1000, N) * 1e-3, 1e-3),
        (np.round(RNG.lognormal(1, 1, N), 2), 0.01),
        (np.where(TWO, np.round(NORMAL * 2) / 2, np.round(NORMAL, 2)), 0.01),
        (with_first(DIGITS, 3.7), 1),
        (np.where(RNG.random(N) < 0.01, NORMAL, DIGITS), 1),
        (RNG.choice([0.0, 2.0, 5.0], N), 1),
        (TWO, 1),
        (RNG.random(N) < 0.01, 1),
        (with_first(np.zeros(N), 57), 1),
        (with_first(np.zeros(N), 57, 120, 311, 754, 1503, 2**31), 1),
        ((RNG.random(N) < 0.01) * 57.3, 57.3),
        (DIGITS * 5e-324, 5e-324),
        (np.round(NORMAL, 1) * 1e300, 1e299),
    ],
)
def test_the_step_of_a_lattice(values, step):
    found = resolution(values)
    assert not found.constant[0]
    np.testing.assert_allclose(found.step, step, rtol=1e-5)


@pytest.mark.parametrize(
    "values",
    [
        NORMAL,
        single(NORMAL),
        1e9 + 0.1 * NORMAL,
        with_first(np.zeros(N), 57.3),
        with_first(np.zeros(N), 57.3, 57.3, 120.1),
        with_first(np.zeros(N), 57.3, 120.1, 311.9, 754.2, 1503.3, 4001.7),
        np.where(TWO, 0, np.exp(NORMAL)),
        np.where(TWO, 7.4, 7 + NORMAL),
    ],
)
def test_no_lattice(values):
    assert resolution(values).step == 0


def test_repeated_values_without_a_lattice_take_their_smallest_gap():
    values = np.log1p(RNG.integers(0, 9, N))
    np.testing.assert_allclose(resolution(values).step, np.log(9 / 8))


@pytest.mark.parametrize(
    ("values", "constant"),
    [
        (np.where(TWO, 0.3, 0.1 * 3), True),
        (np.where(TWO, 0.0, 0.1 + 0.2 - 0.3), True),
        (7.4 * (1 + 1e-12 * NORMAL), True),
        (np.where(TWO, np.float32(0.3), np.float32(0.1) * np.float32(3)), True),
        (1e9 + TWO, False),
        (1e15 + TWO, False),
        (2.0**53 + 2 * TWO, False),
        (np.where(TWO, 0, 1.6e-19), False),
        (TWO * 5e-324, False),
        (np.where(TWO, -1.7e308, 1.7e308), False),
        (1 + 1e-9 * NORMAL, False),
    ],
)
def test_constant_up_to_rounding(values, constant):
    assert resolution(values).constant == constant


def scale_of(values):
    found = resolution(values)
    column = np.asarray(values, float)[:, None]
    return robust_centre_and_scale(column, noise=found.noise, step=found.step)[1][0]


def test_values_equal_up_to_the_last_bit_do_not_make_the_scale():
    rest = RNG.normal(7, 1, N)
    most = RNG.random(N) < 0.6
    exact = np.where(most, 7.4, rest)
    for equal, other in ((7.4, np.nextafter(7.4, 0)), (0.0, 0.1 + 0.2 - 0.3)):
        values = np.where(most, np.where(TWO, equal, other), rest - 7.4 + equal)
        np.testing.assert_allclose(scale_of(values), scale_of(exact), rtol=1e-3)
    assert 0.5 < scale_of(exact) < 1


def test_a_step_is_at_most_a_few_scales():
    for share in (0.03, 0.01, 0.002):
        flag = RNG.random(N) < share
        np.testing.assert_allclose(scale_of(flag), 0.5 / 1.349, rtol=1e-3)
    np.testing.assert_allclose(scale_of(DIGITS), scale_of(DIGITS + 1e-3 * NORMAL), rtol=0.05)


def penalties(fitted, scored):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        scaler = TableScaler.fit(np.column_stack([NORMAL, fitted]))
    assert scaler.n_kept == 1
    rows = np.column_stack([np.zeros(len(scored)), scored])
    found = scaler.transform(rows)[1] - scaler.transform(np.zeros((1, 2)) + rows[:1])[1]
    again = TableScaler.from_arrays(scaler.to_arrays())
    np.testing.assert_array_equal(again.transform(rows)[1], scaler.transform(rows)[1])
    return found / -1e6


def test_a_constant_up_to_rounding_tolerates_what_an_exact_one_does():
    near = [0.3, 0.3 * (1 + 1e-14), 0.3 * (1 + 5e-7), 0.3 * (1 + 5e-6)]
    for fitted in (np.full(N, 0.3), np.where(TWO, 0.3, 0.1 * 3)):
        np.testing.assert_array_equal(penalties(fitted, near), [0, 0, 0, 1])
    for fitted in (np.zeros(N), np.where(TWO, 0.0, 0.1 + 0.2 - 0.3)):
        np.testing.assert_array_equal(penalties(fitted, [0, 5.6e-17, -1e-13, 1e-9]), [0, 0, 0, 1])


def test_old_arrays_of_a_scaler_load_and_tolerate_rounding_beside_zero():
    rows = np.column_stack([NORMAL, np.zeros(N), NORMAL])
    arrays = TableScaler.fit(rows, warn=False).to_arrays()
    del arrays["tolerance"]
    rows[0, 1] = 5.6e-17
    log_det = TableScaler.from_arrays(arrays).transform(rows[:1])[1]
    assert log_det > -10


def test_copies_up_to_rounding_are_copies():
    rows = np.column_stack([NORMAL, DIGITS, NORMAL * 3 / 3, 3 * NORMAL, 0.1 * NORMAL * 10])
    rows = np.column_stack([rows, 1e12 + DIGITS, 1e12 + np.roll(DIGITS, 1), NORMAL + 1e-6])
    rows[:5, 2] = rows[:5, 0] * (1 + 1e-13)
    source = TableScaler.fit(rows, warn=False).left_out.source
    np.testing.assert_array_equal(source, [0, 1, 0, 3, 0, 5, 6, 7])


def test_the_unit_of_a_column_does_not_matter():
    columns = np.column_stack([np.round(NORMAL, 1), np.exp(NORMAL), DIGITS + 0.5, np.round(NORMAL)])
    expected = Resolution.of(columns).step
    for unit in (1e-200, 1e-12, 0.3048, 1e6, 1e200):
        found = Resolution.of(columns * unit)
        np.testing.assert_allclose(found.step, expected * unit, rtol=1e-9)
        assert not found.constant.any()
