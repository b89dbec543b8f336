"""Two cores for every process that is timed."""

import os

CORES = 2


def keep_to_cores() -> None:
    """Keep this process, and its children, to the first two cores that it may use.

    Where the system cannot (macOS), libraries use as many threads as they like.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
