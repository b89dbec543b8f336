"""One fitted detector with names that a page must escape, and a labelled table for it."""

import numpy as np
import pandas as pd
import pytest

from fluvial import FlowAnomalyDetector
from fluvial.anomaly import CostModel
from fluvial.report import examine

NAMES = ["<script>alert(1)</script>", "a$b$ & \x1b[2J", "plain"]


def table(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    first = rng.normal(size=n)
    columns = [first, first + 0.3 * rng.normal(size=n), rng.gamma(3, size=n)]
    return pd.DataFrame(dict(zip(NAMES, columns, strict=True)))


@pytest.fixture(scope="package")
def detector() -> FlowAnomalyDetector:
    """With a flow, so that there is a training curve."""
    flow = {"flow": "real_nvp", "n_layers": 2, "hidden_sizes": (8,), "max_epochs": 2}
    return FlowAnomalyDetector(**flow, random_state=0).fit(table(200, 0))


@pytest.fixture(scope="package")
def rows() -> pd.DataFrame:
    """With two stretches of anomalies, of which the second is the stranger."""
    found = table(120, 1)
    found.loc[30:34, NAMES[1]] += 9
    found.loc[80:82, NAMES[2]] += 60
    return found


@pytest.fixture(scope="package")
def labels() -> np.ndarray:
    return np.isin(np.arange(120), [*range(30, 35), *range(78, 83)]).astype(int)


@pytest.fixture(scope="package")
def times() -> np.ndarray:
    start = np.datetime64("2024-03-01T00:00", "ns")
    return start + np.arange(120) * np.timedelta64(3600, "s")


@pytest.fixture(scope="package")
def report(detector, rows, labels, times):
    costs = CostModel(1, 5, tolerance=7200)
    where = {"table": "<b>&.csv", "first_row": 1000}
    return examine(detector, rows, labels, times=times, cost_model=costs, **where)
