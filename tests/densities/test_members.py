"""How large the flows of the mixture are."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fluvial.densities.effort import SUPPLE
from fluvial.densities.folds import FoldRows
from fluvial.densities.hyperparameters import Hyperparameters
from fluvial.densities.members import FlowMember
from fluvial.densities.time_budget import TimeBudget


@pytest.mark.parametrize(
    ("rows", "columns", "units", "bins"),
    [(40, 5, 64, 16), (3001, 5, 128, 16), (40, 6, 128, 16), (40, 20, 128, 16), (40, 21, 128, 8)],
)
def test_networks_and_splines_fit_the_size_of_the_table(rows, columns, units, bins):
    arguments = arguments_of(Hyperparameters(), rows, columns)
    assert arguments["hidden_sizes"] == [units, units]
    assert arguments["n_bins"] == bins


def test_sizes_that_are_asked_for_hold():
    arguments = arguments_of(Hyperparameters(hidden_sizes=(7,), n_bins=5), 40, 21)
    assert arguments["hidden_sizes"] == [7]
    assert arguments["n_bins"] == 5


def arguments_of(hyperparameters, rows, columns) -> dict[str, Any]:
    interrupt: Any = SimpleNamespace(asked=False)
    member = FlowMember(SUPPLE, hyperparameters, 1, TimeBudget(None, 1, 1, interrupt))
    fold = FoldRows(np.zeros((rows, columns), np.float32), None)
    return member.untrained(fold, 0).specification["arguments"]
