"""Which columns and rows are used."""

import typing
from pathlib import Path

import pytest
import typer

from fluvial.cli.rows import parse_rows
from fluvial.cli.selection import choose_columns, match_columns
from fluvial.errors import DataError, DataWarning
from fluvial.files.row_range import RowRange
from fluvial.files.table_file import Header
from fluvial.tables.index_columns import index_columns

PATH = Path("t.csv")


def header(names, index=()):
    return Header(list(names), index_columns(list(names), index))


def choose(*names, **options):
    return choose_columns(PATH, header(names), **options)


def match(*names, features=("a", "b"), left_out=()):
    return match_columns(PATH, header(names), features=list(features), left_out=list(left_out))


def test_all_columns_are_the_default():
    assert choose("a", "b") == (["a", "b"], [])


@pytest.mark.parametrize("option", [["a,c"], ["a", "c"], [" a , c "], ["a,c", "a"], ["a,,c,"]])
def test_columns_are_named_once_or_often(option):
    assert choose("a", "b", "c", columns=option) == (["a", "c"], ["b"])
    assert choose("a", "b", "c", exclude=option) == (["b"], ["a", "c"])


def test_the_order_of_the_option_counts():
    assert choose("a", "b", "c", columns=["c,a"])[0] == ["c", "a"]


def test_a_name_with_a_comma_is_taken_whole():
    assert choose("a,b", "a", "b", exclude=["a,b"]) == (["a", "b"], ["a,b"])


def test_both_options_together():
    assert choose("a", "b", "c", columns=["a,b"], exclude=["b"]) == (["a"], ["b", "c"])


@pytest.mark.parametrize("option", ["columns", "exclude"])
def test_an_unknown_name_is_refused_with_the_nearest_one(option):
    chosen: dict[str, typing.Any] = {option: ["timestmp"]}
    with pytest.raises(typer.BadParameter, match="no column 'timestmp'; did you mean 'timestamp'"):
        choose("timestamp", "b", **chosen)


def test_no_column_left_is_refused():
    with pytest.raises(DataError, match="no column is left"):
        choose("a", "b", exclude=["a,b"])


def test_a_column_without_a_name_is_left_out_with_a_warning():
    with pytest.warns(DataWarning, match="column 0 has no name"):
        assert choose("", "a") == (["a"], [""])


def test_an_index_that_pandas_wrote_is_left_out_with_a_warning_unless_it_is_named():
    with pytest.warns(DataWarning, match="'Unnamed: 0' is an index that pandas wrote"):
        assert choose("Unnamed: 0", "a") == (["a"], ["Unnamed: 0"])
    assert choose("Unnamed: 0", "a", columns=["Unnamed: 0"])[0] == ["Unnamed: 0"]
    assert choose("Unnamed: 0", "a", exclude=["Unnamed: 0"])[0] == ["a"]
    with pytest.warns(DataWarning, match="'key' is an index"):
        assert choose_columns(PATH, header(["a", "key"], ["key"])) == (["a"], ["key"])


def test_a_model_without_names_takes_no_index():
    with pytest.warns(DataWarning, match="'Unnamed: 0' is an index that pandas wrote"):
        found = match_columns(PATH, header(["Unnamed: 0", "b"]), features=None, left_out=[])
    assert found == (["b"], ["Unnamed: 0"])


def test_names_that_scoring_adds_cannot_be_fitted():
    with pytest.raises(DataError, match="--exclude decision"):
        choose("a", "decision")
    assert choose("a", "decision", exclude=["decision"])[0] == ["a"]


def test_order_and_left_out_columns_do_not_matter_at_scoring():
    assert match("b", "id", "a", left_out=["id", "gone"]) == (["a", "b"], [])


def test_unknown_columns_are_warned_of():
    with pytest.warns(DataWarning, match="'c', 'd'"):
        assert match("a", "c", "b", "d") == (["a", "b"], ["c", "d"])


def test_a_model_without_names_takes_all_columns_in_their_order():
    assert match_columns(PATH, header(["b", "a"]), features=None, left_out=[]) == (["b", "a"], [])


def test_missing_columns_are_refused_and_unknown_ones_named_beside():
    with pytest.raises(DataError, match=r"missing: 'b' \(unknown to it: 'B'\)"):
        match("a", "B")


def test_a_scored_file_cannot_be_scored_again():
    with pytest.raises(DataError, match="'log_prob' already"):
        match("a", "b", "log_prob", "decision", "is_anomaly")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, RowRange()),
        ("0:3000", RowRange(0, 3000)),
        ("5:", RowRange(5)),
        (":5", RowRange(0, 5)),
        (":", RowRange()),
    ],
)
def test_rows_are_a_half_open_range(text, expected):
    assert parse_rows(text) == expected


@pytest.mark.parametrize("text", ["", "5", "a:b", "-5:", "1:2:3", "3:3", "5:2", "1.5:2", ":0"])
def test_other_ranges_are_refused(text):
    with pytest.raises(typer.BadParameter) as caught:
        parse_rows(text)
    assert caught.value.param_hint == "'--rows'"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (RowRange(2, 4), (2, 4)),
        (RowRange(2), (2, 10)),
        (RowRange(2, 99), (2, 10)),
        (RowRange(20), (10, 10)),
    ],
)
def test_ranges_are_cut_to_the_file(rows, expected):
    assert rows.within(10) == expected
