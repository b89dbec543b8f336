"""`--rows START:STOP`: which data rows of a file to use."""

import re
from dataclasses import dataclass

from fluvial.cli.failures import bad_option


@dataclass(frozen=True)
class Rows:
    """A half-open range of data rows, which count from 0.

    Args:
        start: the first row.
        stop: the row after the last one; None for the end of the file.
    """

    start: int = 0
    stop: int | None = None

    def within(self, n_rows: int) -> tuple[int, int]:
        """The range cut to a file of `n_rows` rows, as a slice of a list is."""
        stop = n_rows if self.stop is None else min(self.stop, n_rows)
        return min(self.start, n_rows), stop

    def __str__(self) -> str:
        return f"{self.start}:{'' if self.stop is None else self.stop}"


def parse_rows(text: str | None) -> Rows:
    """Read START:STOP; either end may be empty.

    Raises:
        typer.BadParameter: for anything else, and for a range that holds no row.
    """
    if text is None:
        return Rows()
    match = re.fullmatch(r"\s*(\d*)\s*:\s*(\d*)\s*", text)
    if match is None:
        bad_option("--rows", f"{text!r} is not START:STOP, such as 0:3000, 3000: or :500")
    start, stop = match.groups()
    rows = Rows(int(start or 0), int(stop) if stop else None)
    if rows.stop is not None and rows.stop <= rows.start:
        bad_option("--rows", f"{text!r} holds no row: STOP must be greater than START")
    return rows
