"""Columns of categories: those of numbers are numbers, whatever library they come from."""

import narwhals as nw
import pyarrow as pa


def decoded(series: nw.Series) -> nw.Series:
    """Return a column with its categories' own values where these may be numbers.

    A dictionary of pyarrow takes the type of its values. A category of pandas takes the type of
    its categories, unless they are text; where missing values are among whole numbers, float64.
    Categories of polars are text, and every other column comes back as it is.

    Examples:
        >>> column = pa.chunked_array([pa.array([7, 8]).dictionary_encode()])
        >>> decoded(nw.from_native(column, series_only=True)).dtype
        Int64
    """
    if series.dtype != nw.Categorical and series.dtype != nw.Enum:
        return series
    native = series.to_native()
    values = _of_arrow(native) if _is_arrow(native) else _of_pandas(native)
    return series if values is None else nw.from_native(values, series_only=True)


def _is_arrow(native) -> bool:
    return isinstance(native, pa.ChunkedArray) or hasattr(
        getattr(native, "dtype", None), "pyarrow_dtype"
    )


def _of_arrow(native) -> pa.ChunkedArray:
    column = native if isinstance(native, pa.ChunkedArray) else pa.chunked_array([pa.array(native)])
    return column.cast(column.type.value_type)


def _of_pandas(native):
    """Return the values of a pandas column; None for text, and for other libraries."""
    categories = getattr(getattr(native, "cat", None), "categories", None)
    kind = getattr(getattr(categories, "dtype", None), "kind", None)
    if categories is None or kind is None:
        return None
    if nw.from_native(categories.to_series(), series_only=True).dtype == nw.String:
        return None
    if kind not in "biuf" or (kind == "b" and native.hasnans):
        return native.astype(object)
    return native.astype("float64" if native.hasnans else categories.dtype)
