"""The marks of a text file are found by looking, where they cannot be mistaken."""

import warnings

import pytest

from fluvial.errors import DataError, DataWarning
from fluvial.files.dialect import Dialect, find_decimal, find_delimiter
from fluvial.files.table_file import open_table


@pytest.fixture
def read(tmp_path):
    """Write text to a file and read it, with its marks."""

    def write_and_read(content: str, name: str = "t.csv", **marks):
        path = tmp_path / name
        path.write_bytes(content.encode())
        source = open_table(path, **marks)
        return source.dialect, source.read().columns.to_pydict()

    return write_and_read


@pytest.mark.parametrize(
    ("content", "dialect", "cells"),
    [
        ("x;y\n1,5;2\n3;4,25\n", Dialect(";", ","), {"x": ["1,5", "3"], "y": ["2", "4,25"]}),
        ("x;y\n1.5;2\n", Dialect(";", "."), {"x": ["1.5"], "y": ["2"]}),
        ("x;y\n1,234;2\n", Dialect(";", "."), {"x": ["1,234"], "y": ["2"]}),
        ("x;y\n1,234;0,5\n", Dialect(";", ","), {"x": ["1,234"], "y": ["0,5"]}),
        ("x;y\n1,5;2.5\n", Dialect(";", "."), {"x": ["1,5"], "y": ["2.5"]}),
        ("x\ty\n1,5\t2\n", Dialect("\t", ","), {"x": ["1,5"], "y": ["2"]}),
        ("x|y\n1|2\n", Dialect("|", "."), {"x": ["1"], "y": ["2"]}),
        ("x,y\n1,a;b\n", Dialect(",", "."), {"x": ["1"], "y": ["a;b"]}),
        ('"a;b",y\n1,2\n', Dialect(",", "."), {"a;b": ["1"], "y": ["2"]}),
        ("x\n1\n", Dialect(",", "."), {"x": ["1"]}),
        ("sep=;\nx;y\n1,5;2\n", Dialect(";", ","), {"x": ["1,5"], "y": ["2"]}),
        ("\ufeffsep=,\r\nx,y\r\n1,2\r\n", Dialect(",", "."), {"x": ["1"], "y": ["2"]}),
        ('"sep=|"\nx|y\n1|2\n', Dialect("|", "."), {"x": ["1"], "y": ["2"]}),
    ],
)
def test_marks_are_found(read, content, dialect, cells):
    assert read(content) == (dialect, cells)


def test_marks_that_are_given_win(read):
    assert read("a;b,c\n1;2,5\n", delimiter=";") == (
        Dialect(";", ","),
        {"a": ["1"], "b,c": ["2,5"]},
    )
    assert read("a;b,c\n1;2,5\n", delimiter=",")[1] == {"a;b": ["1;2"], "c": ["5"]}
    assert read("x\n1,5\n", decimal=",") == (Dialect(";", ","), {"x": ["1,5"]})
    assert read('x,y\n"1,5",2\n', decimal=",")[1] == {"x": ["1,5"], "y": ["2"]}
    assert read("sep=;\na;b\n1;2\n", delimiter=";")[1] == {"a": ["1"], "b": ["2"]}
    assert read("x:y\n1:2\n", delimiter=":")[1] == {"x": ["1"], "y": ["2"]}


def test_a_tsv_file_has_tabs(read):
    assert read("x\ty,z\n1\t2,5\n", "t.tsv") == (Dialect("\t", ","), {"x": ["1"], "y,z": ["2,5"]})


def test_two_ways_to_read_a_table_are_none():
    with pytest.raises(DataError, match=r"commas and with semicolons .* --delimiter"):
        find_delimiter(["a;b,c\n", "1;2,5\n"], name="t.csv")


def test_a_ragged_table_is_separated_as_its_header_is():
    assert find_delimiter(["a;b\n", "1;2\n", "1;2;3\n"], name="t.csv") == ";"
    assert find_delimiter(["a;b,c\n", "1;2\n", "1;2;3\n"], name="t.csv") == ","


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [
        (["1,5"], ","),
        (["-0,123"], ","),
        (["1234,567"], ","),
        (["1,5e-3"], ","),
        ([" ,5 "], ","),
        (["1,234"], "."),
        (["12,345", "1.5"], "."),
        (["1,234,567"], "."),
        (["1,5 kg", "a,b"], "."),
        (["1.234,56"], "."),
    ],
)
def test_a_decimal_comma_is_one_only_where_it_cannot_be_another_thing(cells, decimal):
    assert find_decimal([[cell] for cell in cells], ";") == decimal
    assert find_decimal([[cell] for cell in cells], ",") == "."


@pytest.mark.parametrize("start", ["\n", "\n\n", "  \n", "\r\n", ",\n", ";;\n\n"])
@pytest.mark.parametrize("header", ["x", "x,y"])
def test_blank_lines_before_the_header_are_no_header(read, start, header):
    row = "1,2"[: len(header)]
    found = read(f"{start}{header}\n{row}\n")[1]
    assert found == dict(zip(header.split(","), [[cell] for cell in row.split(",")], strict=True))


@pytest.mark.parametrize("header", ["1.5,1", "3,1", "-4", "1.5,2", "2,3", "5,4,6,7,8,9"])
def test_a_header_of_numbers_is_warned_of(read, header):
    with pytest.warns(DataWarning, match="the column names are numbers"):
        read(header + "\n" + header + "\n")


@pytest.mark.parametrize("header", ["0,1,2", "1,2", "x,1", "0", "400,400.5,401,401.5,402,402.5"])
def test_numbers_that_are_names_are_not(read, header):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(header + "\n" + header + "\n")


def test_a_long_header_is_found(read):
    names = [f"a rather long name of a column {i}" for i in range(10_000)]
    text = ";".join(names) + "\n" + ";".join(["1,5"] * 10_000) + "\n"
    dialect, columns = read(text)
    assert dialect == Dialect(";", ",")
    assert list(columns) == names
