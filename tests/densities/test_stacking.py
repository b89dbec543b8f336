"""`flow="auto"`: the mixture of flows and classical densities."""

import signal
import warnings
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest

from fluvial.densities import effort as efforts, stacking
from fluvial.densities.effort import EFFORTS, SUPPLE_LU
from fluvial.densities.folds import FoldRows
from fluvial.densities.hyperparameters import Hyperparameters
from fluvial.densities.members import FlowMember
from fluvial.densities.time_budget import TimeBudget
from fluvial.distributions import Mixture
from fluvial.errors import DataWarning, TrainingError, TrainingInterrupted
from fluvial.estimators import FlowAnomalyDetector, FlowDensity, load
from fluvial.training.interrupt import Interrupt

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
    mixture, *others = auto.members_
    assert mixture["name"] == "gaussian_mixture"
    flows = [member for member in others if member["name"] != "kernel_density"]
    assert {member["name"] for member in flows} <= {"neural_spline_flow", "maf"}
    assert mixture["nats"] > max(flow["nats"] for flow in flows) + 1
    assert mixture["weight"] > 0.5
    new = clusters(1000, 5)
    # The truth has -ln 10 - ln(2 pi e 0.01) nats of log density a row.
    assert auto.score(new) > -np.log(10) - np.log(2 * np.pi * np.e * 0.01) - 0.1


@pytest.mark.parametrize(("given", "expected"), [(None, 0.1), (0.5, 0.5)])
def test_a_given_weight_decay_is_that_of_every_flow(given, expected, monkeypatch):
    seen = []

    def note(*arguments, **settings):
        seen.append((settings["weight_decay"], settings["min_delta"]))
        raise TrainingError("seen")

    monkeypatch.setattr("fluvial.densities.members.fit", note)
    chosen = Hyperparameters(n_layers=1, n_bins=4, weight_decay=given, min_delta=0.25)
    budget = TimeBudget(None, 1, 1, Interrupt())
    member = FlowMember(SUPPLE_LU, chosen, 10, budget)
    with pytest.raises(TrainingError):
        member.fit(FoldRows(np.zeros((20, 2), np.float32), None), 0)
    assert seen == [(expected, 0.25)]


def test_its_latents_are_those_of_its_flow(auto):
    rows = clusters(20, 3)
    latents = auto.transform(rows)
    weights = [
        member["weight"] if part["type"] == "flow" else 0
        for member, part in zip(auto.members_, auto.specification_["parts"], strict=True)
    ]
    flow = auto.distribution_.distributions[int(np.argmax(weights))]
    scaled, _ = auto.scaler_.transform(rows)
    np.testing.assert_allclose(latents, flow.bijector.inverse(scaled), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(auto.inverse_transform(latents), rows, atol=1e-3)


def test_its_samples_fall_into_the_clusters(auto):
    drawn = auto.sample(2000, random_state=0)
    centres = np.random.default_rng(1).uniform(-9, 9, (10, 2))
    nearest = np.linalg.norm(drawn[:, None] - centres, axis=2).min(axis=1)
    assert np.mean(nearest < 0.5) > 0.95


@pytest.mark.parametrize("n", [1200, 60, 10])
def test_a_file_and_a_seed_reproduce_it_bit_by_bit(n, tmp_path):
    rows = clusters(n)
    fitted = FlowAnomalyDetector(**TINY, flow="auto").fit(rows)
    fitted.save(tmp_path / "m.fluvial")
    again: Any = load(tmp_path / "m.fluvial")
    refitted = FlowAnomalyDetector(**TINY, flow="auto").fit(rows)
    scores = fitted.score_samples(rows)
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(again.score_samples(rows), scores)
    np.testing.assert_array_equal(refitted.score_samples(rows), scores)
    np.testing.assert_array_equal(fitted.density_.sample(9, 0), again.density_.sample(9, 0))
    assert again.density_.members_ == fitted.density_.members_


@pytest.fixture
def equal_weights(monkeypatch):
    """Every member stays in the mixture."""
    monkeypatch.setattr(stacking, "stack", lambda values, **_: np.full(values.shape[1], 0.2))


@pytest.mark.usefixtures("equal_weights")
def test_few_rows_are_cross_fitted():
    fitted = FlowDensity(**TINY).fit(clusters(90))
    names = [member["name"] for member in fitted.members_]
    flows = names.count("neural_spline_flow") + names.count("maf")
    assert flows % 5 == 0
    assert flows
    assert names.count("gaussian_mixture") == names.count("kernel_density") == 1
    (kernels,) = [part for part in fitted.distribution_.distributions if hasattr(part, "bandwidth")]
    assert len(kernels.rows) == 90
    # Each row is held out of one fit, and fitted to by the others.
    np.testing.assert_array_equal(fitted.held_out_indices_, np.arange(90))
    assert fitted.transform(clusters(4)).shape == (4, 2)


def test_cross_fits_use_every_row(auto):
    rows = clusters(1200)
    assert len(auto.held_out_indices_) == 600
    np.testing.assert_array_equal(auto.scaler_.centre, np.median(rows, axis=0))
    # Of rows that each fit has not seen, so about what new rows score.
    assert auto.held_out_score_ == pytest.approx(auto.score(clusters(1000, 5)), abs=0.2)
    assert auto.held_out_standard_error_ < 0.05


def test_the_threshold_of_cross_fits_is_that_of_rows_that_they_have_not_seen():
    rows = clusters(400)
    with_folds = FlowAnomalyDetector(**TINY, flow="auto", score="density").fit(rows)
    again = FlowDensity(**TINY)
    scores = again.fit(rows).table_density_.held_out.log_prob
    assert scores.shape == (200,)
    # Each fit knows the other rows, and all of them this one.
    assert scores.mean() < again.score(rows[again.held_out_indices_])
    assert scores.mean() == pytest.approx(with_folds.density_.held_out_score_)
    assert with_folds.offset_ == np.quantile(scores, 0.01)


def test_without_held_out_rows_it_is_cross_fitted_too():
    fitted = FlowDensity(**TINY, validation_fraction=0).fit(clusters(150))
    assert all(np.isfinite(member["nats"]) for member in fitted.members_)


def test_far_rows_score_finitely_and_fall(auto):
    far = np.array([[1e2, 0.0], [1e4, 0.0], [1e100, 0.0], [1.7e308, -1.7e308]])
    scores = auto.score_samples(far)
    assert np.isfinite(scores).all()
    assert (np.diff(scores) < 0).all()


def effort(**changes) -> efforts.Effort:
    return replace(EFFORTS["fast"], **changes)


def test_effort_bounds_the_steps(monkeypatch):
    monkeypatch.setitem(EFFORTS, "fast", effort(n_steps=100, min_steps_a_fold=1))
    fitted = FlowDensity(**{**TINY, "max_epochs": 50, "effort": "fast"}).fit(clusters(1200))
    assert len(fitted.history_.train_loss) == 100 // -(-1080 // 32)


def test_effort_decides_how_many_rows_are_cross_fitted(monkeypatch):
    monkeypatch.setitem(EFFORTS, "fast", effort(max_rows_for_folds=2000, n_folds=4))
    fitted = FlowDensity(**TINY, effort="fast").fit(clusters(1200))
    flows = [part for part in fitted.specification_["parts"] if part["type"] == "flow"]
    assert len(flows) in (4, 8)


@pytest.mark.usefixtures("equal_weights")
def test_of_many_rows_a_random_sample_is_fitted_again(monkeypatch):
    monkeypatch.setattr("fluvial.densities.stacking.REFIT_ROWS", 300)
    rows = clusters(1200)
    rows = rows[np.argsort(rows[:, 0])]
    fitted = FlowDensity(**TINY, effort="fast", validation_fraction=0).fit(rows)
    (kernels,) = [part for part in fitted.distribution_.distributions if hasattr(part, "bandwidth")]
    scaled, _ = fitted.scaler_.transform(rows)
    assert kernels.rows.shape == (300, 2)
    # The first 300 of the sorted rows would lie left of the middle.
    assert (np.asarray(kernels.rows)[:, 0] > np.median(scaled[:, 0])).mean() > 0.3


def test_a_flow_that_diverges_is_left_out(monkeypatch):
    diverging = replace(efforts.AFFINE_FLOW, weight_decay=1e30)
    monkeypatch.setitem(EFFORTS, "fast", effort(flows=(diverging, efforts.STIFF)))
    fitted = FlowDensity(**TINY, effort="fast").fit(clusters(1200))
    assert "maf" not in [member["name"] for member in fitted.members_]
    monkeypatch.setitem(EFFORTS, "fast", effort(flows=(diverging,)))
    with pytest.raises(TrainingError, match="no flow"):
        FlowDensity(**TINY, effort="fast").fit(clusters(1200))


def test_all_members_have_the_precision_that_is_switched_on():
    with jax.enable_x64(True):
        fitted = FlowDensity(**TINY, effort="fast").fit(clusters(60))
    leaves = jax.tree.leaves(fitted.distribution_)
    assert {leaf.dtype.name for leaf in leaves if leaf.dtype.kind == "f"} == {"float64"}


@pytest.mark.usefixtures("equal_weights")
def test_a_time_limit_is_shared_by_the_flows_of_the_first_fold(monkeypatch):
    monkeypatch.setattr("fluvial.densities.time_budget.FIRST_FLOW", 0)
    monkeypatch.setattr("fluvial.densities.time_budget.FURTHER_FLOW", 0.1)
    monkeypatch.setitem(EFFORTS, "balanced", replace(EFFORTS["balanced"], n_steps=10**9))
    endless = {**TINY, "max_epochs": 10**6, "patience": 10**6, "max_seconds": 3}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # of a slow machine, on which none is trained
        fitted = FlowDensity(**endless).fit(clusters(1200))
    assert fitted.history_.stop_reason == "max_seconds"
    names = [member["name"] for member in fitted.members_]
    assert 1 <= names.count("neural_spline_flow") + names.count("maf") <= 4
    # Of 1,200 rows a fold leaves out a tenth; the other folds had no time.
    assert len(fitted.held_out_indices_) == 120
    assert np.isfinite(fitted.score(clusters(50, 3)))


@pytest.mark.parametrize("n", [1200, 10])
def test_without_time_for_a_flow_the_classical_densities_serve(n, tmp_path):
    hurried = FlowDensity(**{**TINY, "max_seconds": 1e-3})
    with pytest.warns(DataWarning, match=r"no flow was trained in max_seconds=0\.001"):
        hurried.fit(clusters(n))
    assert hurried.history_.train_loss == ()
    *others, flow = hurried.members_
    assert sum(member["weight"] for member in others) == pytest.approx(1)
    assert flow == {"name": "neural_spline_flow", "weight": 0.0, "nats": None}
    rows = clusters(20, 3)
    np.testing.assert_allclose(
        hurried.inverse_transform(hurried.transform(rows)), rows, rtol=1e-4, atol=1e-4
    )
    assert "0 of the flow, ended by max_seconds" in hurried.summary()
    hurried.save(tmp_path / "m.fluvial")
    again: Any = load(tmp_path / "m.fluvial")
    np.testing.assert_array_equal(again.score_samples(rows), hurried.score_samples(rows))


def test_ctrl_c_keeps_what_was_learned(capsys, monkeypatch):
    pressed = []

    def press(*_):
        # A signal at a known moment, when the first flow is trained, and once: a flow beside it
        # may end with it, and a second press would interrupt as usual.
        if not pressed:
            pressed.append(True)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("fluvial.training.progress.Lines.update", press)
    before = signal.getsignal(signal.SIGINT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        fitted = FlowDensity(**{**TINY, "verbose": 1})
        with pytest.raises(TrainingInterrupted) as interrupted:
            fitted.fit(clusters(1200))
    assert interrupted.value.flow is fitted
    assert signal.getsignal(signal.SIGINT) is before
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "fitting about 14 flows"
    assert "interrupted" in str(interrupted.value)
    assert len(fitted.held_out_indices_) == 120
    assert np.isfinite(fitted.score(clusters(50, 3)))


@pytest.mark.parametrize(
    ("n_rows", "n_columns", "expected"),
    [
        (9_000, 10, 4_000),
        (20_000, 9, 8_000),
        (99_000, 2, 12_000),
        (99_000, 20, 8_000),
        (99_000, 64, 4_000),
    ],
)
def test_many_rows_of_few_columns_take_more_steps(n_rows, n_columns, expected):
    effort = EFFORTS["balanced"]
    assert stacking._steps(effort, 1, np.empty((n_rows, n_columns))) == expected
    assert stacking._steps(effort, 5, np.empty((n_rows, n_columns))) == effort.min_steps_a_fold
