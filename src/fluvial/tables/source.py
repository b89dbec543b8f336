"""A table behind one interface, whatever library it comes from."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Self

import narwhals as nw
import numpy as np
from narwhals.exceptions import DuplicateError
from sklearn.utils import check_array

from fluvial.errors import DataError, listed, quoted
from fluvial.tables.categories import decoded
from fluvial.tables.index_columns import declared_index
from fluvial.tables.named_columns import as_frame, named_columns
from fluvial.tables.values import has_inexact_integers, plain_values, warn_of_inexact_integers
from fluvial.tables.warning import warn_user


@dataclass(frozen=True)
class Source:
    """A table behind one interface: a two-dimensional array, or columns one by one."""

    data: np.ndarray | tuple[nw.Series | np.ndarray, ...]
    names: tuple[str, ...] | None
    n_rows: int
    n_columns: int

    @classmethod
    def of(cls, table, *, keep: Collection[str] = ()) -> Self:
        """Look at an array or a frame; values are not read yet.

        A column of a pyarrow table that is the index of a pandas frame, by its metadata, is left
        out with a warning, unless its name is among those to keep.
        """
        table = as_frame(table)
        try:
            frame = nw.from_native(table, pass_through=True)
        except DuplicateError:
            _usable_names(table)
            raise
        if isinstance(frame, nw.LazyFrame):
            raise DataError(f"{type(table).__name__} is lazy; collect it into a table first")
        if isinstance(frame, nw.DataFrame):
            names = _usable_names(table)
            if not frame.shape[1]:
                raise DataError(_too_few("feature", 0, frame.shape, 1))
            # At once: to look columns up one by one takes time with the square of their number.
            columns = tuple(decoded(column) for column in frame.iter_columns())
            index = _index_places(table, names, keep)
            if index:
                columns = tuple(c for place, c in enumerate(columns) if place not in index)
                names = tuple(n for place, n in enumerate(names or ()) if place not in index)
            return cls(columns, names, len(frame), len(columns))
        named = named_columns(table)
        if named is not None:
            n_rows = len(next(iter(named.values()), ()))
            if not named:
                raise DataError(_too_few("feature", 0, (n_rows, 0), 1))
            return cls(tuple(named.values()), tuple(named), n_rows, len(named))
        if np.ma.isMaskedArray(table):
            table = np.ma.filled(table.astype(np.float64), np.nan)
        try:
            array = check_array(
                table,
                dtype=None,  # pyright: ignore[reportArgumentType]
                ensure_all_finite=False,
                ensure_min_samples=0,
                input_name="X",
            )
        except ValueError as error:
            raise DataError(str(error)) from None
        return cls(array, None, *array.shape)

    def check_rows(self, minimum: int) -> None:
        """Refuse a table of fewer rows."""
        if self.n_rows < minimum:
            shape = (self.n_rows, self.n_columns)
            raise DataError(_too_few("sample", self.n_rows, shape, minimum))

    def types(self) -> tuple[str, ...]:
        """Return the name of each column's data type."""
        if isinstance(self.data, np.ndarray):
            return (self.data.dtype.name,) * self.n_columns
        return tuple(
            column.dtype.name if isinstance(column, np.ndarray) else str(column.dtype).lower()
            for column in self.data
        )

    def matrix(
        self,
        order: Sequence[int],
        label: Callable[[int], str],
        counted: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return the columns at the places `order` in float64, checked to be finite.

        Args:
            order: places of the wanted columns; all of them where the table is an array.
            label: what messages call the i-th of the wanted columns.
            counted: `(n_rows,)` of bool, the rows that must be finite; None is all of them.

        Returns:
            `(n_rows, len(order))`; it may share memory with the table, so it is for reading only.
        """
        inexact = []
        if isinstance(self.data, np.ndarray) and self.data.dtype.kind == "f":
            out = np.asarray(self.data, np.float64)
        else:
            out = np.empty((self.n_rows, len(order)))
            for i, place in enumerate(order):
                values = self._values(place, label(i))
                out[:, i] = plain_values(values, label(i))
                if has_inexact_integers(values):
                    inexact.append(label(i))
        _check_finite(out, label, counted)
        warn_of_inexact_integers(inexact)
        return out

    def _values(self, place: int, label: str) -> np.ndarray:
        if isinstance(self.data, np.ndarray):
            return self.data[:, place]
        column = self.data[place]
        return column if isinstance(column, np.ndarray) else _series_values(column, label)


def _series_values(series: nw.Series, label: str) -> np.ndarray:
    """Return the values of a column; where nulls are among numbers, float64 with NaN."""
    dtype = series.dtype
    if dtype.is_numeric() or dtype == nw.Boolean:
        if series.null_count():
            known = ~series.is_null().to_numpy().astype(bool)
            values = np.full(len(series), np.nan)
            values[known] = series.filter(known.tolist()).cast(nw.Float64()).to_numpy()
            return values
        if dtype.is_decimal() or dtype in (nw.Int128, nw.UInt128):
            series = series.cast(nw.Float64())
        return np.asarray(series.to_numpy())
    if dtype.is_temporal():
        raise DataError(
            f"{label} holds dates or times; leave it out, or turn it into numbers first"
        )
    if dtype == nw.Object or dtype == nw.Unknown:
        return np.asarray(series.to_numpy())
    if dtype in (nw.String, nw.Categorical, nw.Enum):
        raise DataError(f"{label} holds text; leave it out, or encode it as numbers first")
    raise DataError(f"{label} is of type {dtype}, which holds no plain numbers; leave it out")


def _index_places(table, names: tuple[str, ...] | None, keep: Collection[str]) -> set[int]:
    """Where the columns stand that are the index of a pandas frame; each is warned of."""
    declared = declared_index(getattr(getattr(table, "schema", None), "metadata", None))
    index = set(declared).intersection(names or ()).difference(keep) if declared else set()
    if not index or len(index) == len(names or ()):
        return set()
    found = [name for name in names or () if name in index]
    warn_user(
        f"the index of a pandas frame is left out: {listed(found)}; give it another name, or drop"
        " the metadata of pandas, if it is data"
    )
    return {place for place, name in enumerate(names or ()) if name in index}


def _usable_names(table) -> tuple[str, ...] | None:
    """Return the column names of a frame, or None where they are not all strings."""
    names = list(table.column_names if hasattr(table, "column_names") else table.columns)
    kinds = {isinstance(name, str) for name in names}
    if kinds == {True, False}:
        raise DataError(
            "some column names are strings and some are not; make all of them strings, "
            "for example with X.columns = X.columns.astype(str)"
        )
    if kinds != {True}:
        return None
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        if name in places:
            raise DataError(
                f"two columns are called {quoted(name)}: the ones at {places[name]} and {place}, "
                "counted from 0; rename one"
            )
        places[name] = place
    return tuple(names)


def _check_finite(
    matrix: np.ndarray, label: Callable[[int], str], counted: np.ndarray | None
) -> None:
    finite = np.isfinite(matrix)
    if finite.all() or (counted is not None and finite[counted].all()):
        return
    if counted is not None:
        matrix = np.where(counted[:, None], matrix, 0.0)
    bad, noun, advice = np.isnan(matrix), "missing value", "fill them in, or drop those rows"
    value = "NaN or null"
    if not bad.any():
        bad, noun, advice = np.isinf(matrix), "infinite value", "replace them, or drop those rows"
        value = "inf"
    counts = bad.sum(axis=0)
    columns = np.flatnonzero(counts)
    first, others = columns[0], len(columns) - 1
    count, row = int(counts[first]), int(np.argmax(bad[:, first]))
    also = f"; {others} more column{_s(others)} with such values" if others else ""
    raise DataError(
        f"{label(first)} holds {count} {noun}{_s(count)} ({value}), the first in row {row} "
        f"(data rows are counted from 0){also}; {advice}"
    )


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _too_few(noun: str, found: int, shape: tuple[int, ...], minimum: int) -> str:
    return (
        f"Found array with {found} {noun}(s) (shape={shape}) while a minimum of {minimum} is "
        "required."
    )
