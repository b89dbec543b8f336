"""One table for all baselines: units that differ, a relation, a constant and a copy."""

import numpy as np
import pytest


@pytest.fixture(scope="package")
def rows() -> np.ndarray:
    rng = np.random.default_rng(0)
    first = rng.normal(size=300)
    second = 1e3 + 20 * (first + 0.5 * rng.normal(size=300))
    return np.column_stack([first, second, 0.1 * rng.gamma(3, size=300), np.full(300, 7.0), first])


@pytest.fixture(scope="package")
def plain(rows) -> np.ndarray:
    """The columns that vary and are no copies."""
    return rows[:, :3]
