"""Ctrl-C as a request to stop at the end of the next segment."""

import signal
import threading
import time

ECHO_SECONDS = 0.1
"""Seconds in which a further Ctrl-C counts as the same: a shell and a parent may both send it."""

_active: list["Interrupt"] = []


class Interrupt:
    """While active, the first Ctrl-C only sets `asked`; the second one interrupts as usual.

    So the first is not lost where JAX calls back into Python and drops what is raised there. Who
    enters the outermost looks at `asked` after it has left, since a press may come at the very end.

    The outermost of the main thread has the handler; inside it, and in other threads, where Python
    allows no handlers, an interrupt is told by that one. Where the process ignores Ctrl-C, it
    stays ignored.

    Attributes:
        asked: whether Ctrl-C was pressed.
        is_outermost: whether it has the handler.
    """

    asked: bool
    is_outermost: bool

    def __init__(self):
        self.asked, self.is_outermost = False, False
        self._inside: list[Interrupt] = []
        self._first_pressed = 0.0
        self._previous = None

    def __enter__(self):
        if _active:
            # First on the list, then the look: so no press falls between the two.
            _active[0]._inside.append(self)
            if _active[0].asked:
                self.asked = True
        elif threading.current_thread() is threading.main_thread():
            self._previous = signal.getsignal(signal.SIGINT)
            # None is a handler that was not set from Python, and could not be put back.
            if self._previous not in (None, signal.SIG_IGN):
                _active.append(self)
                self.is_outermost = True
                signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *exception):
        if self.is_outermost:
            if self.asked:
                # Python's own handler would take an echo for a second press.
                left = self._first_pressed + ECHO_SECONDS - time.monotonic()
                time.sleep(max(left, 0.0))
            signal.signal(signal.SIGINT, self._previous)
            _active.remove(self)
            self.is_outermost = False
            self._inside.clear()

    def _handle(self, signum, frame):
        now = time.monotonic()
        if not self.asked:
            self._first_pressed = now
            for each in (self, *self._inside):
                each.asked = True
        elif now - self._first_pressed > ECHO_SECONDS:
            raise KeyboardInterrupt
