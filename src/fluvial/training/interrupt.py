"""Ctrl-C as a request to stop at the next segment."""

import signal
import threading


class Interrupt:
    """While active, the first Ctrl-C only sets `asked`; the second one interrupts as usual.

    Outside the main thread, where Python allows no handlers, it does nothing.
    """

    def __init__(self):
        self.asked = False
        self._previous = None

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *exception):
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)

    def _handle(self, signum, frame):
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
