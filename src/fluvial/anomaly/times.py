"""When rows were: numbers, dates or durations, and how far they are from the first of them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from fluvial.errors import DataError, RowError, told

SECOND = np.timedelta64(1, "s")


def checked_times(times: Any, n_rows: int) -> np.ndarray:
    """Return the time of each row, which must not fall; the rows' places where there are none.

    Dates and whole numbers are counted from the first of them, which keeps their distances exact.

    Args:
        times: `(n_rows,)` numbers or dates, of which a second becomes the unit, as `times_of` takes
            them; or None.
        n_rows: how many there must be.

    Raises:
        DataError: where one is missing, or lies before the one of the row above.
    """
    if times is None:
        return np.arange(float(n_rows))
    given = times_of(times)
    if given.shape != (n_rows,):
        raise DataError(f"{n_rows} rows need as many times, not {given.shape}")
    missing = np.isnat(given) if given.dtype.kind == "M" else ~np.isfinite(given)
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        raise RowError("the time of {row} is missing or not finite", row)
    falls = given[1:] < given[:-1]
    if falls.any():
        row = int(np.flatnonzero(falls)[0]) + 1
        raise RowError("time goes back at {row}; sort the rows by their time first", row)
    return _from_first(given)


def times_of(times: Any) -> np.ndarray:
    """Return times as an array: numbers as they are, dates as datetime64, durations in seconds.

    Args:
        times: numbers, dates (of NumPy, of the standard library, or of a data frame; those with a
            zone become those of UTC) or durations (timedeltas), in an array, a series or a list.

    Raises:
        DataError: for anything else, and for dates with a zone beside ones without.

    Examples:
        >>> times_of([np.datetime64("2026-01-31T12:00"), None])
        array(['2026-01-31T12:00',              'NaT'], dtype='datetime64[m]')
    """
    kind: Any = getattr(times, "dtype", None)
    if getattr(kind, "tz", None) is not None:  # pandas would make an object of each date
        found = np.asarray(times, f"datetime64[{kind.unit}]")
    else:
        found = np.asarray(times)
    if found.dtype.kind == "O":
        found = _of_objects(found.ravel().tolist(), times).reshape(found.shape)
    if found.dtype.kind == "m":
        return found / SECOND  # NaN where it is NaT
    if found.dtype.kind not in "iufM":
        raise _no_times(times)
    return found


def _of_objects(values: list[Any], times: Any) -> np.ndarray:
    """Return dates or durations of Python, None and NaT among them, as NumPy's."""
    known = [value for value in values if not _is_missing(value)]
    if known and all(isinstance(value, date | np.datetime64) for value in known):
        zones = {getattr(value, "tzinfo", None) is not None for value in known}
        if len(zones) > 1:
            raise DataError("some times have a zone and some have none; give all of them one")
        return _array(values, np.datetime64("NaT"), _date)
    if known and all(isinstance(value, timedelta | np.timedelta64) for value in known):
        return _array(values, np.timedelta64("NaT"), _duration)
    raise _no_times(times)


def _array(values: list[Any], missing: Any, convert: Callable[[Any], Any]) -> np.ndarray:
    return np.array([missing if _is_missing(value) else convert(value) for value in values])


def _is_missing(value: Any) -> bool:
    """Whether a value is None, or a NaN or NaT, which differ from themselves."""
    return value is None or (isinstance(value, float | date | np.generic) and value != value)


def _date(value: Any) -> np.datetime64:
    if hasattr(value, "to_datetime64"):  # of pandas, in UTC
        return value.to_datetime64()
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(value)


def _duration(value: Any) -> np.timedelta64:
    if hasattr(value, "to_timedelta64"):  # of pandas
        return value.to_timedelta64()
    return np.timedelta64(value)


def _no_times(times: Any) -> DataError:
    return DataError(
        "times must be numbers or dates (datetime64, datetime, or those of a data frame, with a "
        f"zone or without) or timedeltas, not {told(times)}"
    )


def _from_first(given: np.ndarray) -> np.ndarray:
    """Return times `(n,)`, not falling, as float64: dates in seconds and whole numbers since the
    first of them.
    """
    if not len(given) or given.dtype.kind == "f":
        return given.astype(np.float64)
    if given.dtype.kind == "M":
        if np.datetime_data(given.dtype)[0] in ("Y", "M"):  # which are not of one length
            given = given.astype("datetime64[D]")
        return (given - given[0]) / SECOND
    # Modulo 2^64 the distance is right where the difference of signed integers would overflow.
    whole = given.astype(np.uint64)
    return (whole - whole[0]).astype(np.float64)
