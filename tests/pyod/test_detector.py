"""The detector behind PyOD's interface, where PyOD is installed."""

import pickle
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

import fluvial


def test_without_pyod_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyod", None)
    with pytest.raises(ImportError, match=r"pip install 'fluvial\[pyod\]'"):
        fluvial.pyod.FlowDetector  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'flow'"):
        fluvial.pyod.flow  # noqa: B018


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    angles = np.linspace(0, 6, 10)
    odd = 9 * np.column_stack([np.cos(angles), np.sin(angles)])
    return np.concatenate([rng.normal(size=(190, 2)), odd])


@pytest.fixture(scope="module")
def fitted(rows):
    pytest.importorskip("pyod")
    return fluvial.pyod.FlowDetector(contamination=0.05, random_state=0).fit(rows)


def test_signs_and_attributes_are_those_of_pyod(fitted, rows):
    from pyod.models.base import BaseDetector  # pyright: ignore[reportMissingImports]

    assert isinstance(fitted, BaseDetector)
    own = fluvial.FlowAnomalyDetector(random_state=0).fit(rows)
    assert np.array_equal(fitted.decision_scores_, -own.score_samples(rows))
    assert np.array_equal(fitted.decision_function(rows), fitted.decision_scores_)
    assert fitted.threshold_ == np.percentile(fitted.decision_scores_, 95)
    assert fitted.labels_.tolist() == [0] * 190 + [1] * 10
    assert np.array_equal(fitted.predict(rows), fitted.labels_)
    assert np.array_equal(fitted.detector_.predict(rows) == -1, fitted.labels_ == 1)
    probability = fitted.predict_proba(rows)
    assert probability.shape == (200, 2)
    assert probability[190:, 1].min() > probability[:190, 1].max()


def test_it_is_copied_and_pickled(fitted, rows):
    detector = fluvial.FlowAnomalyDetector(score="density", flow="classical", random_state=1)
    copy: Any = clone(fluvial.pyod.FlowDetector(0.2, detector=detector))
    assert copy.get_params()["detector__flow"] == "classical"
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.decision_function(rows[:9]), fitted.decision_function(rows[:9]))


def test_what_is_wrong_is_refused(fitted, rows):
    with pytest.raises(ValueError, match="contamination must be in"):
        fluvial.pyod.FlowDetector(contamination=0.7)
    with pytest.raises(ValueError, match="missing value"):
        fluvial.pyod.FlowDetector().fit(np.full((30, 2), np.nan))
    with pytest.raises(ValueError, match="features"):
        fitted.decision_function(rows[:, :1])
