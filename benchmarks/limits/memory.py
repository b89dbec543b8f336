"""Resident memory of a process that fits one table after the other, all of different shapes."""

import resource
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from benchmarks.limits.isolated import in_own_process

from fluvial.errors import DataWarning

N_FITS, QUICK_FITS = 100, 3
TOLD_EVERY = 10
MAX_COLUMNS = 25

HEADER = ("fits", "resident MB", "most so far")


def rows(*, quick: bool) -> Iterator[tuple[str, ...]]:
    """Fit masked autoregressive flows of 1 to 25 columns and 1 to 4 layers for one epoch each."""
    for n, now, most in in_own_process(_fit_many, QUICK_FITS if quick else N_FITS):
        yield str(n), f"{now:.0f}", f"{most:.0f}"


def _fit_many(n_fits: int) -> list[tuple[int, float, float]]:
    from fluvial import FlowDensity  # late: the process that starts others stays without JAX

    warnings.simplefilter("ignore", DataWarning)
    rng, told = np.random.default_rng(0), []
    for i in range(n_fits):
        table = rng.normal(size=(200, 1 + i % MAX_COLUMNS))
        flow = FlowDensity(flow="maf", n_layers=1 + i // MAX_COLUMNS, max_epochs=1, random_state=0)
        flow.fit(table).score_samples(table)
        if (i + 1) % TOLD_EVERY == 0 or i + 1 == n_fits:
            told.append((i + 1, *_megabytes()))
    return told


def _megabytes() -> tuple[float, float]:
    """Return what is resident now, where Linux tells it, and the most so far."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6  # Linux counts KiB
    told = Path("/proc/self/statm")
    if not told.exists():
        return most, most
    return int(told.read_text().split()[1]) * resource.getpagesize() / 1e6, most
