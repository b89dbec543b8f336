"""Loading labelled tables, and taking them apart."""

import numpy as np
import pytest
from benchmarks.studies.labelled import Labelled, balanced, read_labelled, read_miniboone, split


def written(path, counts, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"  {counts[0]}  {counts[1]}"]
    lines += ["   ".join(f"{value: .5E}" for value in row) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(7, 50)).round(4)


def test_signal_comes_first_and_rows_with_missing_numbers_are_left_out(tmp_path, rows):
    rows[1] = -999.0
    rows[5, 30] = -999.0
    found = read_miniboone(written(tmp_path / "MiniBooNE_PID.txt", (3, 4), rows))
    np.testing.assert_allclose(found.rows, rows[[0, 2, 3, 4, 6]])
    assert found.labels.tolist() == [1, 1, 0, 0, 0]


def test_it_is_found_among_the_tables_by_name(tmp_path, rows):
    written(tmp_path / "miniboone" / "MiniBooNE_PID.txt", (2, 5), rows)
    assert read_labelled("miniboone", tmp_path).labels.sum() == 2


@pytest.mark.parametrize("counts", [(3, 5), (2, 4), (7, 1)])
def test_counts_that_are_not_those_of_the_rows_are_refused(tmp_path, rows, counts):
    with pytest.raises(ValueError, match="are told, but the rows have shape"):
        read_miniboone(written(tmp_path / "some.txt", counts, rows))


def test_rows_of_another_width_are_refused(tmp_path, rows):
    with pytest.raises(ValueError, match="50 columns are told"):
        read_miniboone(written(tmp_path / "some.txt", (3, 4), rows[:, :49]))


def test_a_first_line_without_two_counts_is_refused(tmp_path):
    path = tmp_path / "some.txt"
    path.write_text("1.0 2.0 3.0\n")
    with pytest.raises(ValueError, match=r"two counts, but is '1\.0 2\.0 3\.0'"):
        read_miniboone(path)


@pytest.fixture
def table():
    rows = np.arange(50, dtype=np.float64)[:, None]
    return Labelled(rows, (rows[:, 0] < 20).astype(int))


def test_balanced_rows_are_distinct_and_keep_their_classes(table):
    found = balanced(table, np.random.default_rng(0))
    assert len(np.unique(found.rows)) == 40
    assert found.labels.sum() == 20
    np.testing.assert_array_equal(found.labels, found.rows[:, 0] < 20)


def test_a_split_takes_the_share_of_each_class_and_every_row_once(table):
    first, second = split(table, 0.6, np.random.default_rng(0))
    assert first.labels.sum() == 12
    assert (first.labels == 0).sum() == 18
    both = np.concatenate([first.rows, second.rows])[:, 0]
    np.testing.assert_array_equal(np.sort(both), table.rows[:, 0])
    np.testing.assert_array_equal(second.labels, second.rows[:, 0] < 20)
