"""What the device can do at once."""

import os

import jax


def n_side_by_side() -> int:
    """Return how many programs the device runs at once: a CPU one on each of its cores."""
    if jax.default_backend() != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
