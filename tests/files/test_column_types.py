"""From float64 back to the type that a column had."""

import numpy as np
import pyarrow as pa
import pytest

from fluvial.files.column_types import typed_column


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([0, 1], "boolean", pa.array([False, True])),
        ([0, 1], "bool", pa.array([False, True])),
        ([-3, 4], "int16", pa.array([-3, 4], pa.int16())),
        ([0.0, -0.0], "int64", pa.array([0, 0])),
        ([-(2.0**63), 2.0**63], "int64", pa.array([-(2**63), 2**63 - 1])),
        ([0, 2.0**64], "uint64", pa.array([0, 2**64 - 1], pa.uint64())),
        ([0, 255], "uint8", pa.array([0, 255], pa.uint8())),
        ([0.1], "float32", pa.array([0.1], pa.float32())),
        ([0.1], "float64", pa.array([0.1])),
        ([5.0], "decimal", pa.array([5.0])),
        ([5.0], "int128", pa.array([5.0])),
    ],
)
def test_each_type_is_its_own(values, kind, expected):
    assert typed_column(np.array(values, float), kind).equals(expected)
