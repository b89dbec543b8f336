"""By how much a cold fit passes `max_seconds`."""

import time
import warnings
from collections.abc import Iterator

from benchmarks.limits.isolated import in_own_process
from benchmarks.speed import data

from fluvial.errors import DataWarning

LIMITS, QUICK_LIMITS = (1.0, 5.0, 12.0, 50.0), (1.0,)
FLOWS = ("auto", "neural_spline_flow", "maf", "real_nvp")
SHAPE, QUICK_SHAPE = (1_000, 5), (60, 2)

HEADER = ("flow", "max_seconds", "took", "beyond it", "epochs")


def rows(*, quick: bool) -> Iterator[tuple[str, ...]]:
    """Fit a table of 1,000 rows and five columns, each time in a fresh process."""
    for flow in FLOWS[1:3] if quick else FLOWS:
        for limit in QUICK_LIMITS if quick else LIMITS:
            shape = QUICK_SHAPE if quick else SHAPE
            seconds, epochs = in_own_process(_fit, flow, limit, shape)
            yield flow, f"{limit:g}", f"{seconds:.1f}", f"{seconds - limit:+.1f}", str(epochs)


def _fit(flow: str, limit: float, shape: tuple[int, int]) -> tuple[float, int]:
    from fluvial import FlowDensity  # late: the process that starts others stays without JAX

    warnings.simplefilter("ignore", DataWarning)
    table = data.curved(*shape)
    began = time.perf_counter()
    # Epochs without end: the limit binds.
    unbounded = {"max_epochs": 10**6, "patience": 10**6}
    fitted = FlowDensity(flow=flow, max_seconds=limit, random_state=0, **unbounded).fit(table)
    return time.perf_counter() - began, len(fitted.history_.train_loss)
