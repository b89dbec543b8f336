"""Rows that are compared: checked, thinned, and on one scale."""

from typing import Any

import numpy as np

from fluvial.errors import DataError, ShapeError

FEWEST = 20
"""Rows that a comparison takes at least."""


def checked(rows: Any, name: str, *, fewest: int = FEWEST) -> np.ndarray:
    """Return rows (n, D) in float64.

    Raises:
        ShapeError: where they are not two-dimensional.
        DataError: where they are too few, or hold what is not finite.
    """
    values = np.asarray(rows, np.float64)
    if values.ndim != 2:
        raise ShapeError(f"{name} must have shape (n, D), but has shape {values.shape}")
    if len(values) < fewest:
        raise DataError(f"{name} has {len(values)} rows; at least {fewest} are needed")
    bad = ~np.isfinite(values)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise DataError(f"{name} holds {values[row, column]} in row {row}, column {column}")
    return values


def both(real: Any, samples: Any, *, fewest: int = FEWEST) -> tuple[np.ndarray, np.ndarray]:
    """Return two groups of rows.

    Raises:
        ShapeError: where they differ in columns.
        DataError: as `checked`.
    """
    a, b = checked(real, "real", fewest=fewest), checked(samples, "samples", fewest=fewest)
    if a.shape[1] != b.shape[1]:
        raise ShapeError(f"real has {a.shape[1]} columns, but samples have {b.shape[1]}")
    return a, b


def standardised(real: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Return rows on the scale of the real ones: their mean 0, their deviations 1."""
    mean, deviation = real.mean(axis=0), real.std(axis=0)
    deviation[deviation == 0] = 1.0
    return [(rows - mean) / deviation for rows in (real, *others)]


def some(rows: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Return at most so many of the rows, drawn at random."""
    return rows if len(rows) <= most else rows[rng.permutation(len(rows))[:most]]
