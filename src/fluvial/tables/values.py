"""From the values of one column to float64, and what is refused on the way."""

import datetime
import decimal
import numbers
from collections.abc import Sequence

import numpy as np

from fluvial.errors import NAMES_SHOWN, DataError
from fluvial.tables.warning import warn_user

EXACT_INTEGERS = 2**53
"""float64 represents every integer up to this magnitude."""

_TEXT = "holds text{where}; leave it out, or encode it as numbers first"
_DATES = "holds dates or times{where}; leave it out, or turn it into numbers first"


class DataTypeError(DataError, TypeError):
    """A value is of a type that cannot become a number."""


def plain_values(values: np.ndarray, label: str) -> np.ndarray:
    """Turn the values of one column into float64; missing values become NaN.

    Args:
        values: `(n,)`, of any NumPy dtype; not modified.
        label: what messages call the column.

    Returns:
        `(n,)` float64.

    Raises:
        DataError: for text, dates and complex numbers.
        DataTypeError: for values of an object column that are no numbers at all.

    Examples:
        >>> plain_values(np.array([True, False]), "column 'on'")
        array([1., 0.])
    """
    kind = values.dtype.kind
    if kind in "biuf":
        return values.astype(np.float64)
    if kind == "O":
        return np.array([_number(v, label, row) for row, v in enumerate(values)], np.float64)
    if kind == "c":
        raise DataError(f"{label} is complex: Complex data not supported; use its parts")
    if kind in "Mm":
        raise DataError(f"{label} {_DATES.format(where='')}")
    raise DataError(f"{label} {_TEXT.format(where='')}")


def has_inexact_integers(values: np.ndarray) -> bool:
    """Tell whether some integers are so large that float64 may not represent them."""
    if values.dtype.kind not in "iu" or values.dtype.itemsize < 8 or not values.size:
        return False
    return int(values.max()) > EXACT_INTEGERS or int(values.min()) < -EXACT_INTEGERS


def warn_of_inexact_integers(labels: Sequence[str]) -> None:
    """Warn of columns that hold such integers.

    Once for each column, always in the same words: where a table is read in pieces, or twice, equal
    warnings are shown once.

    Args:
        labels: what messages call the columns.
    """
    for label in labels[:NAMES_SHOWN]:
        warn_user(
            f"integers beyond 2^53 in {label}: float64 rounds them; subtract an offset first if "
            "the last digits matter"
        )
    if len(labels) > NAMES_SHOWN:
        warn_user("integers beyond 2^53 in further columns: float64 rounds them")


def _number(value, label: str, row: int) -> float:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return np.nan
    if isinstance(value, numbers.Real | decimal.Decimal | np.bool_):
        try:
            return float(value)
        except OverflowError:
            return -np.inf if str(value).startswith("-") else np.inf
    where = f" ({value!r:.40} in row {row}, counted from 0)"
    if isinstance(value, str | bytes):
        raise DataError(f"{label} {_TEXT.format(where=where)}")
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        raise DataError(f"{label} {_DATES.format(where=where)}")
    if isinstance(value, np.datetime64 | np.timedelta64):
        raise DataError(f"{label} {_DATES.format(where=where)}")
    if isinstance(value, complex | np.complexfloating):
        raise DataError(f"{label} is complex{where}: Complex data not supported; use its parts")
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise DataTypeError(
            f"{label} holds {value!r:.40} in row {row} (counted from 0): {error}; "
            "every value must be a number"
        ) from None
