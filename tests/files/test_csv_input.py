"""Reading CSV: what stands in the file, and clear words where it cannot be read."""

import pytest

from fluvial.errors import DataError
from fluvial.files.csv_input import read_csv


@pytest.fixture
def read(tmp_path):
    """Write text or bytes to a CSV file and read it as a dictionary of columns."""

    def write_and_read(content: str | bytes):
        path = tmp_path / "t.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_csv(path).to_pydict()

    return write_and_read


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n007,1.50\n2020-01-01,\n",
        "a,b\r\n007,1.50\r\n2020-01-01,\r\n",
        "\ufeffa,b\n007,1.50\n2020-01-01,",
        "\n\na,b\n\n007,1.50\n\n2020-01-01,\n\n\n",
        '"a","b"\n"007","1.50"\n"2020-01-01",""\n',
    ],
)
def test_cells_are_the_text_that_stands_there(read, content):
    assert read(content) == {"a": ["007", "2020-01-01"], "b": ["1.50", ""]}


def test_quoted_cells_hold_commas_quotes_and_line_ends(read):
    assert read('a,"b,c"\n"x ""y"", z","1\n2"\n') == {"a": ['x "y", z'], "b,c": ["1\n2"]}


def test_blank_lines_of_one_column_are_empty_cells_except_at_the_end(read):
    assert read("a\n1\n\n3\n\n\n") == {"a": ["1", "", "3"]}


def test_rows_count_from_zero_in_many_rows(read):
    lines = [f"{i},{i}" for i in range(50_000)]
    lines[43_210] += ",1"
    with pytest.raises(DataError, match=r"data row 43210 has 3 cells .* 2 names"):
        read("a,b\n" + "\n".join(lines))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("a,b\n1,2\n3\n", "data row 1 has 1 cells"),
        ("a,b\n\n1,2\n\n3,4,5\n", "data row 1 has 3 cells"),
        ("a,b,a\n1,2,3\n", "columns 0 and 2 are both named 'a'"),
        ('a,b\n1,2\n3,"4\n5,6\n', "data row 1 is never closed"),
        ('a,b\n"1,2\n3,4\n', "opened in data row 0 is never closed"),
        ('a;b\n1;2\n"3;""4"";5\n6;7\n', "opened in data row 1 is never closed"),
        ('a,b\n1,2\n"3,4', "opened in data row 1 is never closed"),
        ('a,b\n"1,2\n' + "3,4\n" * 99_999, "opened in data row 0 is never closed"),
        ('a,b\n1,2\n3,4",5\n', "data row 1 has 3 cells where the header has 2 names; correct"),
        ('a,b\n"1,2\n3,"4"\n', "data row 0 has 1 cells .* over 2 lines within quotation marks"),
        ('a,"b\n1,2\n3,4\n', "opened in the header is never closed"),
        ("a;b,c\n1;2,3\n", "commas and with semicolons .* --delimiter"),
        (b"a,b\n1,\xe9\n", "not text in UTF-8"),
        (b"\xe9,b\n1,2\n", "not text in UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"a,b\n1,\x00\n", "binary"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04", "spreadsheet"),
        (b"PAR1....PAR1", "Parquet file; name it .parquet"),
        (b",,\n1,2,3\n4,5,6\n", "the header names no column"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_plain_words(read, content, message):
    with pytest.raises(DataError, match=message) as caught:
        read(content)
    assert "t.csv" in str(caught.value)
