"""Which data rows of a file to use."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class RowRange:
    """A half-open range of data rows, which count from 0.

    Args:
        start: the first row.
        stop: the row after the last one; None for the end of the file.
        name: what messages call the range, such as the option that gave it.

    Examples:
        >>> RowRange(2, 99).within(10)
        (2, 10)
    """

    start: int = 0
    stop: int | None = None
    name: str = field(default="rows", compare=False)

    def within(self, n_rows: int) -> tuple[int, int]:
        """The range cut to a file of `n_rows` rows, as a slice of a list is."""
        stop = n_rows if self.stop is None else min(self.stop, n_rows)
        return min(self.start, n_rows), stop

    def __str__(self) -> str:
        return f"{self.start}:{'' if self.stop is None else self.stop}"
