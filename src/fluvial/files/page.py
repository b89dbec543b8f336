"""Where the two files of a report go: the page, and the same as JSON."""

import os
from pathlib import Path

from fluvial.errors import DataError

SUFFIXES = (".html", ".htm")
"""What the name of a page ends in."""


def json_beside(path: str | os.PathLike) -> Path:
    """Return where the JSON of a page goes.

    Raises:
        DataError: where the page's name does not end in .html.

    Examples:
        >>> json_beside("out/report.html").name
        'report.json'
    """
    page = Path(path)
    if page.suffix.lower() not in SUFFIXES:
        raise DataError(f"{page}: the report must end in .html; its JSON is put beside it")
    return page.with_suffix(".json")
