"""Counts of work, which a busy machine does not change as it changes times."""

import sys

FEW, MANY = 50, 400
"""Numbers of columns between which the growth of work is looked at."""


def n_calls(function, *arguments) -> int:
    """Count the calls of functions, those of compiled code included, that a call makes."""
    count = 0

    def remember(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(remember)
    try:
        function(*arguments)
    finally:
        sys.setprofile(None)
    return count


class CountedName(str):
    """A name that counts how often names are compared."""

    __slots__ = ()
    n_comparisons = 0

    def __eq__(self, other):
        CountedName.n_comparisons += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__
