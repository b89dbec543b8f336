import datetime
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse

from fluvial.errors import DataError, DataWarning
from fluvial.tables import Schema, read_table

FRAMES = [pd.DataFrame, pl.DataFrame, pa.table]
GOOD = {"a": [1, 2, 3], "b": [True, False, True], "c": [0.5, -1.0, 1e300]}
MATRIX = np.array([[1.0, 1.0, 0.5], [2.0, 0.0, -1.0], [3.0, 1.0, 1e300]])


@pytest.fixture(params=FRAMES, ids=["pandas", "polars", "pyarrow"])
def frame(request):
    return request.param


def test_a_frame_becomes_floats_with_names_and_types(frame):
    matrix, schema = read_table(frame(GOOD))
    assert matrix.dtype == np.float64
    np.testing.assert_array_equal(matrix, MATRIX)
    assert schema == Schema(("a", "b", "c"), ("int64", "boolean", "float64"), True)
    assert Schema.from_json(schema.to_json()) == schema


@pytest.mark.parametrize(
    "table",
    [
        MATRIX,
        MATRIX.tolist(),
        np.asfortranarray(MATRIX),
        MATRIX.astype(object),
        pd.DataFrame(MATRIX),
        pd.DataFrame(GOOD).convert_dtypes(),
        pd.DataFrame(GOOD).convert_dtypes(dtype_backend="pyarrow"),
        pl.DataFrame(GOOD).cast({"a": pl.Decimal(10, 2)}),
        pl.DataFrame(GOOD).cast({"a": pl.Int128}),
        pd.DataFrame({**GOOD, "a": [Decimal(1), np.int8(2), np.float32(3)]}),
    ],
    ids=lambda table: type(table).__module__.split(".")[0],
)
def test_other_forms_of_the_same_numbers(table):
    np.testing.assert_array_equal(read_table(table)[0], MATRIX)


def test_names_that_are_no_strings_are_ignored():
    schema = read_table(pd.DataFrame([[1, 2.5]]))[1]
    assert not schema.named
    assert schema.names == ("x0", "x1")
    assert schema.label(1) == "column 1"
    with pytest.raises(DataError, match="some column names are strings"):
        read_table(pd.DataFrame({"a": [1.0], 1: [2.0]}))


def test_order_is_put_right_by_name(frame):
    schema = read_table(frame(GOOD))[1]
    shuffled = {name: GOOD[name] for name in ("c", "a", "b")}
    np.testing.assert_array_equal(schema.align(frame(shuffled)), MATRIX)


def test_missing_and_unknown_columns_are_named(frame):
    schema = read_table(frame(GOOD))[1]
    with pytest.raises(DataError, match=r"fitted with are missing: 'b', 'c'"):
        schema.align(frame({"a": [1.0]}))
    with pytest.raises(DataError, match=r"not fitted with: 'd'; drop"):
        schema.align(frame({**GOOD, "d": [0, 0, 0]}))
    many = read_table(np.zeros((1, 9)))[1]
    named = Schema(many.names, many.types, True)
    with pytest.raises(DataError, match="'x5' and 3 more"):
        named.align(frame({"x0": [1.0]}))


def test_arrays_for_names_and_names_for_arrays(frame):
    named, unnamed = read_table(frame(GOOD))[1], read_table(MATRIX)[1]
    with pytest.warns(DataWarning, match="does not have valid feature names, but Me was"):
        np.testing.assert_array_equal(named.align(MATRIX, owner="Me"), MATRIX)
    with pytest.warns(DataWarning, match="X has feature names, but Me was fitted without"):
        np.testing.assert_array_equal(unnamed.align(frame(GOOD), owner="Me"), MATRIX)
    with pytest.raises(DataError, match="X has 2 features, but Me is expecting 3 features"):
        unnamed.align(MATRIX[:, :2], owner="Me")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, None, None], r"'b' holds 2 missing values \(NaN or null\), the first in row 1 "),
        ([True, None, False], r"'b' holds 1 missing value \(NaN or null\), the first in row 1 "),
        ([0.0, 1.0, -np.inf], r"'b' holds 1 infinite value \(inf\), the first in row 2 "),
        (["x", "y", "z"], "'b' holds text.*encode"),
        ([datetime.date(2020, 1, 1)] * 3, "'b' holds dates"),
        ([datetime.datetime(2020, 1, 1)] * 3, "'b' holds dates"),
        ([datetime.timedelta(1)] * 3, "'b' holds dates"),
        ([[1], [2], [3]], "'b' (holds|is of type)"),
    ],
)
def test_unusable_columns_are_named(frame, values, message):
    with pytest.raises(DataError, match=message):
        read_table(frame({"a": [1.0, 2.0, 3.0], "b": values}))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[1.0, np.nan], [np.nan, 2.0]], r"column 0 .* row 1 .*; 1 more column with such"),
        (np.ma.masked_array([[1, 2]], [[False, True]]), "column 1 holds 1 missing value"),
        ([["1", "2"]], "column 0 holds text"),
        (np.array([[1, "2"]], object), r"column 1 holds text \('2' in row 0"),
        (np.array([[1, None]], object), "column 1 holds 1 missing value"),
        (np.array([[1, pd.NaT]], object), "column 1 holds 1 missing value"),
        (np.array([[1, 10**400]], object), "column 1 holds 1 infinite value"),
        (np.array([[1, 1j]], object), r"column 1 is complex \(1j in row 0"),
        (np.array([[1, np.datetime64("2020")]], object), "column 1 holds dates"),
        (np.array([["2020"]], "datetime64[D]"), "column 0 holds dates"),
        ([[1j]], "Complex data not supported"),
        (pd.DataFrame({"a": [1j]}), "'a' is complex"),
        (pl.DataFrame({"a": [1.0]}).lazy(), "LazyFrame is lazy; collect it"),
        (pd.DataFrame({"a": pd.Categorical(["x"])}), "'a' holds text"),
        (
            pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"]),
            "two columns are called 'a'.* 0 and 2",
        ),
        (
            pa.Table.from_arrays([pa.array([1.0])] * 2, names=["a", "a"]),
            "two columns are called 'a'.* 0 and 1",
        ),
        ([1.0, 2.0], "Expected 2D array, got 1D"),
        (np.zeros((0, 2)), r"0 sample\(s\)"),
        (np.zeros((2, 0)), r"0 feature\(s\) \(shape=\(2, 0\)\)"),
        (pl.DataFrame(), r"0 feature\(s\)"),
        (pl.DataFrame({"a": []}, schema={"a": pl.Float64}), r"0 sample\(s\)"),
    ],
)
def test_unusable_tables_say_why(table, message):
    with pytest.raises(DataError, match=message):
        read_table(table)


def test_what_is_no_number_is_a_type_error_too():
    with pytest.raises(TypeError, match=r"column 1 holds \{\} in row 0 .* real number"):
        read_table(np.array([[1, {}]], object))
    with pytest.raises(TypeError, match="Sparse data"):
        read_table(scipy.sparse.eye_array(3))


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, -(2**63)])
def test_integers_beyond_float64_are_warned_of(frame, value):
    with pytest.warns(DataWarning, match=r"beyond 2\^53 in column 'a'"):
        matrix, schema = read_table(frame({"a": [value, 0], "b": [1, 2**53]}))
    assert matrix[0, 0] == float(value)
    with pytest.warns(DataWarning, match=r"beyond 2\^53"):
        schema.align(frame({"a": [value], "b": [1]}))


def test_input_is_not_modified():
    array, table = MATRIX.copy(), pd.DataFrame(GOOD)
    array.flags.writeable = False
    read_table(array)
    before = table.copy(deep=True)
    read_table(table)
    pd.testing.assert_frame_equal(table, before)


def test_warnings_point_at_the_line_of_the_user():
    with pytest.warns(DataWarning, match="beyond") as caught:
        read_table(np.array([[2**60]]))
    assert caught[0].filename == __file__


def test_the_index_of_a_pandas_frame_in_arrow_is_left_out_with_a_warning():
    frame = pd.DataFrame(GOOD, index=[5, 6, 9])
    table = pa.Table.from_pandas(frame)
    with pytest.warns(DataWarning, match="index .* is left out: '__index_level_0__'"):
        matrix, schema = read_table(table)
    np.testing.assert_array_equal(matrix, MATRIX)
    assert schema.names == ("a", "b", "c")
    with pytest.warns(DataWarning, match="is left out"):
        np.testing.assert_array_equal(schema.align(table), MATRIX)
    with pytest.warns(DataWarning, match="is left out: 'c'"):
        assert read_table(pa.Table.from_pandas(frame.set_index("c")))[1].names == ("a", "b")


def test_an_index_that_a_model_was_fitted_with_stays():
    table = pa.Table.from_pandas(pd.DataFrame(GOOD, index=[5, 6, 9]))
    schema = read_table(table.replace_schema_metadata())[1]
    assert schema.align(table).shape == (3, 4)


def test_a_name_that_pandas_gives_an_index_is_warned_of(frame):
    with pytest.warns(DataWarning, match="'Unnamed: 0' may be the index"):
        assert read_table(frame({"Unnamed: 0": [0, 1, 2], **GOOD}))[1].n_columns == 4


def test_each_column_of_large_integers_is_warned_of_in_words_of_its_own():
    large = [2**53 + 1, 2**60]
    told = []
    for names in ("a", "ab", "abcdefg"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            read_table({name: np.array(large) for name in names})
        told.append([str(warning.message) for warning in caught])
    # So a reader of pieces, in which more columns turn up, repeats no column.
    first, second, many = told
    assert [len(first), len(second), len(many)] == [1, 2, 6]
    assert first == second[:1]
    assert second == many[:2]
    assert "further columns" in many[-1]


def test_messages_shorten_long_names_and_show_empty_ones():
    long = "start" + 400 * "x" + "end"
    rows = {"a": [1.0, 2.0, 4.0], "": [1.0, 1.0, 1.0], long: [7.0, 7.0, 7.0]}
    schema = read_table(rows)[1]
    assert schema.label(1) == "column ''"
    assert len(schema.label(2)) < 80
    assert schema.label(2).startswith("column 'startxxx")
    assert schema.label(2).endswith("xxxend'")
    with pytest.raises(DataError, match=r"missing: 'a', '', 'startx+\.\.\.x+end';"):
        schema.align({"b": [1.0]})
