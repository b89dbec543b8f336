"""Rows that are compared: read, checked, thinned, and on one scale."""

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np

from fluvial.errors import DataError, ShapeError, listed, quoted
from fluvial.tables.source import Source

FEWEST = 20
"""Rows that a comparison takes at least."""

Names = tuple[str, ...] | None


def checked(rows: Any, name: str, *, fewest: int = FEWEST) -> np.ndarray:
    """Return the rows (n, D) of an array or a table in float64.

    Raises:
        ShapeError: where they are not two-dimensional.
        DataError: where they are too few, or hold what is no finite number.
    """
    return named(rows, name, fewest=fewest)[0]


def named(rows: Any, name: str, *, fewest: int = FEWEST) -> tuple[np.ndarray, Names]:
    """Return the same with the names of a table's columns; None for an array.

    Raises:
        ShapeError, DataError: as `checked`.
    """
    frame: Any = nw.from_native(rows, pass_through=True)
    if isinstance(frame, (nw.DataFrame, nw.LazyFrame)):
        values, names = _of_table(rows, name)
    else:
        values, names = _of_array(rows, name), None
    if len(values) < fewest:
        raise DataError(f"{name} has {len(values)} rows; at least {fewest} are needed")
    return values, names


def _of_table(table: Any, name: str) -> tuple[np.ndarray, Names]:
    source = Source.of(table)
    names = source.names or tuple(str(place) for place in range(source.n_columns))
    label = lambda k: f"column {quoted(names[k])} of {name}"  # noqa: E731
    return source.matrix(range(source.n_columns), label), source.names


def _of_array(rows: Any, name: str) -> np.ndarray:
    try:
        values = np.asarray(rows, np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"{name} must hold numbers alone; encode text as numbers first, or leave it out"
        ) from None
    if values.ndim != 2:
        raise ShapeError(f"{name} must have shape (n, D), but has shape {values.shape}")
    bad = ~np.isfinite(values)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise DataError(f"{name} holds {values[row, column]} in row {row}, column {column}")
    return values


def both(
    real: Any,
    samples: Any,
    *,
    fewest: int = FEWEST,
    called: tuple[str, str] = ("real", "samples"),
) -> tuple[np.ndarray, np.ndarray]:
    """Return two groups of rows; the columns of two tables are matched by name.

    Args:
        real: the first group, whose order of columns counts.
        samples: the second group, at least 20.
        fewest: rows of the first group.
        called: what messages call them.

    Raises:
        ShapeError: where they differ in the number of columns.
        DataError: where tables differ in the names of columns, and as `checked`.
    """
    (a, names), (b, others) = named(real, called[0], fewest=fewest), named(samples, called[1])
    if names is not None and others is not None:
        return a, b[:, _places(names, others, called)]
    if a.shape[1] != b.shape[1]:
        raise ShapeError(f"{called[0]} has {a.shape[1]} columns, but {called[1]} have {b.shape[1]}")
    return a, b


def _places(names: Sequence[str], others: Sequence[str], called: tuple[str, str]) -> list[int]:
    """Return where each of some columns is among others, which must be the same ones."""
    missing = [name for name in names if name not in others]
    unknown = [name for name in others if name not in names]
    if missing or unknown:
        found = ((missing, called[1]), (unknown, called[0]))
        told = "; ".join(f"no {listed(names)} in {where}" for names, where in found if names)
        raise DataError(f"{called[0]} and {called[1]} must have the same columns: {told}")
    return [list(others).index(name) for name in names]


def standardised(real: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Return rows on the scale of the real ones: their mean 0, their deviations 1."""
    mean, deviation = real.mean(axis=0), real.std(axis=0)
    deviation[deviation == 0] = 1.0
    return [(rows - mean) / deviation for rows in (real, *others)]


def some(rows: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Return at most so many of the rows, drawn at random."""
    return rows if len(rows) <= most else rows[rng.permutation(len(rows))[:most]]
