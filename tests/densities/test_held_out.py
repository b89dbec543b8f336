import numpy as np
import pytest

from fluvial.densities.held_out import fold_numbers, held_out_rows


def choose(rows, fraction, seed=0):
    return held_out_rows(np.asarray(rows, float), fraction, np.random.RandomState(seed))


@pytest.mark.parametrize(("n", "expected"), [(2, 0), (3, 0), (5, 0), (6, 1), (100, 10), (999, 100)])
def test_the_share_is_rounded_and_two_rows_are_left(n, expected):
    places = choose(np.arange(n)[:, None], 0.1)
    assert len(places) == expected
    assert len(set(places)) == expected
    assert (np.diff(places) > 0).all()


def test_nearly_all_and_none():
    rows = np.arange(10.0)[:, None]
    assert len(choose(rows, 0.99)) == 8
    assert len(choose(rows, 0.0)) == 0


def test_identical_rows_stay_on_one_side():
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 12, size=(1000, 2)).astype(float)
    rows[::3] *= -1  # -0.0 is 0.0
    places = choose(rows, 0.2)
    held_out = {tuple(row) for row in rows[places]}
    training = {tuple(row) for row in np.delete(rows, places, axis=0)}
    assert not held_out & training
    assert 150 < len(places) <= 200


def test_few_different_rows_are_split_all_the_same():
    rows = np.repeat([[0.0], [1.0]], 100, axis=0)
    assert len(choose(rows, 0.1)) == 20


def test_the_random_state_decides():
    rows = np.arange(100.0)[:, None]
    np.testing.assert_array_equal(choose(rows, 0.1, 1), choose(rows, 0.1, 1))
    assert (choose(rows, 0.1, 1) != choose(rows, 0.1, 2)).any()


@pytest.mark.parametrize(("n", "n_folds"), [(12, 5), (100, 10), (999, 10), (7, 7)])
def test_folds_are_of_equal_size(n, n_folds):
    number = fold_numbers(np.arange(float(n))[:, None], n_folds, np.random.RandomState(0))
    counts = np.bincount(number, minlength=n_folds)
    assert counts.sum() == n
    assert counts.max() - counts.min() <= 1


def test_identical_rows_are_in_one_fold():
    rows = np.random.default_rng(0).integers(0, 30, size=(1000, 2)).astype(float)
    rows[::3] *= -1  # -0.0 is 0.0
    number = fold_numbers(rows, 10, np.random.RandomState(0))
    of_row: dict[tuple, set] = {}
    for row, fold in zip(rows, number, strict=True):
        of_row.setdefault(tuple(row + 0.0), set()).add(fold)
    assert all(len(folds) == 1 for folds in of_row.values())
    assert set(number) == set(range(10))


def test_a_row_that_is_repeated_often_is_in_all_folds():
    rows = np.concatenate([np.zeros(300), np.arange(1.0, 701.0)])[:, None]
    number = fold_numbers(rows, 10, np.random.RandomState(0))
    assert (np.bincount(number) == 100).all()
    assert 15 <= np.bincount(number[:300]).min() <= np.bincount(number[:300]).max() <= 45


@pytest.mark.parametrize("columns", [1, 2])
def test_held_out_rows_are_a_fair_draw_of_few_different_ones(columns):
    rows = np.random.default_rng(0).poisson(2.0, size=(2000, columns)).astype(float)
    means = [
        (rows[choose(rows, 0.1, seed)].mean(), rows[fold_numbers(rows, 10, rng) == 0].mean())
        for seed in range(40)
        for rng in [np.random.RandomState(seed)]
    ]
    # The standard error of a mean of 200 rows is .1; of 40 such draws it is .016.
    np.testing.assert_allclose(np.mean(means, axis=0), rows.mean(), atol=0.05)


def test_few_different_rows_are_in_folds_all_the_same():
    number = fold_numbers(np.repeat([[0.0], [1.0]], 100, axis=0), 10, np.random.RandomState(0))
    assert (np.bincount(number) == 20).all()
