"""The standard streams of a process, whole even where some of them are closed or full."""

import io
import os
import sys

from fluvial.files.standard_streams import STDOUT, BestEffort, WholeWriter

_stdout_was_closed = False


def repair_streams() -> None:
    """Put streams in place that lose no result and never mix with files.

    A closed descriptor is filled, or the next file that is opened would take its number, and what
    some library prints would end up in it. Python itself has None for such a stream, and `print`
    then prints errors to stdout. Remarks that stderr does not take are dropped: the exit code
    still tells; a result that stdout does not take is an OSError.
    """
    global _stdout_was_closed
    _stdout_was_closed = sys.stdout is None
    for descriptor, mode in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        _fill(descriptor, mode)
    out, err = sys.stdout, sys.stderr
    sys.stdin = sys.stdin or io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)))
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(WholeWriter(1, STDOUT)),
        encoding=out.encoding if out else "utf-8",
        # A column's name that the terminal cannot show is no reason to fail.
        errors="backslashreplace",
        line_buffering=out is not None and bool(out.line_buffering),
    )
    sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(BestEffort(2)),
        encoding=err.encoding if err else "utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )


def nobody_reads_stdout() -> bool:
    """Return whether the process was started with a closed stdout."""
    return _stdout_was_closed


def give_up_stdout() -> None:
    """Point stdout to nowhere, so that Python does not try once more, and fail, as it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _fill(descriptor: int, mode: int) -> None:
    """Open /dev/null in place of a closed stream; reading 0 and writing 1 still fail there."""
    try:
        os.fstat(descriptor)
    except OSError:
        opened = os.open(os.devnull, mode)
        if opened != descriptor:
            os.dup2(opened, descriptor)
            os.close(opened)
        os.set_inheritable(descriptor, True)
