"""The time that a fit of several densities may take."""

import time

from fluvial.training.interrupt import Interrupt

FLOW_SECONDS = 10.0
"""With less time no flow is trained: to compile one takes most of it."""


class Clock:
    """Shares a limit of time out among fits.

    The first fits share all the time there is. Those after them, which would be nice to have, may
    take what is left.

    Args:
        seconds: all the time there is; None without a limit.
        n_first: how many fits share it.
        n_at_once: how many fits run side by side.
        interrupt: Ctrl-C ends the time, too.

    Attributes:
        is_for_flows: whether there is time enough to train flows.
    """

    is_for_flows: bool

    def __init__(self, seconds: float | None, n_first: int, n_at_once: int, interrupt: Interrupt):
        self._until = None if seconds is None else time.monotonic() + seconds
        self.is_for_flows = seconds is None or seconds >= FLOW_SECONDS
        self._n_first, self._n_at_once = n_first, n_at_once
        self._interrupt = interrupt

    def is_up(self) -> bool:
        """Return whether the time is over, or Ctrl-C was pressed."""
        late = self._until is not None and time.monotonic() >= self._until
        return late or self._interrupt.asked

    def share(self) -> float | None:
        """Return the seconds of the next fit, None without a limit, next to 0 where it is over."""
        if self._until is None:
            return None
        left = max(self._until - time.monotonic(), 1e-3)
        share = min(self._n_at_once / max(self._n_first, 1), 1)
        self._n_first -= 1
        return left * share
