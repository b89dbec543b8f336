"""Work grows in proportion to the number of columns, not with its square: it is counted."""

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.counting import FEW, MANY, CountedName, n_calls

from fluvial.tables import Schema, read_table

FRAMES = {
    "pandas": lambda values, names: pd.DataFrame(values, columns=names),
    "polars": lambda values, names: pl.DataFrame(values, schema=names),
    "pyarrow": lambda values, names: pa.table(list(values.T), names=names),
    "objects": lambda values, names: values.astype(object),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_reading_and_aligning_take_calls_in_proportion_to_the_columns(kind):
    counts = []
    for width in (FEW, MANY):
        names = [f"c{i}" for i in range(width)]
        table = FRAMES[kind](np.arange(2.0 * width).reshape(2, width), names)
        schema = read_table(table)[1]  # caches are filled
        counts.append((n_calls(read_table, table), n_calls(schema.align, table)))
    growth = np.divide(counts[1], counts[0])
    assert (growth < 1.5 * MANY / FEW).all(), counts


def test_names_are_looked_up_and_not_searched():
    names = tuple(CountedName(f"c{i}") for i in range(MANY))
    schema = Schema(names, ("float64",) * MANY, True)
    again = [CountedName(name) for name in reversed(names)]
    CountedName.n_comparisons = 0
    assert schema._order(again, "Me") == list(range(MANY))[::-1]
    assert CountedName.n_comparisons < 10 * MANY


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_columns_of_a_frame_are_not_looked_up_one_by_one(monkeypatch, kind):
    # Each look-up takes compiled work in proportion to the columns, which no count of calls shows.
    def never(*args, **kwargs):
        raise AssertionError("a column was looked up")

    for name in ("__getitem__", "get_column"):
        monkeypatch.setattr(nw.DataFrame, name, never)
    table = FRAMES[kind](np.arange(6.0).reshape(2, 3), ["a", "b", "c"])
    matrix, schema = read_table(table)
    np.testing.assert_array_equal(schema.align(table), matrix)
