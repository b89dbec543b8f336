"""The two JSON texts of a model file: parsed within limits, so that memory stays in proportion."""

import json
from typing import Any, NoReturn

LONGEST_HEADER = 32_000_000
"""Bytes that the header may have: as much as the names of 100,000 columns take, and more."""

MOST_VALUES = 1_000_000
"""Values that the header may hold. Each takes up to a hundred bytes of memory once it is parsed."""


def parse(text: str) -> Any:
    """Return what a JSON text holds.

    Raises:
        ValueError: where it is not JSON, which knows no NaN and no infinities, or is nested too
            deeply; where it holds more values than `MOST_VALUES`.

    Examples:
        >>> parse('{"a": [1, 2]}')
        {'a': [1, 2]}
    """
    # Marks inside texts count too: the bound need not be sharp.
    if sum(map(text.count, ",:[{")) > MOST_VALUES:
        raise ValueError(f"it holds more than {MOST_VALUES:,} values")
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def compose(value: Any) -> str:
    """Return the JSON text of a value, in ASCII, with the keys in their order.

    Raises:
        ValueError: where JSON cannot hold it, or `parse` would not read it.
    """
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, RecursionError) as error:
        raise ValueError(f"the header holds what JSON cannot: {error}") from None
    # Within the file each backslash and quotation mark takes a byte more.
    length = len(text) + text.count("\\") + text.count('"')
    if length > LONGEST_HEADER or sum(map(text.count, ",:[{")) > MOST_VALUES:
        raise ValueError(
            f"the header is too long for a model file: {length:,} bytes, where {LONGEST_HEADER:,} "
            f"and {MOST_VALUES:,} values are read; shorten the notes or the columns' names"
        )
    return text


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
