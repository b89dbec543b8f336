"""`--rows START:STOP`: which data rows of a file to use."""

import re

from fluvial.cli.failures import bad_option
from fluvial.files.row_range import RowRange

_OPTION = "--rows"


def parse_rows(text: str | None) -> RowRange:
    """Read START:STOP; either end may be empty.

    Raises:
        typer.BadParameter: for anything else, and for a range that holds no row.
    """
    if text is None:
        return RowRange(name=_OPTION)
    match = re.fullmatch(r"\s*(\d*)\s*:\s*(\d*)\s*", text)
    if match is None:
        bad_option(_OPTION, f"{text!r} is not START:STOP, such as 0:3000, 3000: or :500")
    start, stop = match.groups()
    rows = RowRange(int(start or 0), int(stop) if stop else None, name=_OPTION)
    if rows.stop is not None and rows.stop <= rows.start:
        bad_option(_OPTION, f"{text!r} holds no row: STOP must be greater than START")
    return rows
