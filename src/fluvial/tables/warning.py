"""Warnings that point at the user's own line."""

import sys
import warnings
from pathlib import Path

from fluvial.errors import DataWarning

_PACKAGE = str(Path(__file__).parents[1])


def warn_user(message: str) -> None:
    """Warn of data that can be used, at the line outside this package that passed them."""
    depth, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        depth, frame = depth + 1, frame.f_back
    warnings.warn(message, DataWarning, stacklevel=depth)
