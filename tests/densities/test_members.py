"""How large the flows of the mixture are, and what trains them."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fluvial.densities import members
from fluvial.densities.effort import EFFORTS, MANY_ROWS, STIFF, SUPPLE
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


@pytest.mark.parametrize("effort", ["balanced", "thorough"])
def test_of_many_rows_flows_of_weak_decay_are_trained_by_muon(effort):
    few, many = (EFFORTS[effort].flows_of(n) for n in (MANY_ROWS, MANY_ROWS + 1))
    assert {flow.optimizer for flow in few} == {None}
    assert [(f.recipe, f.arguments, f.frozen) for f in few] == [
        (f.recipe, f.arguments, f.frozen) for f in many
    ]
    splines = [flow for flow in many if flow.recipe == "neural_spline_flow"]
    by_muon = [flow.weight_decay for flow in splines if flow.optimizer == "muon"]
    assert by_muon == pytest.approx([0.3, 0.3])
    assert {flow.weight_decay for flow in splines if flow.optimizer is None} == {1.0}


def test_with_the_least_effort_all_flows_of_many_rows_are_and_share_a_program():
    flows = EFFORTS["fast"].flows_of(MANY_ROWS + 1)
    assert {flow.optimizer for flow in flows} == {"muon"}
    assert len({member(flow).program for flow in flows}) == 1
    assert member(SUPPLE).program != member(SUPPLE.by_muon()).program


@pytest.mark.parametrize(
    ("flow", "optimizer", "epochs", "decay"),
    [(STIFF, None, 12, 1.0), (SUPPLE.by_muon(), "muon", 6, 0.3)],
)
def test_a_flow_is_trained_as_it_says(monkeypatch, flow, optimizer, epochs, decay):
    class Asked(Exception):
        pass

    def fit(key, flow, rows, condition, **settings):
        raise Asked(settings)

    monkeypatch.setattr(members, "fit", fit)
    fold = FoldRows(np.zeros((64, 3), np.float32), None)
    with pytest.raises(Asked) as asked:
        member(flow, n_steps=25).fit(fold, 0)
    (settings,) = asked.value.args
    assert settings["optimizer"] == optimizer
    assert settings["max_epochs"] == epochs  # of two batches of 32 rows
    assert settings["weight_decay"] == pytest.approx(decay)
    with pytest.raises(Asked) as asked:
        member(flow, Hyperparameters(weight_decay=7.0)).fit(fold, 0)
    assert asked.value.args[0]["weight_decay"] == 7.0


def member(flow, hyperparameters=None, n_steps=1) -> FlowMember:
    interrupt: Any = SimpleNamespace(asked=False)
    given = hyperparameters or Hyperparameters()
    return FlowMember(flow, given, n_steps, TimeBudget(None, 1, 1, interrupt))


def arguments_of(hyperparameters, rows, columns) -> dict[str, Any]:
    fold = FoldRows(np.zeros((rows, columns), np.float32), None)
    return member(SUPPLE, hyperparameters).untrained(fold, 0).specification["arguments"]
