"""How far the densities of single columns are from the truth."""

import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from benchmarks.limits.isolated import in_own_process
from benchmarks.limits.targets import TARGETS

from fluvial.errors import DataWarning

FLOWS = ("auto", "neural_spline_flow")
N_ROWS, N_TEST = 2_000, 20_000
QUICK: dict[str, Any] = {"max_epochs": 1, "n_layers": 1, "hidden_sizes": (4,)}
QUICK_ROWS = 200

HEADER = ("column", "flow", "KL in nats", "standard error", "seconds")


def rows(*, quick: bool) -> Iterator[tuple[str, ...]]:
    """Fit 2,000 rows of each target, and compare the log densities of 20,000 others."""
    for place in range(2 if quick else len(TARGETS)):
        for flow in FLOWS[1:] if quick else FLOWS:
            kl, error, seconds = in_own_process(_divergence, place, flow, quick)
            yield TARGETS[place].name, flow, f"{kl:.3f}", f"{error:.3f}", f"{seconds:.1f}"


def _divergence(place: int, flow: str, quick: bool) -> tuple[float, float, float]:
    """Return the Kullback-Leibler divergence from the truth, its standard error, and seconds."""
    from fluvial import FlowDensity  # late: the process that starts others stays without JAX

    warnings.simplefilter("ignore", DataWarning)
    target, rng = TARGETS[place], np.random.default_rng(0)
    table = target.draw(QUICK_ROWS if quick else N_ROWS, rng)[:, None]
    test = target.draw(N_TEST, rng)
    began = time.perf_counter()
    density = FlowDensity(flow=flow, random_state=0, **(QUICK if quick else {})).fit(table)
    seconds = time.perf_counter() - began
    loss = target.log_density(test) - density.score_samples(test[:, None])
    return float(loss.mean()), float(loss.std() / np.sqrt(N_TEST)), seconds
