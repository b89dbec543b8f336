"""Choosing records, and their numbers in text."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from benchmarks.studies.kept import Record

NONE = "-"


def where(records: Iterable[Record], **wanted: Any) -> list[Record]:
    """Return the records of these values whose training did not fail."""
    return [
        record
        for record in records
        if "failed" not in record
        and all(name in record and record[name] == value for name, value in wanted.items())
    ]


def values(records: Iterable[Record], name: str, **wanted: Any) -> list[Any]:
    """Return one of the findings of each record of these values that has it."""
    return [record[name] for record in where(records, **wanted) if name in record]


def mean(numbers: list[float]) -> float | None:
    """Return the mean, or None of nothing."""
    return float(np.mean(numbers)) if numbers else None


def text(number: float | None, digits: int = 3) -> str:
    """Return a number with so many digits after the point; a dash for None."""
    return NONE if number is None else f"{number:.{digits}f}"


def mean_text(numbers: list[float], digits: int = 3) -> str:
    """Return the mean, and with several numbers their standard deviation."""
    if len(numbers) < 2:
        return text(mean(numbers), digits)
    return f"{np.mean(numbers):.{digits}f} ± {np.std(numbers, ddof=1):.{digits}f}"


def distinct(records: Iterable[Record], name: str) -> list[Any]:
    """Return the values of one name, in order of their first use."""
    return list(dict.fromkeys(record[name] for record in records if name in record))
