"""What training says, and Ctrl-C."""

import signal
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
import pytest

from fluvial import flows
from fluvial.training import fit
from fluvial.training.interrupt import Interrupt
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


def test_ctrl_c_returns_the_best_so_far_and_says_so(flow, capsys, monkeypatch):
    class Impatient(Lines):
        def update(self, epoch, train_loss, validation_loss):
            signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr("fluvial.training.minimisation.progress", lambda **_: Impatient("start"))
    fitted, history = fit(KEY, flow, X, max_epochs=10**6)
    assert history.stop_reason == "interrupted"
    assert len(history.train_loss) < 10**6
    assert "interrupted: returning the best model" in capsys.readouterr().err
    assert np.isfinite(fitted.log_prob(X)).all()
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_is_heard_in_other_threads_and_inside():
    with Interrupt() as outer, Interrupt() as inner, ThreadPoolExecutor(1) as pool:
        heard = pool.submit(interrupted).result()
        assert not heard
        signal.raise_signal(signal.SIGINT)
        assert outer.asked
        assert inner.asked
        assert (outer.is_outermost, inner.is_outermost) == (True, False)
        assert pool.submit(interrupted).result()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    with Interrupt() as later:
        assert not later.asked


def interrupted():
    with Interrupt() as interrupt:
        return interrupt.asked
