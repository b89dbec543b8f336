"""The error and warning types of Fluvial, and how their messages list names."""

import reprlib
import shlex
from collections.abc import Sequence
from typing import Any

NAMES_SHOWN = 5
"""Names that a message lists before it only counts them."""

NAME_START, NAME_END = 40, 15
"""Characters of a long name's start and end that a message shows."""


class DataError(ValueError):
    """The user's data cannot be used; the message names the column, the row and what to do."""


class RowError(DataError):
    """A row of the user's data cannot be used; rows count from 0 in what was given.

    Args:
        message: with `{row}` where it names the row.
        row: its place.
        where: what the row is of, such as a file and its column; empty for what was given.

    Examples:
        >>> error = RowError("time goes back at {row}", 2)
        >>> str(error), str(error.of_file("log.csv", 290))
        ('time goes back at row 2', 'log.csv: time goes back at data row 292')
    """

    def __init__(self, message: str, row: int, where: str = ""):
        super().__init__(message, row, where)
        self.message, self.row, self.where = message, row, where

    def __str__(self) -> str:
        if not self.where:
            return self.message.replace("{row}", f"row {self.row}")
        return f"{self.where}: " + self.message.replace("{row}", f"data row {self.row}")

    def of_file(self, where: str, first_row: int) -> "RowError":
        """Return the same error of a file whose rows from `first_row` on were given."""
        return RowError(self.message, self.row + first_row, where)


class ShapeError(ValueError):
    """An array does not have the declared shape; the message shows both shapes."""


class DomainError(ValueError):
    """A value lies where a map is not defined; the message names value, place and domain."""


class ModelFileError(ValueError):
    """A model file is truncated, altered, of an unknown version or of another kind."""


class TrainingError(RuntimeError):
    """Training cannot go on; the message names the epoch."""


class ClosedFormError(NotImplementedError):
    """A distribution has no closed form of what is asked for; the message says what will do."""


class ForkError(RuntimeError):
    """A fork of a process in which JAX had computed cannot compute; the message says what can."""


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C has ended training; what was learned until then is kept here.

    Attributes:
        flow: the best model so far, the start where no epoch had ended; of an ensemble a list.
        history: its `fluvial.training.History`, with `best_epoch` 0 where `flow` is the start; of
            an ensemble a list.
    """

    def __init__(self, message: str = "", flow: Any = None, history: Any = None):
        super().__init__(message)
        self.flow = flow
        self.history = history


class DataWarning(UserWarning):
    """The data can be used, but not as they are; the message says what was done about it."""


def listed(names: Sequence[str], *, quote: bool = True) -> str:
    """Return the first few names, and how many more there are.

    Examples:
        >>> listed(["a", "b"])
        "'a', 'b'"
    """
    shown = ", ".join(quoted(name) if quote else name for name in names[:NAMES_SHOWN])
    n_more = len(names) - NAMES_SHOWN
    return f"{shown} and {n_more} more" if n_more > 0 else shown


def quoted(name: str) -> str:
    """Return a name in quotation marks, a very long one without its middle.

    Examples:
        >>> quoted("speed"), quoted(""), quoted("x" * 1000)
        ("'speed'", "''", "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxx'")
    """
    if len(name) > NAME_START + NAME_END + len("..."):
        name = f"{name[:NAME_START]}...{name[-NAME_END:]}"
    return repr(name)


def for_shell(name: str) -> str:
    """Return a name as it is typed in a shell, on one line.

    Examples:
        >>> print(for_shell("speed"), for_shell("wind speed"), for_shell("line\\nend"))
        speed 'wind speed' $'line\\x0aend'
    """
    if name.isprintable() and "  " not in name:
        return shlex.quote(name)
    # In this form of Bash and its like blanks that a message would lose can be escaped, too.
    return "$'" + "".join(_escaped(character) for character in name) + "'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    if character.isprintable() and character != " ":
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 128 else f"\\U{code:08x}"


def printable(text: str) -> str:
    r"""Return a text that a terminal only shows: what it would obey or cannot show is escaped.

    Names come from files of others, and may hold the codes that move a terminal's cursor, set its
    title or reverse its writing, line ends, and halves of surrogate pairs.

    Examples:
        >>> printable("a\x1b[2Jb\u202e")
        'a\\x1b[2Jb\\u202e'
    """
    if text.isprintable():
        return text
    # repr escapes just these; a quotation mark or a backslash is printable and stays.
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def told(value: Any) -> str:
    """Return the start of what a value looks like in code, for messages.

    Examples:
        >>> told("x" * 1000)
        "'xxxxxxxxxxxx...xxxxxxxxxxxxx'"
    """
    return printable(reprlib.repr(value))
