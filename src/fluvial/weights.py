"""Weights of rows: what they may be, and what they mean.

A weight of 2 is the row twice, and 0 leaves it out. Only ratios count: weights that are all equal
are none. Where something depends on how many rows there are, the largest part of which all weights
are whole multiples is one row.
"""

import numbers
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fluvial.errors import DataError, ShapeError

SMALLEST = 1e-15
"""Positive weights count as this part of the largest one at least."""

MOST_PARTS = 10
"""Into how many parts the smallest weight is divided where it is no part of all the others."""

WHOLE = 1e-6
"""Numbers of rows that are nearer to whole ones are whole."""


def checked_weights(weights: ArrayLike, n: int, *, name: str = "sample_weight") -> np.ndarray:
    """Return the weights of n rows as parts of the largest one.

    Args:
        weights: (n,) finite numbers, not negative, not all zero; any array or series.
        n: how many rows there are.
        name: what messages call the weights.

    Returns:
        (n,) float64 in [0, 1].

    Raises:
        ShapeError: where there is not one weight a row.
        DataError: naming the first row with text, a missing, an infinite or a negative weight;
            where all of them are zero.

    Examples:
        >>> checked_weights([1, 0, 4], 3)
        array([0.25, 0.  , 1.  ])
    """
    values = np.asarray(weights)
    if values.shape != (n,):
        raise ShapeError(
            f"{name} must have shape ({n},), one weight for each of the {n} rows, but has shape "
            f"{values.shape}"
        )
    values = _as_numbers(values, name)
    for bad, what in ((np.isnan(values), "missing"), (np.isinf(values), "infinite")):
        if bad.any():
            raise DataError(
                f"{name} is {what} in {_where(bad)}; give every row a weight, 0 to leave it out"
            )
    negative = values < 0
    if negative.any():
        raise DataError(
            f"{name} must not be negative, but is {values[np.argmax(negative)]:g} in "
            f"{_where(negative)}; 0 leaves a row out"
        )
    largest = values.max(initial=0.0)
    if not largest:
        raise DataError(f"{name} is zero in all of the {n} rows; at least one must count")
    return values / largest


def counted_rows(weights: ArrayLike, n: int) -> np.ndarray:
    """Return which of n rows have a weight above zero, `(n,)` of bool.

    Raises:
        ShapeError, DataError: as `checked_weights`.
    """
    return checked_weights(weights, n) > 0


def numbers_of_rows(weights: np.ndarray) -> np.ndarray:
    """Return how many rows each of some positive weights stands for.

    Where all weights are whole multiples of the smallest one, or of a tenth of it at least, that
    part is one row; else the mean weight is.

    Args:
        weights: (n,), positive, at most one.

    Examples:
        >>> numbers_of_rows(np.array([0.5, 1.0, 0.25]))
        array([2., 4., 1.])
        >>> numbers_of_rows(np.array([0.4, 0.6]))
        array([2., 3.])
        >>> numbers_of_rows(np.array([0.4, 0.43, 0.97]))
        array([0.66666667, 0.71666667, 1.61666667])
    """
    weights = np.maximum(weights, SMALLEST)
    for parts in range(1, MOST_PARTS + 1):
        numbers = parts * weights / weights.min()
        whole = np.rint(numbers)
        if (np.abs(numbers - whole) <= WHOLE).all():
            return whole / np.gcd.reduce(whole.astype(np.int64))
    return weights / weights.mean()


def mean(values: np.ndarray, weights: np.ndarray | None) -> Any:
    """Return the mean over the first axis; None is equal weights."""
    return values.mean(axis=0) if weights is None else np.average(values, axis=0, weights=weights)


def mean_and_deviation(
    values: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the standard deviation over the first axis; None is equal weights."""
    if weights is None:
        return values.mean(axis=0), values.std(axis=0)
    # From the first value, so that values that do not vary have a deviation of zero.
    offsets = values - values[0]
    shift = mean(offsets, weights)
    return values[0] + shift, np.sqrt(mean((offsets - shift) ** 2, weights))


def standard_error(values: np.ndarray, weights: np.ndarray | None) -> float:
    """Return the standard error of the mean of n values, n at least 2.

    A weighted row counts as one observation, however much it weighs:
    `sqrt(n / (n - 1) sum_i w_i^2 (x_i - m)^2) / sum_i w_i`.
    """
    n = len(values)
    if weights is None:
        return float(values.std(ddof=1) / np.sqrt(n))
    parts = weights / weights.sum()
    squares = (parts * (values - mean(values, weights))) ** 2
    return float(np.sqrt(n / (n - 1) * squares.sum()))


def _as_numbers(values: np.ndarray, name: str) -> np.ndarray:
    if values.dtype.kind in "biuf":
        return values.astype(np.float64)
    plain = np.full(len(values), np.nan)
    for row, value in enumerate(values.tolist()):
        if isinstance(value, numbers.Real | Decimal):
            plain[row] = float(value)
        elif value is not None and type(value).__name__ != "NAType":
            raise DataError(
                f"{name} holds {value!r:.40} in row {row}; every weight must be a number"
            )
    return plain


def _where(bad: np.ndarray) -> str:
    count, row = int(bad.sum()), int(np.argmax(bad))
    also = f", the first of {count} such rows" if count > 1 else ""
    return f"row {row} (data rows are counted from 0){also}"
