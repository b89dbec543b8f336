"""`flow="auto"`: the mixture of flows and classical densities."""

from typing import Any

import numpy as np
import pytest
from tests.estimators.cases import table

from fluvial.distributions import Mixture
from fluvial.estimators import FlowAnomalyDetector, FlowDensity, load, settings

pytestmark = pytest.mark.filterwarnings("ignore:the flow gained nothing")

TINY = {
    "n_layers": 1,
    "hidden_sizes": (8,),
    "n_bins": 4,
    "max_epochs": 3,
    "learning_rate": 0.01,
    "random_state": 0,
}


def clusters(n, seed=0):
    """Ten round clusters, which a tiny flow cannot follow."""
    rng = np.random.default_rng(seed)
    return np.random.default_rng(1).uniform(-9, 9, (10, 2))[
        rng.integers(10, size=n)
    ] + 0.1 * rng.normal(size=(n, 2))


@pytest.fixture(scope="module")
def auto():
    return FlowDensity(**TINY).fit(clusters(1200))


def test_the_default_is_a_mixture_as_good_as_its_best_member(auto):
    assert isinstance(auto.distribution_, Mixture)
    assert sum(member["weight"] for member in auto.members_) == pytest.approx(1)
    names = [member["name"] for member in auto.members_]
    assert names[0] == "gaussian_mixture"
    assert names[-1] == "neural_spline_flow"
    best = max(member["nats"] for member in auto.members_)
    assert best > auto.members_[-1]["nats"] + 1
    assert auto.members_[0]["weight"] > 0.5
    new = clusters(1000, 5)
    # The truth has -ln 10 - ln(2 pi e 0.01) nats of log density a row.
    assert auto.score(new) > -np.log(10) - np.log(2 * np.pi * np.e * 0.01) - 0.1


def test_its_latents_are_those_of_its_flow(auto):
    rows = clusters(20, 3)
    latents = auto.transform(rows)
    flow = auto.distribution_.distributions[-1]
    scaled, _ = auto.scaler_.transform(rows)
    np.testing.assert_allclose(latents, flow.bijector.inverse(scaled), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(auto.inverse_transform(latents), rows, atol=1e-3)


def test_its_samples_fall_into_the_clusters(auto):
    drawn = auto.sample(2000, random_state=0)
    centres = np.random.default_rng(1).uniform(-9, 9, (10, 2))
    nearest = np.linalg.norm(drawn[:, None] - centres, axis=2).min(axis=1)
    assert np.mean(nearest < 0.5) > 0.95


@pytest.mark.parametrize("n", [1200, 60, 5])
def test_a_file_and_a_seed_reproduce_it_bit_by_bit(n, tmp_path):
    rows = clusters(n)
    fitted = FlowAnomalyDetector(**TINY).fit(rows)
    fitted.save(tmp_path / "m.fluvial")
    again: Any = load(tmp_path / "m.fluvial")
    refitted = FlowAnomalyDetector(**TINY).fit(rows)
    scores = fitted.score_samples(rows)
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(again.score_samples(rows), scores)
    np.testing.assert_array_equal(refitted.score_samples(rows), scores)
    np.testing.assert_array_equal(fitted.density_.sample(9, 0), again.density_.sample(9, 0))
    assert again.density_.members_ == fitted.density_.members_


def test_few_rows_are_cross_fitted():
    fitted = FlowDensity(**TINY).fit(clusters(90))
    names = [member["name"] for member in fitted.members_]
    assert names.count("neural_spline_flow") == 3
    assert names.count("gaussian_mixture") == 1
    assert len(fitted.held_out_indices_) == 9
    assert fitted.transform(clusters(4)).shape == (4, 2)


def test_without_held_out_rows_it_is_cross_fitted_too():
    fitted = FlowDensity(**TINY, validation_fraction=0).fit(clusters(150))
    assert all(np.isfinite(member["nats"]) for member in fitted.members_)


def test_far_rows_score_finitely_and_fall(auto):
    far = np.array([[1e2, 0.0], [1e4, 0.0], [1e100, 0.0], [1.7e308, -1.7e308]])
    scores = auto.score_samples(far)
    assert np.isfinite(scores).all()
    assert (np.diff(scores) < 0).all()


def test_thorough_adds_an_affine_flow():
    fitted = FlowDensity(**{**TINY, "n_bins": None, "effort": "thorough"}).fit(table(1200))
    parts = fitted.specification_["parts"]
    recipes = {part["recipe"] for part in parts if part["type"] == "flow"}
    assert recipes <= {"maf", "neural_spline_flow"}
    assert fitted.score(table(300, 4)) > -25


def test_effort_bounds_the_steps(monkeypatch):
    monkeypatch.setitem(settings.EFFORTS, "fast", settings.Effort(100, ("neural_spline_flow",)))
    fitted = FlowDensity(**{**TINY, "max_epochs": 50, "effort": "fast"}).fit(clusters(1200))
    assert len(fitted.history_.train_loss) == 100 // -(-1080 // 32)
