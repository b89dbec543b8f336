"""Writing tables: what is read back is what was written."""

import csv
import datetime
import gzip
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fluvial.errors import DataError
from fluvial.files.dialect import Dialect
from fluvial.files.table_output import table_writer, write_table


def written(table, path):
    write_table(table, path)
    with path.open(newline="") as lines:
        return list(csv.reader(lines))


def test_floats_read_back_bit_equal(tmp_path):
    bits = np.random.default_rng(0).integers(0, 2**64, 20_000, dtype=np.uint64)
    values = bits.view(np.float64)
    special = [0.0, -0.0, 1.0, 1e22, 1e300, 1e-300, 5e-324, 1 / 3, 2.0**53, np.pi]
    values = np.concatenate([values[np.isfinite(values)], special])
    rows = written(pa.table({"x": values}), tmp_path / "t.csv")
    assert np.array_equal(np.array([float(row[0]) for row in rows[1:]]), values)
    signs = np.signbit([float(row[0]) for row in rows[1:]])
    assert np.array_equal(signs, np.signbit(values))


def test_narrow_floats_keep_the_value_they_hold(tmp_path):
    values = np.array([0.1, 1e-30, 3.0], np.float32)
    rows = written(pa.table({"x": values}), tmp_path / "t.csv")
    assert [float(row[0]) for row in rows[1:]] == [float(value) for value in values]


def test_whole_floats_can_be_told_from_integers(tmp_path):
    rows = written(pa.table({"x": [1.0, -2.0], "n": [1, -2]}), tmp_path / "t.csv")
    assert rows[1:] == [["1.0", "1"], ["-2.0", "-2"]]


def test_each_type_has_its_text(tmp_path):
    table = pa.table(
        {
            "flag": [True, None],
            "date": [datetime.date(2020, 1, 2), None],
            "time": pa.array([datetime.datetime(2020, 1, 2, 3, 4), None], pa.timestamp("s")),
            "name": pa.array(["é", None]).dictionary_encode(),
            "list": [[1, 2], None],
            "nan": [float("nan"), float("-inf")],
        }
    )
    first, second = written(table, tmp_path / "t.csv")[1:]
    assert first == ["true", "2020-01-02", "2020-01-02 03:04:00", "é", "[1, 2]", "nan"]
    assert second == ["", "", "", "", "", "-inf"]


def test_awkward_text_is_quoted(tmp_path):
    texts = ["plain", "a,b", 'say "x"', "two\nlines", " blanks ", "", "\r"]
    rows = written(pa.table({'na"me,': texts, "n": range(7)}), tmp_path / "t.csv")
    assert rows[0] == ['na"me,', "n"]
    assert [row[0] for row in rows[1:]] == texts


def test_many_rows_come_in_order(tmp_path):
    table = pa.table({"n": range(200_000)})
    rows = written(table, tmp_path / "t.csv")
    assert [int(row[0]) for row in rows[1:]] == list(range(200_000))


def test_parquet_keeps_types(tmp_path):
    table = pa.table({"n": pa.array([1, 2], pa.int8()), "d": [datetime.date(2020, 1, 2)] * 2})
    write_table(table, tmp_path / "t.PARQUET")
    assert pq.read_table(tmp_path / "t.PARQUET").equals(table)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("old")

    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fluvial.files.table_output._write_csv", fail)
    with pytest.raises(OSError, match="No space"):
        write_table(pa.table({"x": [1]}), path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.csv"]
    assert path.read_text() == "old"


def test_rows_come_some_after_the_other(tmp_path):
    table = pa.table({"n": [1, 2, 3], "t": ["x", "y,", None]})
    for name in ("t.csv", "t.parquet"):
        write_table(table, tmp_path / name)
        with table_writer(tmp_path / f"some-{name}") as write:
            write(table.slice(0, 1))
            write(table.slice(1))
    assert (tmp_path / "some-t.csv").read_bytes() == (tmp_path / "t.csv").read_bytes()
    assert pq.read_table(tmp_path / "some-t.parquet").equals(table)


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        (Dialect(";", ","), 'x;t\n1,5;a\n-2,0;"b;"\n'),
        (Dialect(",", ","), 'x,t\n"1,5",a\n"-2,0",b;\n'),
        (Dialect("\t", "."), "x\tt\n1.5\ta\n-2.0\tb;\n"),
        (Dialect("|", "."), "x|t\n1.5|a\n-2.0|b;\n"),
    ],
)
def test_csv_has_the_marks_that_are_wanted(tmp_path, dialect, expected):
    with table_writer(tmp_path / "t.csv", dialect=dialect) as write:
        write(pa.table({"x": [1.5, -2.0], "t": ["a", "b;"]}))
    assert (tmp_path / "t.csv").read_text() == expected


def test_tabs_and_gzip_by_the_extension(tmp_path):
    table = pa.table({"x": [1.5, -2.0], "t": ["a", "b,"]})
    for name in ("t.tsv", "t.csv.gz", "t.TSV.GZ"):
        write_table(table, tmp_path / name)
    plain = (tmp_path / "t.tsv").read_bytes()
    assert plain == b"x\tt\n1.5\ta\n-2.0\tb,\n"
    assert gzip.decompress((tmp_path / "t.TSV.GZ").read_bytes()) == plain
    assert gzip.decompress((tmp_path / "t.csv.gz").read_bytes()) == b'x,t\n1.5,a\n-2.0,"b,"\n'


def test_columns_without_a_name_get_one_in_parquet(tmp_path):
    table = pa.table([[1], [2], [3]], names=["a", "", ""])
    write_table(table, tmp_path / "t.parquet")
    assert pq.read_table(tmp_path / "t.parquet").column_names == ["a", "Unnamed: 1", "Unnamed: 2"]
    assert written(table, tmp_path / "t.csv")[0] == ["a", "", ""]


def test_an_unbuffered_stdout_that_takes_little_at_a_time_gets_all(monkeypatch, tmp_path):
    class Slow(io.RawIOBase):
        taken = b""

        def writable(self):
            return True

        def write(self, data):
            self.taken += bytes(data[:7])
            return min(7, len(data))

    class Stdout:
        buffer = Slow()

        def flush(self):
            pass

    stdout = Stdout()
    monkeypatch.setattr("sys.stdout", stdout)
    table = pa.table({"x": np.arange(500)})
    write_table(table, None)
    write_table(table, tmp_path / "t.csv")
    assert stdout.buffer.taken == (tmp_path / "t.csv").read_bytes()


def test_other_extensions_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"must end in \.csv or \.parquet"):
        write_table(pa.table({"x": [1]}), tmp_path / "t.xlsx")


def test_stdout_gets_the_same_csv(tmp_path, monkeypatch):
    table = pa.table({"x": [1.5, 2.0], "é": ["a,b", ""]})
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", stream)
    write_table(table, None)
    write_table(table, tmp_path / "t.csv")
    assert stream.buffer.getvalue() == (tmp_path / "t.csv").read_bytes()
