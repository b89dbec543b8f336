"""Checks of single hyperparameters."""

import numbers
from typing import Any


def whole(name: str, value: Any, *, or_none: bool = False) -> int:
    """Return a whole number of at least 1.

    Raises:
        ValueError: naming the hyperparameter, its range and what it is.
    """
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
        also = " or None" if or_none else ""
        raise ValueError(f"{name} must be a whole number of at least 1{also}, but is {value!r}")
    return int(value)


def real(name: str, value: Any, low: float, high: float, ends: str) -> float:
    """Return a real number inside an interval.

    Args:
        name: of the hyperparameter.
        value: anything.
        low: the lower end.
        high: the upper end.
        ends: the brackets of the interval, such as "[)": which of its ends belong to it.

    Raises:
        ValueError: naming the hyperparameter, its range and what it is.
    """
    is_real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    number = float(value) if is_real else float("nan")
    above = number >= low if ends[0] == "[" else number > low
    below = number <= high if ends[1] == "]" else number < high
    if not (above and below):
        interval = f"{ends[0]}{low}, {high}{ends[1]}"
        raise ValueError(f"{name} must lie in {interval}, but is {value!r}")
    return number
