"""The time that a fit of several densities may take."""

import time

from fluvial.training.interrupt import Interrupt

FIRST_FLOW, FURTHER_FLOW = 10.0, 30.0
"""Seconds from which there is time for one flow, and those that each further flow needs.

To compile a flow takes most of the first; three flows that share too little time are worse than
one that has it alone.
"""


def flows_within(seconds: float | None, n_flows: int) -> int:
    """Return for how many of the flows there is time; None is no limit."""
    if seconds is None or seconds == float("inf"):
        return n_flows
    affordable = int((seconds - FIRST_FLOW + FURTHER_FLOW) // FURTHER_FLOW)
    return min(max(affordable, 0), n_flows)


class TimeBudget:
    """Shares a limit of time out among fits.

    The flows' fits to the first fold share all the time there is. Those to later folds, which would
    be nice to have, may take what is left.

    Args:
        seconds: all the time there is; None without a limit.
        n_flows: how many flows there are.
        n_at_once: how many fits run side by side.
        interrupt: Ctrl-C ends the time, too.

    Attributes:
        n_flows: for how many flows there is time.
    """

    n_flows: int

    def __init__(self, seconds: float | None, n_flows: int, n_at_once: int, interrupt: Interrupt):
        self._until = None if seconds is None else time.monotonic() + seconds
        self.n_flows = flows_within(seconds, n_flows)
        self._n_left, self._n_at_once = self.n_flows, n_at_once
        self._interrupt = interrupt

    @property
    def is_limited(self) -> bool:
        """Whether there is a limit."""
        return self._until is not None and self._until < float("inf")

    def is_up(self) -> bool:
        """Return whether the time is over, or Ctrl-C was pressed."""
        late = self._until is not None and time.monotonic() >= self._until
        return late or self.is_interrupted()

    def is_interrupted(self) -> bool:
        """Return whether Ctrl-C was pressed."""
        return self._interrupt.asked

    def share(self) -> float | None:
        """Return the seconds of the next fit, None without a limit, next to 0 where it is over."""
        if self._until is None:
            return None
        left = max(self._until - time.monotonic(), 1e-3)
        share = min(self._n_at_once / max(self._n_left, 1), 1)
        self._n_left -= 1
        return left * share
