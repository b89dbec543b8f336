"""Weights of rows: their copies, their folds, and scales of weighted columns."""

import numpy as np
import pytest

from fluvial.densities import Hyperparameters
from fluvial.densities.folds import folds_of
from fluvial.densities.identity import identity
from fluvial.densities.table_density import HeldOut
from fluvial.densities.weighting import WeightedRows, as_equal
from fluvial.errors import DataError
from fluvial.tables import Schema, TableScaler
from fluvial.tables.schema import read_table

RNG = np.random.default_rng(0)
UNEVEN = RNG.lognormal(size=500)


def test_no_weights_are_the_table_itself():
    table = RNG.normal(size=(6, 2))
    rows = WeightedRows.of(None, 6)
    assert rows.take(table) is table
    assert rows.weights is None


@pytest.mark.parametrize("scale", [1, 0.1, 1e6])
def test_few_whole_weights_are_copies(scale):
    rows = WeightedRows.of(scale * np.array([2.0, 0, 1, 3]), 4)
    np.testing.assert_array_equal(rows.places, [0, 0, 2, 3, 3, 3])
    assert rows.weights is None


@pytest.mark.parametrize("weights", [UNEVEN, RNG.integers(0, 900, 500), RNG.integers(1, 9, 5000)])
def test_heavy_rows_become_several_of_like_weight(weights):
    rows = WeightedRows.of(weights, len(weights))
    assert rows.weights is not None
    total = np.bincount(rows.places, rows.weights, minlength=len(weights))
    np.testing.assert_allclose(total / total.sum(), weights / weights.sum())
    assert rows.weights.mean() == pytest.approx(1)
    assert len(rows.places) <= max(2 * len(weights), 1000 + len(weights))
    assert rows.weights.max() < 3


def test_one_row_is_too_few():
    with pytest.raises(DataError, match="all of the 3 rows but one"):
        WeightedRows.of([0, 1, 0], 3)


def test_equal_rows_have_an_order_of_their_own():
    table = RNG.normal(size=(50, 2))
    table[-7:] = -0.0
    table[-9:-7] = 0.0
    shuffled = table[RNG.permutation(50)]
    one, other = (
        WeightedRows.of(None, 50).settled(each)[1] for each in (np.abs(table), np.abs(shuffled))
    )
    np.testing.assert_array_equal(one, other)
    unlike = RNG.normal(size=(50, 2))
    assert WeightedRows.of(None, 50).settled(unlike)[1] is unlike


def test_rows_of_equal_weight_make_the_same_table():
    share = UNEVEN / UNEVEN.sum()
    for n_columns, worst in ((3, 1 / 16), (0, 1)):
        counts = np.bincount(
            np.arange(500)[as_equal(UNEVEN / UNEVEN.mean(), n_columns)], minlength=500
        )
        assert np.abs(counts / counts.sum() - share).max() <= worst / 500 + 1e-12


@pytest.mark.parametrize("flow", ["auto", "maf"])
def test_a_heavy_row_lands_where_its_copies_do(flow):
    table, weights = RNG.normal(size=(200, 2)), RNG.integers(1, 4, 200)
    given = Hyperparameters(flow=flow)
    repeated = np.repeat(np.arange(200), weights)
    of_copies = folds_of(given, table[repeated], np.random.RandomState(0))
    of_weights = folds_of(given, table, np.random.RandomState(0), weights / weights.mean())
    assert len(of_copies) == len(of_weights)
    for copies, weighted in zip(of_copies, of_weights, strict=True):
        held_out = np.isin(np.arange(200), repeated[copies.held_out])
        # A row at the rim of a fold may fall to the next one.
        assert (held_out != np.isin(np.arange(200), weighted.held_out)).sum() <= 4
        sums = weights[weighted.held_out].sum(), len(copies.held_out)
        assert sums[0] == pytest.approx(sums[1], abs=4)


def test_scales_are_those_of_repeated_rows():
    table, weights = RNG.standard_t(3, size=(150, 3)), RNG.integers(0, 4, 150)
    rows = WeightedRows.of(weights, 150)
    scaler = TableScaler.fit(rows.take(table))
    repeated = TableScaler.fit(np.repeat(table, weights, axis=0))
    np.testing.assert_allclose(scaler.centre, repeated.centre, rtol=1e-12)
    np.testing.assert_allclose(scaler.scale, repeated.scale, rtol=1e-12)


def test_scales_of_uneven_weights_are_those_of_many_copies():
    weights = UNEVEN / UNEVEN.mean()
    # Centres that weights move for sure.
    table = np.random.default_rng(1).normal(size=(500, 2)) + weights[:, None]
    many = TableScaler.fit(np.repeat(table, np.rint(1000 * weights).astype(int), axis=0))
    scaler = TableScaler.fit(table, training=np.arange(500)[as_equal(weights, 2)])
    np.testing.assert_allclose(scaler.centre, many.centre, atol=0.02)
    np.testing.assert_allclose(scaler.scale, many.scale, rtol=0.02)
    assert np.abs(scaler.centre - TableScaler.fit(table).centre).max() > 0.04


def test_copies_of_a_held_out_row_are_one_row():
    found = HeldOut.of(np.array([4, 1, 4]), np.array([1.0, 2.0, 4.0]), np.array([1.0, 1.0, 2.0]))
    assert found.weights is not None
    np.testing.assert_array_equal(found.indices, [1, 4])
    np.testing.assert_array_equal(found.weights, [1.0, 3.0])
    np.testing.assert_allclose(found.log_prob, [2.0, 3.0])
    assert found.score == pytest.approx((2 + 1 + 2 * 4) / 4)


def test_weights_belong_to_the_identity_of_a_fit():
    schema = Schema(("a", "b"), ("float64", "float64"), True)
    table, given = RNG.normal(size=(5, 2)), Hyperparameters()
    weights = [None, np.ones(5), np.array([1.0, 1, 1, 1, 2])]
    found = [identity(table, each, schema, given, 0) for each in weights]
    assert len({each["weights"] for each in found}) == 3
    assert len({each["values"] for each in found}) == 1


def test_rows_of_no_weight_may_hold_anything_but_text():
    table = np.array([[1.0, 2.0], [np.nan, np.inf], [3.0, 4.0], [np.nan, 5.0]])
    matrix, _ = read_table(table, sample_weight=[1, 0, 2, 0])
    np.testing.assert_array_equal(matrix[[0, 2]], table[[0, 2]])
    with pytest.raises(DataError, match=r"1 missing value .*in row 3"):
        read_table(table, sample_weight=[1, 0, 2, 1])
