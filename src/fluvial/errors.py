"""The error and warning types of Fluvial, and how their messages list names."""

from collections.abc import Sequence
from typing import Any

NAMES_SHOWN = 5
"""Names that a message lists before it only counts them."""


class DataError(ValueError):
    """The user's data cannot be used; the message names the column, the row and what to do."""


class ShapeError(ValueError):
    """An array does not have the declared shape; the message shows both shapes."""


class ModelFileError(ValueError):
    """A model file is truncated, altered, of an unknown version or of another kind."""


class TrainingError(RuntimeError):
    """Training cannot go on; the message names the epoch."""


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
    shown = ", ".join(repr(name) if quote else name for name in names[:NAMES_SHOWN])
    n_more = len(names) - NAMES_SHOWN
    return f"{shown} and {n_more} more" if n_more > 0 else shown
