"""Ctrl-C while an estimator is fitted: it raises, and what was learned is kept."""

import os
import random
import signal
import threading
import time
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score

from fluvial import FlowAnomalyDetector, FlowDensity
from fluvial.errors import TrainingInterrupted

X = np.random.default_rng(0).normal(size=(300, 2)) @ [[1.0, 0.8], [0.0, 0.6]]
TINY: dict[str, Any] = {"hidden_sizes": (8,), "random_state": 0}
SMALL: dict[str, Any] = {**TINY, "flow": "real_nvp", "n_layers": 2}
LONG: dict[str, Any] = {**SMALL, **{"max_epochs": 10**6, "patience": 10**6}}
AUTO: dict[str, Any] = {**TINY, "flow": "auto", "effort": "fast", "n_layers": 1}


@pytest.fixture
def press_after(monkeypatch):
    """Press Ctrl-C when a number of segments of training have ended."""

    def press(n_segments):
        count = 0

        def show(bar, logs):
            nonlocal count
            count += 1
            if count == n_segments:
                signal.raise_signal(signal.SIGINT)

        monkeypatch.setattr("fluvial.training.host_loop._show", show)

    return press


@pytest.mark.parametrize("kind", [FlowDensity, FlowAnomalyDetector])
def test_the_best_so_far_is_kept_and_reachable(press_after, kind):
    press_after(4)
    estimator = kind(**LONG)
    with pytest.raises(KeyboardInterrupt) as raised:
        estimator.fit(X)
    assert isinstance(raised.value, TrainingInterrupted)
    assert raised.value.flow is estimator
    assert raised.value.history.stop_reason == "interrupted"
    assert np.isfinite(estimator.score_samples(X)).all()
    if kind is FlowAnomalyDetector:
        assert set(estimator.predict(X)) <= {-1, 1}


@pytest.mark.parametrize("flow", ["real_nvp", "auto"])
def test_where_nothing_was_learned_the_last_fit_stays(monkeypatch, flow):
    estimator = FlowDensity(**SMALL, max_epochs=2).fit(X)
    before = estimator.table_density_
    estimator.set_params(flow=flow)
    built = "fluvial.densities.fitting" if flow != "auto" else "fluvial.densities.members"

    pressed = threading.Event()

    def press(*arguments):
        if not pressed.is_set():
            pressed.set()
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
        return original(*arguments)

    original = __import__(built, fromlist=["build"]).build
    monkeypatch.setattr(f"{built}.build", press)
    with pytest.raises(TrainingInterrupted, match="nothing was learned") as raised:
        estimator.fit(X)
    assert raised.value.flow is None
    assert estimator.table_density_ is before


def test_auto_keeps_the_flows_that_were_trained(press_after):
    press_after(6)
    estimator = FlowDensity(**AUTO)
    with pytest.raises(TrainingInterrupted) as raised:
        estimator.fit(X)
    assert raised.value.flow is estimator
    assert np.isfinite(estimator.score_samples(X)).all()
    assert sum(member["weight"] for member in estimator.members_) == pytest.approx(1)


def test_one_ctrl_c_ends_a_cross_validation(press_after):
    press_after(3)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt) as raised:
        cross_val_score(FlowDensity(**LONG), X, cv=10)
    assert isinstance(raised.value, TrainingInterrupted)
    assert np.isfinite(raised.value.flow.score_samples(X)).all()
    assert time.monotonic() - began < 60


@pytest.mark.slow
def test_one_ctrl_c_at_any_moment_ends_a_loop_of_fits():
    rng = random.Random(0)
    estimator = FlowDensity(**SMALL, max_epochs=20)
    fitted_before = FlowDensity(**SMALL, max_epochs=20).fit(X)  # compiles
    expected = fitted_before.score_samples(X)
    for _ in range(8):
        timer = threading.Timer(rng.uniform(0, 1), os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012
            until = time.monotonic() + 30
            while time.monotonic() < until:
                estimator.fit(X)
        timer.join()
    # Nothing is left behind that would stop the next fit.
    assert np.array_equal(estimator.fit(X).score_samples(X), expected)
