"""The entry point: a process with its signals and streams in order, then the application.

Little is imported at the top, so that Ctrl-C is heard from the start.
"""

import os
import signal
import sys
from typing import NoReturn

from fluvial.cli.signals import INTERRUPTION, clean_up_at_the_end, remove_unfinished
from fluvial.cli.streams import give_up_stdout, repair_streams

INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line on `sys.argv`, as the `fluvial` script does.

    Raises:
        SystemExit: 0 after success, 2 for bad input or options, 1 when training fails. A process
            that was interrupted does not return: it ends at once, with 130.
    """
    repair_streams()
    INTERRUPTION.install()
    clean_up_at_the_end()
    if hasattr(signal, "SIGPIPE"):
        # `fluvial score ... | head` ends as any other program does when its reader leaves.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    code = _run()
    if code == INTERRUPTED:
        _end_at_once()
    try:
        sys.stdout.flush()
    except OSError:  # told already
        give_up_stdout()
    sys.exit(code)


def _run() -> int:
    try:
        from fluvial.cli.application import app

        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:
        # Some libraries turn a KeyboardInterrupt into another error, at their import for one.
        if not (INTERRUPTION.pressed or isinstance(error, KeyboardInterrupt)):
            raise
        INTERRUPTION.heard()
        print("fluvial: interrupted; nothing was written", file=sys.stderr)
        return INTERRUPTED
    return 0


def _end_at_once() -> NoReturn:
    """End without waiting for what other threads still compute."""
    remove_unfinished()
    sys.stderr.flush()
    os._exit(INTERRUPTED)
