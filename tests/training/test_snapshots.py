"""Training that is cut off at any segment and goes on from its last snapshot."""

from typing import Any

import jax
import numpy as np
import pytest

from fluvial import flows
from fluvial.errors import ModelFileError
from fluvial.training import fit, fit_ensemble

X = np.random.default_rng(0).normal(size=(200, 2))


class CutOffError(Exception):
    pass


class Kept:
    """Keeps every snapshot in memory, and cuts off after some of them."""

    where = "here"

    def __init__(self, until=10**9):
        self.arrays, self.until, self.n = None, until, 0

    def load(self):
        return self.arrays

    def is_due(self):
        return True

    def save(self, arrays):
        self.arrays, self.n = arrays, self.n + 1
        if self.n % self.until == 0:
            raise CutOffError


def fitted(snapshots=None, **settings: Any):
    flow = flows.maf(jax.random.key(0), n_features=2, n_layers=1, hidden_sizes=(4,))
    settings = {"max_epochs": 12, "patience": 3, "batch_size": 64} | settings
    return fit(jax.random.key(1), flow, X, **settings, show_progress=False, snapshots=snapshots)


def same(one, other):
    arrays = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return all(np.array_equal(a, b) for a, b in arrays if hasattr(a, "dtype"))


def cut_off(until, **settings):
    kept, n_cuts = Kept(until), 0
    while True:
        try:
            return *fitted(kept, **settings), n_cuts
        except CutOffError:
            n_cuts += 1


@pytest.mark.parametrize("until", [1, 2, 3])
@pytest.mark.parametrize("held_out", [0.0, 0.2])
def test_it_goes_on_bit_by_bit(monkeypatch, until, held_out):
    # As short as they get, so that there are many.
    monkeypatch.setattr("fluvial.training.host_loop.SEGMENT_SECONDS", 1e-9)
    monkeypatch.setattr("fluvial.training.host_loop.TIMED_STEPS", 1)
    assert_it_goes_on(until, validation_fraction=held_out, learning_rate=0.03)


def test_so_does_muon(monkeypatch):
    monkeypatch.setattr("fluvial.training.host_loop.SEGMENT_SECONDS", 1e-9)
    monkeypatch.setattr("fluvial.training.host_loop.TIMED_STEPS", 1)
    assert_it_goes_on(2, learning_rate=0.03, optimizer="muon")


def assert_it_goes_on(until, **settings):
    flow, history = fitted(**settings)
    again, its_history, n_cuts = cut_off(until, **settings)
    assert n_cuts > 5
    assert same(flow, again)
    assert its_history == history


def test_to_go_on_compiles_no_training(monkeypatch, count_compilations):
    monkeypatch.setattr("fluvial.training.host_loop.SEGMENT_SECONDS", 1e-9)
    monkeypatch.setattr("fluvial.training.host_loop.TIMED_STEPS", 1)
    cut_off(3)
    with count_compilations() as counted:
        cut_off(3)
    assert counted.count == 0


@pytest.fixture
def arrays(monkeypatch):
    """A snapshot in the middle of training."""
    monkeypatch.setattr("fluvial.training.host_loop.SEGMENT_SECONDS", 1e-9)
    monkeypatch.setattr("fluvial.training.host_loop.TIMED_STEPS", 1)
    kept = Kept(9)
    with pytest.raises(CutOffError):
        fitted(kept)
    return kept.arrays


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("step", None, "not those of the state"),
        ("step", lambda a: a.astype(np.int64), r"'step' is int64\[\], but .* needs int32\[\]"),
        ("order", lambda a: a[1:], "'order' is int32"),
        ("order", lambda a: a - 10, "order of the rows"),
        ("phase", lambda a: a + 2, "has ended"),
        ("losses.train", lambda a: np.append(a, 1.0), "'losses.train' must be .* finite"),
        ("losses.train", lambda a: a * np.nan, "'losses.train' must be .* finite"),
    ],
)
def test_what_is_no_snapshot_of_this_training_is_refused(arrays, name, change, message):
    if change is None:
        del arrays[name]
    else:
        arrays[name] = change(arrays[name])
    kept = Kept()
    kept.arrays = arrays
    with pytest.raises(ModelFileError, match=f"^here: .*{message}"):
        fitted(kept)


def test_an_ensemble_keeps_none():
    flow = flows.maf(jax.random.key(0), n_features=2, n_layers=1, hidden_sizes=(4,))
    with pytest.raises(ValueError, match="no snapshots"):
        fit_ensemble([jax.random.key(1)], [flow], X, snapshots=Kept())
