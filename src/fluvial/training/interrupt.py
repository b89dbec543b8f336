"""Ctrl-C as a request to stop at the next segment."""

import signal
import threading

_active: list["Interrupt"] = []


class Interrupt:
    """While active, the first Ctrl-C only sets `asked`; the second one interrupts as usual.

    The outermost of the main thread has the handler; inside it, and in other threads, where Python
    allows no handlers, an interrupt repeats what that one says.
    """

    def __init__(self):
        self._of_main: Interrupt = self
        self._asked = False
        self._previous = None

    def __enter__(self):
        if _active:
            self._of_main = _active[0]
        elif threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._handle)
            _active.append(self)
        return self

    def __exit__(self, *exception):
        if self.is_outermost:
            _active.remove(self)
            signal.signal(signal.SIGINT, self._previous)

    @property
    def asked(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._of_main._asked

    @property
    def is_outermost(self) -> bool:
        """Whether it has the handler."""
        return self in _active

    def _handle(self, signum, frame):
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
