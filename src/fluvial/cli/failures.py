"""How the command line fails and warns: one line on stderr and an exit code, never a traceback."""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from fluvial.cli import outcome
from fluvial.cli.signals import INTERRUPTION
from fluvial.cli.terminal import escape_what_streams_cannot_encode
from fluvial.errors import TrainingError, printable

BAD_INPUT = 2
TRAINING_FAILED = 1
INTERRUPTED = 130


class OneLineErrors(TyperGroup):
    """A command group that turns every foreseen failure into one line and an exit code."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line; see click's `BaseCommand.main`.

        `standalone_mode=False` returns the exit code instead of raising SystemExit, which lets
        one verb run others in the same process; it leaves interrupts to that verb.
        """
        escape_what_streams_cannot_encode()
        if standalone_mode:
            outcome.start_afresh()
        with _one_line_warnings():
            try:
                result = super().main(
                    args, prog_name or self.name, complete_var, False, windows_expand_args, **extra
                )
                sys.stdout.flush()
                code = result if isinstance(result, int) else 0
                if code == INTERRUPTED:  # typer has turned the KeyboardInterrupt into a code
                    raise KeyboardInterrupt
            except (Exception, KeyboardInterrupt) as error:
                # Some libraries turn a KeyboardInterrupt into an error of theirs.
                raised = KeyboardInterrupt() if INTERRUPTION.pressed else error
                if isinstance(raised, KeyboardInterrupt) and not standalone_mode:
                    raise raised from None
                code = _report(raised)
        if standalone_mode:
            sys.exit(code)
        return code


def bad_option(option: str, problem: str) -> NoReturn:
    """Refuse the value of an option, as typer itself does for the types it knows.

    Raises:
        typer.BadParameter: always, naming the option and the problem.
    """
    raise typer.BadParameter(problem, param_hint=f"'{option}'")


def say(line: str) -> None:
    """Write one line to stderr, where progress and remarks go."""
    print(_one_line(line), file=sys.stderr, flush=True)


def _report(error: BaseException) -> int:
    """Say what went wrong on one line; give the exit code, or raise what nobody foresaw."""
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        INTERRUPTION.heard()
        say(f"fluvial: interrupted; {outcome.so_far() or 'nothing was written'}")
        return INTERRUPTED
    if hasattr(error, "format_message"):  # click's own errors, whichever click typer carries
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.format_message(), file=sys.stderr)  # pyright: ignore[reportAttributeAccessIssue]
            return BAD_INPUT
        say(f"fluvial: error: {error.format_message()}")  # pyright: ignore[reportAttributeAccessIssue]
        return BAD_INPUT
    if isinstance(error, TrainingError):
        say(f"fluvial: error: training failed: {error}")
        return TRAINING_FAILED
    if isinstance(error, MemoryError):
        say("fluvial: error: not enough memory; fit fewer rows with --rows START:STOP")
        return BAD_INPUT
    if isinstance(error, OSError):
        say(f"fluvial: error: {'; '.join(filter(None, (_name_file(error), outcome.so_far())))}")
        return BAD_INPUT
    if isinstance(error, ValueError):  # DataError, ShapeError, ModelFileError and bad settings
        say(f"fluvial: error: {error}")
        return BAD_INPUT
    raise error


def _name_file(error: OSError) -> str:
    """`strerror: 'file'` rather than `[Errno 2] strerror: 'file'`."""
    if error.strerror is None:
        return str(error)
    if error.filename is None:
        return error.strerror
    return f"{os.fspath(error.filename)!r}: {error.strerror}"


def _one_line(message: str) -> str:
    return printable(" ".join(str(message).split()))


@contextmanager
def _one_line_warnings() -> Iterator[None]:
    """Show warnings as one line on stderr, every one of ours, in place of file and source line."""

    shown = set()

    def show(message, category, filename, lineno, file=None, line=None):
        # A table that is checked twice is warned of once.
        if str(message) not in shown:
            shown.add(str(message))
            say(f"fluvial: warning: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield
