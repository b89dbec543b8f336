"""Where tables are read from: compressed files, folders, standard input."""

import gzip
import io
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from fluvial.errors import DataError
from fluvial.files.formats import file_format, input_format, without_format
from fluvial.files.table_file import open_table, read_table_file

CONTENT = "a,b\n1,x\n2,y\n"
CELLS = {"a": ["1", "2"], "b": ["x", "y"]}


def cells(path, **marks):
    return open_table(path, **marks).read().columns.to_pydict()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", CONTENT.encode()),
        ("t.tsv", CONTENT.replace(",", "\t").encode()),
        ("t.csv.gz", gzip.compress(CONTENT.encode())),
        ("T.CSV.GZ", gzip.compress(CONTENT[:5].encode()) + gzip.compress(CONTENT[5:].encode())),
        ("t.tsv.gz", gzip.compress(CONTENT.replace(",", "\t").encode())),
    ],
    ids=["csv", "tsv", "gzip", "gzip in two members", "tsv in gzip"],
)
def test_text_is_read_by_its_extension(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert cells(tmp_path / name) == CELLS


@pytest.mark.parametrize("keep", [15, 30, -4])
def test_a_truncated_gzip_file_is_refused(tmp_path, keep):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(CONTENT.encode() * 1)[:keep])
    with pytest.raises(DataError, match="not a whole file compressed with gzip"):
        cells(path)


def test_what_is_not_compressed_is_no_gz(tmp_path):
    (tmp_path / "t.csv.gz").write_text(CONTENT)
    with pytest.raises(DataError, match="compressed with gzip"):
        cells(tmp_path / "t.csv.gz")


def test_standard_input_is_csv_that_can_be_read_twice(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CONTENT.encode())))
    source = open_table(Path("-"))
    assert source.name == "standard input"
    for _ in range(2):
        assert source.read().columns.to_pydict() == CELLS


def test_formats_are_told_by_the_extension(tmp_path):
    (tmp_path / "data").mkdir()
    with pytest.raises(DataError, match="no extension"):
        input_format(tmp_path / "data")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "data" / "part.parquet")
    assert input_format(tmp_path / "data") == ".parquet"
    for name in ("t.csv.zip", "t.gz", ".csv", "csv"):
        with pytest.raises(DataError, match=r"must end in \.csv or \.parquet"):
            file_format(Path(name), role="a table")
    names = {"a/t.csv.gz": "t", "t.x.tsv": "t.x", "t.parquet": "t", "data": "data"}
    assert {name: without_format(Path(name)).name for name in names} == names


@pytest.fixture
def folder(tmp_path):
    """A data set of two years as other programs write it."""
    table = pa.table({"a": [1.5, 2.5, 3.5], "n": [1, 2, 3], "year": [2020, 2021, 2020]})
    ds.write_dataset(
        table,
        tmp_path / "data",
        format="parquet",
        partitioning=["year"],
        partitioning_flavor="hive",
    )
    return tmp_path / "data"


def test_a_folder_of_parquet_files_is_one_table(folder):
    (folder / "_SUCCESS").write_text("")
    (folder / ".hidden.parquet").write_text("")
    source = open_table(folder)
    assert source.header.names == ["a", "n", "year"]
    expected = {"a": [1.5, 3.5, 2.5], "n": [1, 3, 2], "year": [2020, 2020, 2021]}
    assert source.read().columns.to_pydict() == expected
    assert [block.columns.num_rows for block in source.blocks()] == [3]
    assert source.read(columns=["year", "n"]).columns.to_pydict() == {
        name: expected[name] for name in ("year", "n")
    }
    assert read_table_file(folder).columns["year"].type == pa.int64()


def test_values_in_folder_names_that_are_no_integers_are_text(tmp_path):
    for name, value in (("code=007", 1), ("code=a%20b", 2), ("code=__HIVE_DEFAULT_PARTITION__", 3)):
        (tmp_path / name).mkdir()
        pq.write_table(pa.table({"n": [value]}), tmp_path / name / "t.parquet")
    found = open_table(tmp_path).read().columns.to_pydict()
    assert dict(zip(found["n"], found["code"], strict=True)) == {1: "007", 2: "a b", 3: None}


def test_files_of_narrower_types_are_widened_and_their_order_of_columns_does_not_matter(tmp_path):
    pq.write_table(pa.table({"a": pa.array([1], pa.int32()), "b": [0.5]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"b": [1.5], "a": pa.array([2], pa.int64())}), tmp_path / "2.parquet")
    assert open_table(tmp_path).read().columns.to_pydict() == {"a": [1, 2], "b": [0.5, 1.5]}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pa.table({"a": [1]}), r"2\.parquet: its columns are not those of .* has 'b'"),
        (pa.table({"a": [1], "b": ["x"]}), "columns of different types"),
    ],
)
def test_files_that_are_no_one_table_are_refused(tmp_path, table, message):
    pq.write_table(pa.table({"a": [1], "b": [0.5]}), tmp_path / "1.parquet")
    pq.write_table(table, tmp_path / "2.parquet")
    with pytest.raises(DataError, match=message):
        open_table(tmp_path)
