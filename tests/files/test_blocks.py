"""A table read some rows at a time is the table read at once."""

import threading
import warnings

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fluvial.errors import DataError, DataWarning
from fluvial.files import blocks, csv_head, csv_input
from fluvial.files.ahead import ahead
from fluvial.files.numeric import numeric_blocks, valid_rows
from fluvial.files.row_range import RowRange
from fluvial.files.table_file import TableFile, open_table
from fluvial.files.type_guess import TypeGuess, guess_types


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of four rows, from readings of a few bytes."""
    monkeypatch.setattr(blocks, "MULTIPLE", 4)
    monkeypatch.setattr(blocks, "ROWS_A_BLOCK", 4)
    monkeypatch.setattr(csv_input, "BYTES_A_READING", 50)
    monkeypatch.setattr(csv_input, "LONGEST_ROW", 200)
    monkeypatch.setattr(csv_head, "BYTES_LOOKED_AT", 10)


@pytest.fixture(params=["csv", "parquet"])
def source(request, tmp_path):
    path = tmp_path / f"t.{request.param}"
    if request.param == "csv":
        path.write_text("n,x\n" + "".join(f"{i},{i / 2}\n" for i in range(23)))
    else:
        table = pa.table({"n": range(23), "x": [i / 2 for i in range(23)]})
        pq.write_table(table, path, row_group_size=5)
    return open_table(path)


@pytest.mark.parametrize("rows", [(0, None), (3, 9), (4, 8), (20, None), (0, 23), (22, 23)])
def test_blocks_are_the_rows_in_order(source, rows):
    found = list(source.blocks(rows=RowRange(*rows)))
    places = [int(str(n)) for block in found for n in block.columns["n"]]
    assert places == list(range(23))[slice(*rows)]
    assert all(block.n_rows <= 4 for block in found)
    assert [int(str(block.columns["n"][0])) for block in found] == [b.first_row for b in found]
    if rows == (0, None):
        assert [block.n_rows for block in found] == [4] * 5 + [3]


def test_ranges_beyond_the_end(source):
    with pytest.warns(DataWarning, match=r"20:99 ends beyond its 23 rows"):
        assert sum(block.n_rows for block in source.blocks(rows=RowRange(20, 99))) == 3
    for stop in (None, 99):
        with pytest.raises(DataError, match="selects none of its 23 rows"):
            list(source.blocks(rows=RowRange(23, stop)))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,3", "data row 40 has 3 cells"),
        (
            '1,"2',
            r"the quotation mark opened in data row 40 is never closed|data row [34]\d or later",
        ),
    ],
)
@pytest.mark.parametrize("n_after", [0, 3, 300])
def test_a_row_far_behind_is_named_by_its_number(tmp_path, line, message, n_after):
    lines = ["a,b", *["1,2"] * 40, line, *["1,2"] * n_after]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=message):
        list(open_table(tmp_path / "t.csv").blocks())


def test_cells_with_line_ends_across_readings(tmp_path):
    texts = ["x" * (4 * i) + "\n" * (i % 3) + ',"' for i in range(40)]
    rows = "".join('"' + text.replace('"', '""') + f'",{i}\n' for i, text in enumerate(texts))
    (tmp_path / "t.csv").write_text("t,n\n" + rows)
    assert open_table(tmp_path / "t.csv").read().columns["t"].to_pylist() == texts


def test_blank_cells_of_one_column_across_readings(tmp_path):
    cells = ["1", *[""] * 60, "2", "", "3", *[""] * 60]
    (tmp_path / "t.csv").write_text("\n\nx\n" + "\n".join(cells) + "\n")
    found = open_table(tmp_path / "t.csv").read().columns["x"].to_pylist()
    assert found == cells[:-60]


def test_a_row_beyond_all_bounds_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("t,n\n" + "a,1\n" * 30 + "x" * 500 + ",2\n")
    with pytest.raises(DataError, match=r"data row 30 or later .* or a row is longer"):
        open_table(tmp_path / "t.csv").read()


def text_blocks(*cells):
    table = [pa.table({"x": list(some)}) for some in cells]
    starts = [sum(map(len, cells[:i])) for i in range(len(cells))]
    return [TableFile("t", t, True, start) for t, start in zip(table, starts, strict=True)]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([["1", ""], ["2", "NA"], ["3"]], "missing values in 2 of 5 rows, the first in data row 1"),
        ([["1", ""], ["x", "2"], ["y"]], r"text in 2 of 5 rows, the first in data row 2 \('x'\)"),
        ([["1"], ["inf"], [""]], "missing values in 1 of 3 rows, the first in data row 2"),
        ([["1"], ["2020-01-01"], ["x"]], r"text in 2 of 3 rows, the first in data row 1"),
        ([["1"], ["2020-01-01"], ["2020-01-02"]], "dates in 2 of 3 rows"),
        ([["1"], ["", "true"]], "numbers beside truth values in 1 of 3 rows, .* data row 2"),
        ([["false"], ["1"]], "numbers beside truth values"),
    ],
)
def test_what_is_refused_is_counted_over_all_blocks(cells, message):
    with pytest.raises(DataError, match=message):
        list(numeric_blocks(text_blocks(*cells), ["x"], advice=""))


def test_missing_and_infinite_values_can_be_let_through():
    found = numeric_blocks(
        text_blocks(["1", ""], ["-inf", "nan"], ["2.5"]), ["x"], advice="", skip_invalid=True
    )
    assert [valid_rows(numbers).tolist() for _, numbers in found] == [
        [True, False],
        [False] * 2,
        [True],
    ]
    with pytest.raises(DataError, match="text in 1 of 2 rows"):
        list(numeric_blocks(text_blocks([""], ["red"]), ["x"], advice="", skip_invalid=True))


@pytest.mark.parametrize(
    "cells",
    [
        ["1", "", "2"],
        ["1", "1.5", "-2"],
        ["1.5", "007", "2"],
        ["1", "007"],
        ["1", "+5"],
        ["1.5", "+5"],
        ["true", "", "FALSE"],
        ["true", "1"],
        ["true", "NA"],
        ["1", "NA"],
        ["", ""],
        ["1", "x"],
        ["1", "9" * 25],
        ["1.5", "9" * 17],
        ["0", "0.5", "-0.25"],
    ],
)
def test_types_are_those_of_the_whole_column_however_it_is_cut(cells):
    (whole,) = text_blocks(cells)
    parts = text_blocks(*([cell] for cell in cells))
    guess = TypeGuess(parts)
    typed = pa.concat_tables([guess.apply(part) for part in parts])
    assert typed.equals(guess_types(whole))


def test_reading_ahead_keeps_order_errors_and_ends_its_thread():
    def fail():
        yield 1
        raise ValueError("late")

    with ahead(range(100)) as numbers:
        assert list(numbers) == list(range(100))
    with pytest.raises(ValueError, match="late"), ahead(fail()) as numbers:
        list(numbers)
    before = threading.active_count()
    with ahead(iter(int, 1)) as numbers:  # zeros without end
        assert next(numbers) == 0
    assert threading.active_count() == before


def test_no_warning_where_all_is_well(source):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(source.blocks(rows=RowRange(0, 23)))
