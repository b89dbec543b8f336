"""Names and values of tables other than frames and arrays, and columns of categories."""

import datetime
from collections import namedtuple
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.tables.test_schema import GOOD, MATRIX

from fluvial.errors import DataError
from fluvial.tables import read_table

ROWS = [
    {"a": 1, "b": True, "c": 0.5},
    {"c": -1.0, "b": False, "a": 2},
    {"a": 3, "b": 1, "c": 1e300},
]
Row = namedtuple("Row", GOOD)
KINDS = [("a", int), ("b", bool), ("c", float)]
STRUCTURED = np.array(list(zip(*GOOD.values(), strict=True)), KINDS)
MASK: Any = [(0, 0, 0), (0, 0, 1), (0, 0, 0)]


class Stream:
    def __arrow_c_stream__(self, requested_schema=None):
        return pa.table(GOOD).__arrow_c_stream__(requested_schema)


NAMED = {
    "record batch": pa.table(GOOD).to_batches()[0],
    "stream": Stream(),
    "dictionary": GOOD,
    "mapping": MappingProxyType({name: np.array(values) for name, values in GOOD.items()}),
    "dictionaries": ROWS,
    "named tuples": [Row(*row) for row in zip(*GOOD.values(), strict=True)],
    "structured": STRUCTURED,
    "record array": STRUCTURED.view(np.recarray),
}


@pytest.mark.parametrize("table", NAMED.values(), ids=NAMED)
def test_other_tables_keep_their_names(table):
    matrix, schema = read_table(table)
    np.testing.assert_array_equal(matrix, MATRIX)
    assert (schema.names, schema.named) == (("a", "b", "c"), True)
    turned = read_table(pa.table({name: GOOD[name] for name in "cab"}))[1]
    np.testing.assert_array_equal(turned.align(table), MATRIX[:, [2, 0, 1]])
    with pytest.raises(DataError, match="missing: 'z'"):
        read_table(pa.table({"z": [1]}))[1].align(table)


class Labelled:
    """As xarray has it: an array whose columns have labels."""

    dims, coords = ("row", "column"), {"column": ["a", "b"]}

    def __array__(self, dtype=None, copy=None):
        return np.zeros((2, 2))


class OtherFrame(Labelled):
    dims, coords, columns = (), {}, ["a", "b"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pa.table(GOOD).to_reader(), "RecordBatchReader is lazy; collect it"),
        ({"a": [1.0, 2.0], "b": [1.0]}, "'a' has 2 rows and column 'b' has 1"),
        ({"a": 1.0}, r"column 'a' has the shape \(\)"),
        ({"a": [1.0], 2: [1.0]}, "the column name 2 is no string"),
        ({"a": ["x"]}, "'a' holds text"),
        ({}, r"0 feature\(s\)"),
        ({"a": []}, r"0 sample\(s\)"),
        ([{"a": 1.0}, {"b": 1.0}], r"row 1 \(counted from 0\) has other names than row 0, 'a'"),
        (pa.RecordBatch.from_arrays([pa.array([1.0])] * 2, names=["a", "a"]), "two columns"),
        (np.ma.array(STRUCTURED, mask=MASK), "'c' holds 1 missing"),
        (Labelled(), "the columns of Labelled have names, which are not read"),
        (OtherFrame(), "the columns of OtherFrame have names, which are not read"),
    ],
)
def test_names_are_never_lost_in_silence(table, message):
    with pytest.raises(DataError, match=message):
        read_table(table)


def arrow_categories(values):
    return pa.table({"a": pa.array(values).dictionary_encode()})


def pandas_categories(values):
    return pd.DataFrame({"a": pd.Categorical(values)})


def arrow_categories_in_pandas(values):
    return arrow_categories(values).to_pandas(types_mapper=pd.ArrowDtype)


CATEGORIES = [arrow_categories, pandas_categories, arrow_categories_in_pandas]


@pytest.mark.parametrize("table", CATEGORIES)
@pytest.mark.parametrize(
    ("values", "kind"),
    [([3, 1, 3], "int64"), ([2.5, 0.5, 2.5], "float64"), ([True, False, True], "boolean")],
)
def test_categories_of_numbers_are_numbers(table, values, kind):
    matrix, schema = read_table(table(values))
    np.testing.assert_array_equal(matrix[:, 0], values)
    assert schema.types == (kind,)


@pytest.mark.parametrize("table", CATEGORIES)
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["x", "y"], "'a' holds text; leave it out, or encode it as numbers first"),
        (["1", "2"], "'a' holds text; leave it out, or encode it as numbers first"),
        ([1, None, 2], "'a' holds 1 missing value .* in row 1 "),
        ([True, None, False], "'a' holds 1 missing value .* in row 1 "),
        ([datetime.date(2020, 1, 1)], "'a' holds dates or times"),
    ],
)
def test_other_categories_are_refused_as_their_values_are(table, values, message):
    with pytest.raises(DataError, match=message):
        read_table(table(values))
