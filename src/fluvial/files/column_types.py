"""Columns of float64 as columns of the type that a table had."""

import numpy as np
import pyarrow as pa


def typed_column(values: np.ndarray, kind: str) -> pa.Array:
    """Give values the data type that a column of that name has.

    Args:
        values: `(n,)` float64, finite; whole numbers where the type is an integer or a boolean one.
        kind: the name of a data type, as `fluvial.tables.Schema` holds it: "int8" to "int64",
            "uint8" to "uint64", "bool" or "boolean", "float32". All others become float64.

    Returns:
        The column. Beyond the ends of an integer type stand its ends, which float64 may round up.

    Examples:
        >>> typed_column(np.array([3.0, 4.0]), "int64").to_pylist()
        [3, 4]
    """
    if kind in ("bool", "boolean"):
        return pa.array(values != 0)
    if kind == "float32":
        return pa.array(values.astype(np.float32))
    if kind in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
        ends = np.iinfo(kind)
        low, high = values <= float(ends.min), values >= float(ends.max)
        whole = np.where(low | high, 0, values).astype(kind)
        whole[low], whole[high] = ends.min, ends.max
        return pa.array(whole)
    return pa.array(values)
