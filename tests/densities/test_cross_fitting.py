"""Members fitted to folds, side by side."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fluvial.densities import cross_fitting, time_budget
from fluvial.densities.cross_fitting import cross_fit, n_flow_fits
from fluvial.densities.folds import FoldRows
from fluvial.densities.time_budget import TimeBudget
from fluvial.errors import TrainingError
from fluvial.parallel import threads
from fluvial.training import History

FOLDS = [FoldRows(np.full((4, 2), number), np.full((2, 2), number)) for number in range(3)]


class Bar(list):
    def update(self, done, train_loss, validation_loss):
        self.append((done, train_loss))

    def expect(self, total):
        self.total = total


def a_member(name, *, program="", ends_by=None, diverges_in=None, is_flow=False, nats: Any = 0.0):
    """A member that tells the fold and its seed, and how training ended in each fold."""

    def fit(fold, seed):
        number = int(fold.training[0, 0])
        assert fold.held_out[0, 0] == number
        if number == diverges_in:
            raise TrainingError("the loss was not finite")
        history = History((float(number),), (), (), (ends_by or {}).get(number, "patience"), 1, 0.0)
        held_out = np.broadcast_to(nats, len(fold.held_out))
        return SimpleNamespace(
            name=name, number=number, seed=seed, history=history, held_out=held_out
        )

    return SimpleNamespace(name=name, program=program or name, fit=fit, is_flow=is_flow)


def a_budget(seconds=None, *, asked=False, n_flows=2, n_at_once=2):
    interrupt: Any = SimpleNamespace(asked=asked)
    return TimeBudget(seconds, n_flows, n_at_once, interrupt)


@pytest.fixture(params=[1, 3], autouse=True)
def n_side_by_side(request, monkeypatch):
    monkeypatch.setattr(cross_fitting, "threads", lambda: threads(request.param))


def fits_of(members, budget=None, bar: Any = None, folds=FOLDS) -> list[dict[int, Any]]:
    shown: Any = Bar() if bar is None else bar
    fits: Any = cross_fit(members, folds, np.random.RandomState(0), budget or a_budget(), shown)
    return fits


FLOWS = [a_member(str(nats), is_flow=True, nats=nats) for nats in (-9.0, -1.0, -3.0, -2.0)]


def test_the_best_two_flows_are_fitted_to_the_folds_after_the_second():
    fits = fits_of([*FLOWS, a_member("kernels", nats=-20.0)])
    assert [sorted(fold) for fold in fits] == [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [1, 3, 4]]
    assert n_flow_fits(4, 3) == 10
    assert n_flow_fits(1, 3) == 3
    assert n_flow_fits(4, 1) == 4


@pytest.mark.parametrize(("columns", "go_on"), [(6, [0, 1, 2]), (5, [0, 1])])
def test_a_flow_that_has_earned_a_weight_goes_on_besides(columns, go_on):
    # Each of three knows rows that the others do not; the fourth knows none.
    nats = [(-1.0, -9.0, -9.0), (-9.0, -1.0, -9.0), (-9.0, -9.0, -1.0), (-9.0, -9.0, -9.0)]
    flows = [a_member(str(k), is_flow=True, nats=each) for k, each in enumerate(nats)]
    shapes = (4, columns), (3, columns)
    folds = [FoldRows(*(np.full(shape, number) for shape in shapes)) for number in range(3)]
    bar = Bar()
    fits = fits_of(flows, bar=bar, folds=folds)
    assert [sorted(fold) for fold in fits] == [[0, 1, 2, 3], [0, 1, 2, 3], go_on]
    assert bar.total == 8 + len(go_on)


def test_every_member_is_fitted_to_every_fold_with_a_seed_of_its_own():
    members, bar = [a_member("a", program="same"), a_member("b", program="same")], Bar()
    fits = fits_of(members, bar=bar)
    assert [[fold[k].number for k in (0, 1)] for fold in fits] == [[0, 0], [1, 1], [2, 2]]
    assert [fold[1].name for fold in fits] == ["b"] * 3
    assert len({fit.seed for fold in fits for fit in fold.values()}) == 6
    again = fits_of(members)
    assert [fold[0].seed for fold in again] == [fold[0].seed for fold in fits]
    assert [done for done, _ in bar] == [1, 2, 3, 4, 5, 6]
    assert bar[-1][1] == 1.0


def test_a_member_that_diverges_is_left_out_of_its_fold():
    fits = fits_of([a_member("a"), a_member("b", diverges_in=1)])
    # No further fold is fitted by who cannot be in the mixture.
    assert [sorted(fold) for fold in fits] == [[0, 1], [0], [0]]


@pytest.mark.parametrize("reason", ["interrupted", "max_seconds"])
def test_folds_from_the_first_that_is_not_whole_are_left_out(reason):
    fits = fits_of([a_member("a"), a_member("b", ends_by={1: reason})])
    assert len(fits) == 1
    fits = fits_of([a_member("a"), a_member("b", ends_by={0: reason})])
    assert len(fits) == 3


def test_when_time_is_up_the_first_fold_is_still_fitted():
    for budget in (a_budget(asked=True), a_budget(1e-9)):
        fits = fits_of([a_member("a"), a_member("b")], budget)
        assert [sorted(fold) for fold in fits] == [[0, 1]]


def test_when_time_is_up_no_further_flow_is_begun():
    flows = [a_member(name, program="same", is_flow=True) for name in ("a", "b", "c")]
    fits = fits_of([*flows, a_member("kernels")], a_budget(1e-9))
    # The first of a program is fitted by itself, then the others of its program.
    assert [sorted(fold) for fold in fits] == [[0, 3]]


def test_another_error_is_raised():
    def fit(fold, seed):
        raise RuntimeError("out of memory")

    broken = SimpleNamespace(name="broken", program="broken", fit=fit, is_flow=False)
    with pytest.raises(RuntimeError, match="out of memory"):
        fits_of([a_member("a"), broken])


def test_the_first_fits_share_the_time_and_later_ones_take_what_is_left(monkeypatch):
    now = 100.0
    monkeypatch.setattr(time_budget.time, "monotonic", lambda: now)
    budget = a_budget(70.0, n_flows=3, n_at_once=2)
    assert [budget.share() for _ in range(4)] == [70 * 2 / 3, 70.0, 70.0, 70.0]
    now = 165.0
    assert budget.share() == 5.0
    assert not budget.is_up()
    now = 170.0
    assert budget.is_up()
    left = budget.share()
    assert left is not None
    assert 0 < left < 0.01
    assert a_budget().share() is None
    assert [a_budget(seconds).n_flows for seconds in (0.1, 9.9, 10.0, 39.0, 40.0, 99.0, None)] == [
        *(0, 0, 1, 1, 2, 2, 2)
    ]
