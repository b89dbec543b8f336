"""What training says, and Ctrl-C."""

import pickle
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
import pytest

from fluvial import flows
from fluvial.errors import TrainingInterrupted
from fluvial.training import fit, fit_ensemble
from fluvial.training.interrupt import ECHO_SECONDS, Interrupt
from fluvial.training.progress import Bar, Lines

KEY = jax.random.key(0)
X = np.random.default_rng(0).normal(size=(100, 1))


@pytest.fixture
def flow():
    return flows.maf(KEY, n_features=1, n_layers=1, hidden_sizes=(4,))


def test_a_line_at_the_start_and_the_end(flow, capsys):
    fit(KEY, flow, X, max_epochs=3)
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.strip().splitlines()
    assert len(lines) == 2
    assert "90 rows" in lines[0]
    assert "10 held out" in lines[0]
    assert "3 epochs" in lines[1]


def test_silent(flow, capsys):
    fit(KEY, flow, X, max_epochs=3, show_progress=False)
    assert capsys.readouterr() == ("", "")


def test_the_bar_shows_epochs_and_losses(capsys):
    bar = Bar(10)
    bar.update(5, 1.25, 1.5)
    bar.finish("done")
    assert capsys.readouterr().err.strip().endswith("done")


def test_the_bar_tells_the_time_left_of_parts_that_take_minutes():
    bar = Bar(10)
    now = [0.0]
    bar._bar.get_time = lambda: now[0]
    bar._bar.reset(bar._task)
    for done in (1, 2, 3):
        now[0] += 100
        bar.update(done, 1.0, None)
    left = bar._bar.tasks[0].time_remaining
    bar.finish("")
    assert left == pytest.approx(700)


@pytest.fixture
def impatient(monkeypatch):
    """Press Ctrl-C when the first epochs are shown."""

    class Impatient(Lines):
        def update(self, done, train_loss, validation_loss):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("fluvial.training.minimisation.progress", lambda **_: Impatient("start"))
    monkeypatch.setattr("fluvial.training.ensemble.progress", lambda **_: Impatient("start"))


def test_ctrl_c_raises_with_the_best_so_far(flow, capsys, impatient):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt) as raised:
        fit(KEY, flow, X, max_epochs=10**6)
    assert isinstance(raised.value, TrainingInterrupted)
    history = raised.value.history
    assert history.stop_reason == "interrupted"
    assert len(history.train_loss) < 10**6
    assert "(interrupted)" in capsys.readouterr().err
    assert str(history.best_epoch) in str(raised.value)
    assert np.isfinite(raised.value.flow.log_prob(X)).all()
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_in_an_ensemble_keeps_all_members(flow, impatient):
    with pytest.raises(TrainingInterrupted) as raised:
        fit_ensemble(list(jax.random.split(KEY)), [flow, flow], X, max_epochs=10**6)
    assert [history.stop_reason for history in raised.value.history] == ["interrupted"] * 2
    assert all(np.isfinite(member.log_prob(X)).all() for member in raised.value.flow)


def test_whoever_hears_ctrl_c_outside_is_told_by_the_history(flow, impatient):
    with Interrupt() as interrupt:
        _, history = fit(KEY, flow, X, max_epochs=10**6)
    assert interrupt.asked
    assert history.stop_reason == "interrupted"


def test_ctrl_c_at_the_very_end_is_not_lost(flow, monkeypatch):
    class AtTheEnd(Lines):
        def finish(self, message):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("fluvial.training.minimisation.progress", lambda **_: AtTheEnd("start"))
    with pytest.raises(TrainingInterrupted) as raised:
        fit(KEY, flow, X, max_epochs=2)
    assert raised.value.history.stop_reason == "max_epochs"


def test_what_an_interruption_holds_survives_a_process():
    raised = pickle.loads(pickle.dumps(TrainingInterrupted("why", [1], {"a": 2})))
    assert (str(raised), raised.flow, raised.history) == ("why", [1], {"a": 2})


def test_ctrl_c_is_heard_in_other_threads_and_inside():
    with Interrupt() as outer, Interrupt() as inner, ThreadPoolExecutor(1) as pool:
        heard = pool.submit(interrupted).result()
        assert not heard
        signal.raise_signal(signal.SIGINT)
        assert outer.asked
        assert inner.asked
        assert (outer.is_outermost, inner.is_outermost) == (True, False)
        assert pool.submit(interrupted).result()
        # At once it is an echo of the first, later a second.
        signal.raise_signal(signal.SIGINT)
        time.sleep(1.5 * ECHO_SECONDS)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    with Interrupt() as later:
        assert not later.asked


def test_ctrl_c_that_the_process_ignores_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interrupt() as interrupt:
            signal.raise_signal(signal.SIGINT)
            assert not interrupt.asked
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def interrupted():
    with Interrupt() as interrupt:
        return interrupt.asked
