"""Tables with names that are no data frames: dictionaries, records and structured arrays."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from fluvial.errors import DataError, listed, quoted

Columns = dict[str, np.ndarray]


def as_frame(table):
    """Return a pyarrow table in place of a record batch or a stream, anything else as it is.

    Raises:
        DataError: for a reader, whose rows are gone once they are read.
    """
    if isinstance(table, pa.RecordBatch):
        return pa.Table.from_batches([table])
    if isinstance(table, pa.RecordBatchReader):
        raise DataError(f"{type(table).__name__} is lazy; collect it into a table first")
    module = type(table).__module__.partition(".")[0]
    if hasattr(table, "__arrow_c_stream__") and module not in ("polars", "pandas", "pyarrow"):
        try:
            return pa.table(table)
        except (pa.ArrowException, TypeError, ValueError):
            return table
    return table


def named_columns(table) -> Columns | None:
    """Return the columns of a table that has names, or None for what has none.

    Args:
        table: a mapping from names to columns, a structured array, or a sequence of rows that are
            mappings or named tuples.

    Raises:
        DataError: where columns are not one-dimensional or of different lengths, where rows have
            different names, and where names are not strings.

    Examples:
        >>> named_columns([{"a": 1, "b": 2.5}, {"b": 3.5, "a": 4}])["b"]
        array([2.5, 3.5])
        >>> named_columns(np.zeros(3, [("a", float), ("b", int)]))["b"]
        array([0, 0, 0])
    """
    if isinstance(table, np.ndarray):
        fields = table.dtype.names
        return None if fields is None else _checked({name: table[name] for name in fields})
    if isinstance(table, Mapping):
        return _checked(table)
    if isinstance(table, list | tuple) and table:
        return _of_rows(table)
    _refuse_other_names(table)
    return None


def _of_rows(rows) -> Columns | None:
    """Return the columns of rows that are all mappings or named tuples, or None."""
    if isinstance(rows[0], Mapping):
        plain = rows
    elif isinstance(rows[0], tuple) and hasattr(rows[0], "_fields"):
        plain = [r._asdict() if hasattr(r, "_asdict") else r for r in rows]
    else:
        return None
    names = list(plain[0])
    for place, row in enumerate(plain):
        if not isinstance(row, Mapping) or row.keys() != plain[0].keys():
            raise DataError(
                f"row {place} (counted from 0) has other names than row 0, "
                f"{listed([str(name) for name in names])}; give all rows the same"
            )
    return _checked({name: [row[name] for row in plain] for name in names})


def _checked(columns: Mapping) -> Columns:
    odd = [name for name in columns if not isinstance(name, str)]
    if odd:
        raise DataError(f"the column name {odd[0]!r} is no string; make all of them strings")
    arrays = {name: _filled(values) for name, values in columns.items()}
    for name, array in arrays.items():
        if array.ndim != 1:
            raise DataError(
                f"column {quoted(name)} has the shape {array.shape}; a column has one dimension"
            )
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        first, *others = lengths
        other = next(name for name in others if lengths[name] != lengths[first])
        raise DataError(
            f"column {quoted(first)} has {lengths[first]} rows and column {quoted(other)} has"
            f" {lengths[other]}; columns of a table are of one length"
        )
    return arrays


def _filled(values) -> np.ndarray:
    """Return a column as an array, masked values as NaN."""
    if np.ma.isMaskedArray(values):
        return np.ma.filled(values.astype(np.float64), np.nan)
    try:
        return np.asarray(values)
    except ValueError:  # lists of different lengths
        return np.array([None, *values], object)[1:]


def _refuse_other_names(table) -> None:
    """Refuse what NumPy would take for an array although its columns have names."""
    if not hasattr(table, "__array__") or getattr(table, "ndim", 2) != 2:
        return
    dims, coords = getattr(table, "dims", ()), getattr(table, "coords", ())
    names = getattr(table, "columns", None)
    if names is None:
        names = getattr(table, "column_names", None)
    labelled = len(dims) == 2 and dims[1] in coords
    if labelled or (names is not None and not callable(names)):
        raise DataError(
            f"the columns of {type(table).__name__} have names, which are not read from it; turn"
            " it into a pandas, polars or pyarrow table first"
        )
