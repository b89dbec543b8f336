"""Windows of rows."""

from typing import Any

import numpy as np
import pytest

from fluvial.errors import DataError
from fluvial.tables import sliding_windows


@pytest.mark.parametrize(("window", "step"), [(1, 1), (4, 1), (4, 3), (10, 1), (3, 20)])
def test_each_window_holds_its_rows_in_order(window, step):
    rows = np.random.default_rng(0).normal(size=(10, 2))
    found = sliding_windows(rows, window, step=step)
    expected = np.lib.stride_tricks.sliding_window_view(rows, window, axis=0)[::step]
    matrix = np.stack([column.to_numpy() for column in found.columns], axis=1)
    np.testing.assert_array_equal(matrix, expected.transpose(0, 2, 1).reshape(len(expected), -1))
    assert found.column_names[-2:] == ["x0[0]", "x1[0]"]
    assert found.column_names[0] == ("x0[0]" if window == 1 else f"x0[-{window - 1}]")


def test_windows_that_cannot_be_are_refused():
    with pytest.raises(DataError, match="a window of 11 rows needs as many, but there are 10"):
        sliding_windows(np.zeros((10, 1)), 11)
    wrongs: list[Any] = [
        {"window": 0},
        {"window": True},
        {"window": 2, "step": 0},
        {"window": 1.5},
    ]
    for wrong in wrongs:
        with pytest.raises(ValueError, match="must be a whole number of at least 1"):
            sliding_windows(np.zeros((10, 1)), **wrong)
