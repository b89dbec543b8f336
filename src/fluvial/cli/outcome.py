"""What a command has written so far, for the message of one that does not end well."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_written: list[str] = []


def start_afresh() -> None:
    """Forget what an earlier command of this process has written."""
    _written.clear()


def so_far() -> str:
    """Return what has been written, empty for nothing."""
    return "; ".join(_written)


def keeps(path: Path) -> None:
    """Remember that a file is kept from which the command can go on."""
    _written.append(f"--resume goes on from {path}")


@contextmanager
def writing(path: Path | None) -> Iterator[None]:
    """Remember what the block writes: a file, whole or not at all, or a table to stdout (None)."""
    if path is None:
        _written.append("the table on stdout is not whole")
    yield
    if path is None:
        _written[-1] = "the table on stdout is whole"
    else:
        _written.append(f"{path} is written")
