"""The parts of the relative score by themselves."""

import numpy as np
import pytest

from fluvial.anomaly.relative.bandwidths import column_bandwidths, one_bandwidth
from fluvial.anomaly.relative.categories import Categories
from fluvial.anomaly.relative.frequencies import Frequencies
from fluvial.anomaly.relative.ranks import JUMP, RankColumn
from fluvial.anomaly.relative.surprise import MOST_POINTS, Surprise
from fluvial.anomaly.relative.tree import PairTree


def test_rare_values_are_strange_by_the_log_of_their_frequency():
    rows = np.repeat([[0.0, 7.0], [1.0, 7.5]], [990, 10], axis=0)
    frequencies = Frequencies.fit(rows)
    assert frequencies is not None
    found = frequencies.strangeness(np.array([[1.0, 7.5], [1.0, 7.0]]), np.zeros(2, bool))
    np.testing.assert_allclose(found, -np.log([0.01**2, 0.01 * 0.99]), rtol=0.02)
    known = frequencies.strangeness(rows[-1:], np.ones(1, bool))
    fewer = Frequencies.fit(rows[:-1])
    assert fewer is not None
    np.testing.assert_allclose(known, fewer.strangeness(rows[-1:], np.zeros(1, bool)))


def test_columns_of_many_values_have_no_frequencies():
    assert Frequencies.fit(np.random.default_rng(0).normal(size=(100, 2))) is None


def test_the_tree_joins_the_columns_that_depend_on_each_other():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 2000))
    tree = PairTree.fit(np.column_stack([a, b, a + 0.1 * rng.normal(size=2000), rng.random(2000)]))
    assert tree is not None
    assert sorted(tree.edges[0].tolist()) == [0, 2]
    broken = tree.strangeness(
        np.array([[2.0, 0, -2.0, 0.5], [2.0, 0, 2.0, 0.5]]), np.zeros(2, bool)
    )
    assert broken[0] > broken[1] + 3


def test_a_pair_is_strange_by_what_its_parts_do_not_tell():
    # Two coins that always agree: p(x2 | x1) / p(x2) is 2, or next to nothing.
    coins = np.repeat([0.0, 1.0], 5000)
    tree = PairTree.fit(np.column_stack([coins, coins]))
    assert tree is not None
    found = tree.strangeness(np.array([[1.0, 1.0], [0.0, 1.0]]), np.zeros(2, bool))
    np.testing.assert_allclose(found, [-np.log(2), np.log(2501)], rtol=0.01)


def test_a_row_of_the_tree_is_left_out():
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 3, size=(200, 1)) + rng.integers(0, 2, size=(200, 2)).astype(float)
    tree, fewer = PairTree.fit(rows), PairTree.fit(rows[1:])
    assert tree is not None
    assert fewer is not None
    np.testing.assert_allclose(
        tree.strangeness(rows[:1], np.ones(1, bool)), fewer.strangeness(rows[:1], np.zeros(1, bool))
    )


def test_independent_columns_make_no_tree():
    grid = np.stack(np.meshgrid(np.arange(9.0), np.arange(9.0)), axis=-1).reshape(-1, 2)
    assert PairTree.fit(grid) is None
    assert PairTree.fit(grid[:, :1]) is None


def test_the_image_of_an_extreme_row_is_as_if_it_had_been_left_out():
    column = np.arange(100.0)
    whole, fewer = RankColumn.fit(column), RankColumn.fit(column[:-1])
    known = whole.apply(np.array([99.0]), np.array([True]))
    np.testing.assert_allclose(known, fewer.apply(np.array([99.0]), np.array([False])), atol=0.1)
    new = whole.apply(np.array([99.0]), np.array([False]))
    assert known > new + JUMP / 2


def test_images_rise_with_the_values():
    column = RankColumn.fit(np.random.default_rng(0).standard_cauchy(size=3000))
    values = np.concatenate([-np.geomspace(1e300, 1, 50), np.geomspace(1, 1e300, 50)])
    images = column.apply(values, np.zeros(100, bool))
    assert np.isfinite(images).all()
    assert (np.diff(images) >= 0).all()
    assert images[-1] > images[-2] > images[75]


def test_categories_are_values_where_these_are_few():
    rows = np.column_stack([np.tile([1.0, 2.0], 50), np.arange(100.0)])
    categories = Categories.fit(rows, most=4)
    assert categories.by_value.tolist() == [True, False]
    counts = np.bincount(categories.codes(rows)[:, 1])
    assert counts.tolist() == [25, 25, 25, 25]
    assert categories.codes(np.array([[1.5, -9.0], [2.0, 1e9]])).tolist() == [[2, 0], [1, 3]]


def test_surprise_is_minus_the_log_of_p_and_goes_on_beyond():
    strangeness = np.random.default_rng(0).exponential(size=20_000)
    surprise = Surprise.of(strangeness)
    assert len(surprise.strangeness) <= 1.2 * MOST_POINTS
    at = np.array([0.5, 2.0, 6.0, 30.0, 300.0])
    np.testing.assert_allclose(surprise(at), at, rtol=0.1)
    assert (np.diff(surprise(np.linspace(0, 500, 999))) >= 0).all()


def test_ties_are_one_surprise():
    surprise = Surprise.of(np.repeat([1.0, 2.0], [90, 10]))
    np.testing.assert_allclose(surprise(np.array([2.0])), -np.log(5.5 / 101))


@pytest.mark.parametrize("n", [300, 3000])
def test_held_out_bandwidths_are_near_the_best_ones(n):
    # Of a normal density in one column the best is 1.06 n^(-1/5) in squared error.
    rows = np.random.default_rng(0).normal(size=(n, 1)).astype(np.float32)
    own = np.arange(min(n, 1000))
    best = 1.06 * n**-0.2
    assert best / 2 < one_bandwidth(rows, rows[own], own) < 2 * best
    assert best / 2 < column_bandwidths(rows, rows[own], own)[0] < 2 * best
