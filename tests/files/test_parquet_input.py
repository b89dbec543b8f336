"""Reading Parquet: types kept, and clear words where a file cannot be read."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fluvial.errors import DataError
from fluvial.files.parquet_input import read_parquet


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "year=2020" / "t.parquet"  # a name that a reader of data sets would parse
    path.parent.mkdir()
    pq.write_table(pa.table({"a": [1, 2], "a.b": [0.5, 1.5], "c": ["x", "y"]}), path)
    return path


def test_columns_are_those_of_the_file_and_no_others(file):
    assert read_parquet(file).to_pydict() == {"a": [1, 2], "a.b": [0.5, 1.5], "c": ["x", "y"]}


def test_some_columns_can_be_read_alone(file):
    assert "c" not in read_parquet(file, columns=["a.b"]).column_names


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"", "empty"),
        (lambda data: b"a,b\n1,2\n", "not a Parquet file"),
        (lambda data: data[:-20], "truncated"),
        (lambda data: b"PAR1", "truncated"),
        (lambda data: data[:-40] + b"\xff" * 30 + data[-10:], "damaged"),
    ],
)
def test_a_damaged_file_is_refused_in_plain_words(file, damage, message):
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(DataError, match=message):
        read_parquet(file)


def test_two_columns_of_one_name_are_refused(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    with pytest.raises(DataError, match="both named 'a'"):
        read_parquet(path)
