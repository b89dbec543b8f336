"""Ctrl-C and the signals that end a process."""

import os
import signal
import sys
from typing import Any

AGAIN_SECONDS = 0.5
"""Seconds after which an interrupt that nobody has heard is raised once more."""

LATER_SECONDS = 0.05
"""Seconds after which an interrupt is raised that came while a compiled module was imported."""

ENDING = ("SIGTERM", "SIGHUP")
"""Signals that ask a process to end."""


class Interruption:
    """Ctrl-C that is heard once, and for certain.

    JAX drops an exception that is raised while it calls back into Python, so that Ctrl-C would be
    lost there: it is raised again and again until `heard`. From then on further ones are ignored,
    since one that comes while Python ends would replace the exit code.
    """

    def __init__(self):
        self.pressed = False

    def install(self) -> None:
        """Handle Ctrl-C from now on; where the process ignores it, it stays ignored."""
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            return
        signal.signal(signal.SIGINT, self._raise)
        if hasattr(signal, "SIGALRM"):
            signal.signal(signal.SIGALRM, self._raise)
        sys.unraisablehook = _all_but_interrupts(sys.unraisablehook)

    def heard(self) -> None:
        """Tell that the interrupt has arrived."""
        if self.pressed:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            if hasattr(signal, "SIGALRM"):
                signal.setitimer(signal.ITIMER_REAL, 0)

    def _raise(self, signum: int, frame: Any) -> None:
        self.pressed = True
        if hasattr(signal, "SIGALRM"):
            is_early = _within_compiled_import(frame)
            signal.setitimer(signal.ITIMER_REAL, LATER_SECONDS if is_early else AGAIN_SECONDS)
            if is_early:
                return
        raise KeyboardInterrupt


INTERRUPTION = Interruption()
"""Of this process."""


def clean_up_at_the_end() -> None:
    """Remove unfinished files where a signal ends the process; ignored ones stay ignored."""
    for name in ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def remove_unfinished() -> None:
    """Remove the temporary files of this process."""
    # Not imported, since much comes with it: where it is not there, no file was begun.
    atomic = sys.modules.get("fluvial.artifacts.atomic")
    if atomic is not None:
        atomic.remove_unfinished()


def _end(signum: int, frame: Any) -> None:
    remove_unfinished()
    # It dies of the signal, so that its parent is told.
    signal.signal(signum, signal.SIG_DFL)
    os.kill(os.getpid(), signum)


def _within_compiled_import(frame: Any) -> bool:
    """Whether a compiled module is being set up: an exception in what it calls ends the process."""
    while frame is not None:
        if frame.f_code.co_qualname.startswith("ExtensionFileLoader."):
            return True
        frame = frame.f_back
    return False


def _all_but_interrupts(hook: Any) -> Any:
    def show(unraisable: Any) -> None:
        if not isinstance(unraisable.exc_value, KeyboardInterrupt):
            hook(unraisable)

    return show
