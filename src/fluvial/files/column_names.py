"""What the column names of a file must be: different from each other, and names."""

import math
import warnings
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from fluvial.errors import DataError, DataWarning, quoted

MANY = 6
"""Numbers of data rarely grow over as many columns: once in 720 rows, in any order."""


def refuse_duplicates(file: object, names: Sequence[str]) -> None:
    """Refuse a table two columns of which have one name; any number may have none.

    Args:
        file: what messages call it.
        names: of its columns.

    Raises:
        DataError: naming the columns and their places.
    """
    twice = [name for name, count in Counter(names).items() if count > 1 and name]
    if twice:
        places = [place for place, name in enumerate(names) if name == twice[0]]
        more = f" (and {len(twice) - 1} more names)" if len(twice) > 1 else ""
        raise DataError(
            f"{file}: columns {' and '.join(map(str, places))} are both named {quoted(twice[0])}"
            f"{more}; every column needs a name of its own"
        )


def are_numbers(names: Sequence[str]) -> bool:
    """Whether all names are numbers, as those of a file without a header seem to be.

    Examples:
        >>> are_numbers(["1.5", "-2"]), are_numbers(["1.5", "x"])
        (True, False)
    """
    return all(_number(name) is not None for name in names)


def warn_of_a_header_of_numbers(file: object, names: Sequence[str]) -> None:
    """Warn where the names may be a row of data.

    Numbers that grow from one column to the next are names where they count, as the 0, 1, 2, ...
    of pandas do, or are many, as the wavelengths of a spectrum are.
    """
    numbers = [number for number in map(_number, names) if number is not None]
    if len(numbers) < len(names):
        return
    counted = numbers[0] in (0, 1) and all(b == a + 1 for a, b in pairwise(numbers))
    if counted or (len(names) >= MANY and all(a < b for a, b in pairwise(numbers))):
        return
    warnings.warn(
        f"{file}: the column names are numbers; if they are a row of data, put a line of names"
        " above it",
        DataWarning,
        stacklevel=2,
    )


def _number(name: str) -> float | None:
    try:
        number = float(name)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
