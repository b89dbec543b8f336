import numpy as np
import pandas as pd
import pytest

from fluvial.errors import DataError, ShapeError
from fluvial.weights import (
    checked_weights,
    mean,
    mean_and_deviation,
    numbers_of_rows,
    standard_error,
)

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "weights",
    [
        [1, 0, 4],
        np.array([0.5, 0, 2], np.float32),
        pd.Series([1e308, 0, np.inf]).clip(upper=4e307) * np.array([0.25, 0, 1]),
        np.array([1, 0, 4], object),
    ],
)
def test_weights_are_parts_of_the_largest(weights):
    np.testing.assert_array_equal(checked_weights(weights, 3), [0.25, 0, 1])


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ([1.0, 2.0], ShapeError, r"shape \(3,\).*but has shape \(2,\)"),
        (2.0, ShapeError, r"but has shape \(\)"),
        (np.ones((3, 1)), ShapeError, r"but has shape \(3, 1\)"),
        ([1.0, np.nan, 1.0], DataError, "missing in row 1"),
        ([1.0, None, 1.0], DataError, "missing in row 1"),
        ([1.0, 1.0, np.inf], DataError, "infinite in row 2"),
        ([1.0, -2.0, -3.0], DataError, "is -2 in row 1 .*first of 2 such rows"),
        (np.array(["1", "2", "3"]), DataError, "holds '1' in row 0"),
        (np.array([1.0, "much", 3.0], object), DataError, "holds 'much' in row 1"),
        (np.ones(3, complex), DataError, "row 0; every weight must be a number"),
        ([0, 0, 0], DataError, "zero in all of the 3 rows"),
    ],
)
def test_what_is_no_weight_is_refused(weights, error, message):
    with pytest.raises(error, match=message):
        checked_weights(weights, 3)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([2, 4, 6], [1, 2, 3]),
        ([0.1, 0.2, 0.3], [1, 2, 3]),
        ([2, 3, 2], [2, 3, 2]),
        ([7, 7, 7], [1, 1, 1]),
        ([1, 1, 1e30], [1, 1, 1e15]),
    ],
)
def test_weights_stand_for_whole_rows(weights, expected):
    parts = np.array(weights, float) / max(weights)
    np.testing.assert_allclose(numbers_of_rows(parts), expected, rtol=1e-12)


def test_other_weights_stand_for_one_row_in_the_mean():
    numbers = numbers_of_rows(np.array([0.1, 0.2, np.sqrt(0.5)]))
    assert numbers.mean() == pytest.approx(1)
    np.testing.assert_allclose(numbers / numbers[0], [1, 2, 10 * np.sqrt(0.5)])


def test_moments_are_those_of_repeated_rows():
    values, counts = RNG.normal(size=(40, 3)), RNG.integers(1, 5, 40)
    repeated = values.repeat(counts, axis=0)
    np.testing.assert_allclose(mean(values, counts), repeated.mean(axis=0))
    found = mean_and_deviation(values, counts.astype(float))
    np.testing.assert_allclose(found, [repeated.mean(axis=0), repeated.std(axis=0)])


def test_what_does_not_vary_has_no_deviation():
    centre, deviation = mean_and_deviation(np.full((50, 1), 0.1), RNG.random(50))
    assert centre == 0.1
    assert deviation == 0


def test_the_standard_error_is_that_of_many_draws():
    weights = RNG.gamma(1.0, size=200)
    draws = RNG.normal(size=(4000, 200))
    spread = np.std(draws @ weights / weights.sum())
    found = np.mean([standard_error(values, weights) for values in draws[:500]])
    assert found == pytest.approx(spread, rel=0.05)
    assert standard_error(draws[0], np.full(200, 3.0)) == pytest.approx(
        standard_error(draws[0], None)
    )
