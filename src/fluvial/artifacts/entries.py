"""The entries of a model file's header, each taken with its type and its range checked."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fluvial.errors import ModelFileError, told


class Entries:
    """An object of a header.

    Args:
        values: the object, or whatever stands in its place.
        name: what messages call it.

    Raises:
        ModelFileError: where it is no object.

    Examples:
        >>> Entries({"training": {"epochs": 3}}).below("training").whole("epochs", 0)
        3
    """

    def __init__(self, values: Any, name: str = "the header"):
        if not isinstance(values, dict):
            raise ModelFileError(f"{name} must be an object, but is {told(values)}")
        self.values = values
        self.name = name

    def __getitem__(self, name: str) -> Any:
        """Return an entry as it is; a KeyError where there is none."""
        return self.values[name]

    def below(self, name: str) -> "Entries":
        """Return an object inside this one."""
        return Entries(self[name], repr(name))

    def items(self, name: str) -> list[Any]:
        """Return a list, of anything."""
        return self._checked(name, list, "a list")

    def objects(self, name: str) -> list["Entries"]:
        """Return a list of objects."""
        return [Entries(each, f"an entry of {name!r}") for each in self.items(name)]

    def text(self, name: str) -> str:
        """Return a text."""
        return self._checked(name, str, "a text")

    def texts(self, name: str) -> list[str]:
        """Return a list of texts."""
        if not all(isinstance(each, str) for each in self.items(name)):
            raise self._refused(name, "a list of texts")
        return self[name]

    def reals(self, name: str) -> list[float]:
        """Return a list of finite numbers."""
        if not all(is_real(each) for each in self.items(name)):
            raise self._refused(name, "a list of finite numbers")
        return self[name]

    def flag(self, name: str) -> bool:
        """Return true or false."""
        return self._checked(name, bool, "true or false")

    def whole(self, name: str, low: int, high: float = math.inf) -> int:
        """Return a whole number of an interval that holds its ends."""
        value = self[name]
        if not is_whole(value) or not low <= value <= high:
            raise self._refused(name, f"a whole number in [{low}, {high}]")
        return value

    def real(self, name: str, low: float = -math.inf, high: float = math.inf) -> float:
        """Return a finite number of an interval that holds its ends."""
        value = self[name]
        if not is_real(value) or not low <= value <= high:
            raise self._refused(name, f"a finite number in [{low}, {high}]")
        return float(value)

    def real_or_none(self, name: str, low: float = -math.inf) -> float | None:
        """Return a finite number of at least `low`, or None."""
        return None if self[name] is None else self.real(name, low)

    def _checked(self, name: str, kind: type, wanted: str) -> Any:
        if not isinstance(self[name], kind):
            raise self._refused(name, wanted)
        return self[name]

    def _refused(self, name: str, wanted: str) -> ModelFileError:
        return ModelFileError(f"{self.name}: {name!r} must be {wanted}, but is {told(self[name])}")


@contextmanager
def naming(kind: str, where: str) -> Iterator[None]:
    """Turn whatever is wrong with a file's content into a ModelFileError that names the file.

    Every value is checked with a message of its own; what slips through is of these types.

    Args:
        kind: what the file holds.
        where: what messages call the file.
    """
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"{where}: {error}") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ModelFileError(f"{where} lacks what a {kind} needs: {told(error)}") from error


def is_whole(value: Any) -> bool:
    """Return whether a JSON value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_real(value: Any) -> bool:
    """Return whether a JSON value is a number that float64 holds, and finite."""
    if isinstance(value, float):
        return math.isfinite(value)
    # Compared as they are: a whole number may be too large to become a float.
    return is_whole(value) and abs(value) < 2**1023
