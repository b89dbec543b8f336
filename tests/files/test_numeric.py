"""From cells to numbers: what is taken, and what is refused in which words."""

import datetime
import decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fluvial.errors import DataError, DataWarning
from fluvial.files.numeric import numeric_columns
from fluvial.files.row_range import RowRange
from fluvial.files.table_file import read_table_file
from fluvial.files.type_guess import guess_types


@pytest.fixture
def column(tmp_path):
    """Write one column `x`, as CSV cells or as a Parquet array, and read it as a file."""

    def write_and_read(values, rows=None):
        if isinstance(values, pa.Array):
            path = tmp_path / "t.parquet"
            pq.write_table(pa.table({"x": values}), path)
        else:
            path = tmp_path / "t.csv"
            path.write_text("x,y\n" + "".join(f"{value},0\n" for value in values))
        return read_table_file(path, rows=rows)

    return write_and_read


def numbers(table):
    return numeric_columns(table, ["x"], advice="see {name}").column("x")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", " 2 ", "-3"], [1, 2, -3]),
        (["007", "8"], [7, 8]),
        (["1.5", ".5", "+1e-3", "2."], [1.5, 0.5, 1e-3, 2.0]),
        (["1e300", "1e-300", "5e-324"], [1e300, 1e-300, 5e-324]),
        (["0.1", "0.30000000000000004"], [0.1, 0.1 + 0.2]),
        (["true", "False", "TRUE"], [True, False, True]),
    ],
)
def test_cells_become_numbers(column, cells, expected):
    assert numbers(column(cells)).to_pylist() == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([1, 2], pa.uint8()), [1, 2]),
        (pa.array([True, False]), [True, False]),
        (pa.array([decimal.Decimal("1.50"), decimal.Decimal("2.25")]), [1.5, 2.25]),
        (pa.array([1.5, 2.5, 1.5]).dictionary_encode(), [1.5, 2.5, 1.5]),
        (pa.array([0.5], pa.float32()), [0.5]),
    ],
)
def test_typed_columns_become_numbers(column, values, expected):
    assert numbers(column(values)).to_pylist() == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["1", "2", "red"], r"'x' holds text in 1 of 3 rows, the first in data row 2 \('red'\)"),
        (["1", "12:30", "4,5"], "'x' holds text in 2 of 3 rows"),
        (["2020-01-01", "2020-01-02"], "'x' holds dates in 2 of 2 rows, the first in data row 0"),
        (["01/02/2020 10:00"], "'x' holds dates"),
        (["1", "", "NaN", "NA"], "'x' holds missing values in 3 of 4 rows, .* data row 1"),
        (["", ""], "'x' holds missing values in 2 of 2"),
        (["1.5", "inf", "-Infinity"], "'x' holds infinite values in 2 of 3 rows, .* data row 1"),
        (["1", "2", "1e400"], "'x' holds infinite values in 1 of 3 rows, .* data row 2"),
        (pa.array([1.5, None, float("nan")]), "missing values in 2 of 3 rows, .* data row 1"),
        (pa.array([1, None]), "missing values in 1 of 2 rows, .* data row 1"),
        (pa.array([None, None]), "missing values in 2 of 2"),
        (pa.array([1.0, float("inf")]), "infinite values in 1 of 2 rows, .* data row 1"),
        (pa.array(["a", "b"]), r"text in 2 of 2 rows, the first in data row 0 \('a'\)"),
        (pa.array(["a", "b"]).dictionary_encode(), "holds text"),
        (pa.array([datetime.date(2020, 1, 1)]), "holds dates or times"),
        (pa.array([datetime.timedelta(1)]), "holds dates or times"),
        (pa.array([[1.0], [2.0]]), "holds values of type list"),
    ],
)
def test_what_is_no_number_is_refused_with_place_and_advice(column, values, message):
    if not isinstance(values, pa.Array):
        values = [f'"{value}"' for value in values]
    with pytest.raises(DataError, match=message) as caught:
        numbers(column(values))
    assert "see x" in str(caught.value)


def test_rows_are_counted_in_the_file_whatever_rows_selects(column):
    table = column([*map(str, range(9)), "", "10"], RowRange(4, None))
    with pytest.raises(DataError, match="1 of 7 rows, the first in data row 9"):
        numbers(table)


def test_rows_outside_the_selection_do_not_count(column):
    table = column(["1", "2", "red"], RowRange(0, 2))
    assert numbers(table).to_pylist() == [1, 2]


def test_other_columns_like_it_are_counted(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b,c\n1,,\n2,3,\n")
    with pytest.raises(DataError, match=r"column 'b' .* \(and 1 more column like it\)"):
        numeric_columns(read_table_file(path), ["a", "b", "c"], advice="")


def test_integers_too_long_for_any_integer_type_are_warned_of(column):
    with pytest.warns(DataWarning, match=r"2\^53 in column 'x'"):
        assert numbers(column(["1", "9" * 25])).to_pylist() == [1.0, 1e25]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "22"], [1, 22]),
        (["1", ""], [1, None]),
        (["1.5", "1e-3"], [1.5, 1e-3]),
        (["true", "False"], [True, False]),
        (["007", "010"], ["007", "010"]),
        (["1.5", "00.5"], ["1.5", "00.5"]),
        (["1", "9" * 25], ["1", "9" * 25]),
        (["1.5", "NA"], ["1.5", "NA"]),
        (["2020-01-01", ""], ["2020-01-01", ""]),
        (["", ""], ["", ""]),
    ],
)
def test_types_are_given_only_where_no_text_is_lost(column, cells, expected):
    assert guess_types(column(cells)).column("x").to_pylist() == expected
