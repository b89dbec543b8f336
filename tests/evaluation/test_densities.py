"""Divergences, coverage and calibration of densities that are known."""

import warnings

import jax
import numpy as np
import pandas as pd
import pytest

from fluvial import FlowDensity
from fluvial.errors import DataError, ShapeError
from fluvial.evaluation import (
    copy_check,
    coverage,
    divergence,
    evaluate_density,
    held_out_difference,
    latent_normality,
    simulation_based_calibration,
    target,
    train_on_synthetic,
)
from fluvial.flows import real_nvp


class Gaussian:
    """A normal in the plane, as an estimator."""

    def __init__(self, mean=0.0, scale=1.0):
        self.mean, self.scale = mean, scale

    def score_samples(self, x):
        z = (np.asarray(x) - self.mean) / self.scale
        return -(z**2).sum(axis=1) / 2 - np.log(2 * np.pi * self.scale**2)

    def sample(self, n, random_state=None):
        return np.random.default_rng(random_state).normal(self.mean, self.scale, size=(n, 2))

    def transform(self, x):
        return (np.asarray(x) - self.mean) / self.scale


def test_divergences_are_those_of_normals():
    truth, other = target("gaussian"), Gaussian(0.5, 1.5)
    for direction, expected in (
        ("forward", 2 * (np.log(1.5) + (1 + 0.25) / (2 * 2.25) - 0.5)),
        ("reverse", 2 * (-np.log(1.5) + (2.25 + 0.25) / 2 - 0.5)),
    ):
        found = divergence(truth, other, direction=direction)
        assert abs(found.value - expected) < 4 * found.standard_error
    both = divergence(truth, other, direction="symmetric")
    assert both.value > 0.5
    with pytest.raises(ValueError, match="direction"):
        divergence(truth, other, direction="backward")


def test_a_row_without_density_makes_it_infinite():
    assert divergence(target("gaussian"), target("one_box"), n=100).value == np.inf


def test_flows_are_drawn_from_by_key():
    flow = real_nvp(jax.random.key(0), n_features=2, n_layers=2, hidden_sizes=(4,))
    found = divergence(flow, Gaussian(), n=200)
    # An untrained flow is nearly a standard normal.
    assert abs(found.value) < 1e-3 + 4 * found.standard_error


def test_differences_are_paired():
    rows = target("gaussian").sample(50, random_state=0)
    found = held_out_difference(Gaussian(), Gaussian(1.0), rows)
    expected = Gaussian().score_samples(rows) - Gaussian(1.0).score_samples(rows)
    assert found.value == pytest.approx(expected.mean())
    assert found.standard_error == pytest.approx(expected.std(ddof=1) / np.sqrt(50))


def test_a_density_that_is_too_sure_covers_too_little():
    rows = target("gaussian").sample(1000, random_state=0)
    right, sure = coverage(Gaussian(), rows), coverage(Gaussian(0.0, 0.5), rows)
    np.testing.assert_allclose(right.shares, right.levels, atol=0.05)
    assert right.p_value > 0.01 > sure.p_value
    # The radius within which a share a lies is sqrt(-2 log(1 - a)) deviations.
    expected = [1 - (1 - level) ** 0.25 for level in sure.levels]
    np.testing.assert_allclose(sure.shares, expected, atol=0.05)
    deviations = (np.array(right.shares) - right.levels) / right.by_chance
    assert np.abs(deviations).max() < 3
    assert right.by_chance[0] == pytest.approx(np.sqrt(0.25 * (1 / 1000 + 1 / 10_000)))


def test_latents_of_the_truth_are_normal():
    rows = target("gaussian").sample(500, random_state=1)
    right, wrong = latent_normality(Gaussian(), rows), latent_normality(Gaussian(0.5), rows)
    assert right.of_columns.min() > 0.01
    assert right.of_radius > 0.01
    assert wrong.of_columns.max() < 1e-4
    assert right.largest_correlation < 0.15
    assert right.by_chance < 0.15
    one = latent_normality(Gaussian(), np.column_stack([rows[:, 0], np.ones(500)]))
    assert one.largest_correlation == 0
    with pytest.raises(TypeError, match="no latents"):
        latent_normality(target("moons"), rows)


def test_posteriors_that_are_too_narrow_are_found():
    rng = np.random.default_rng(0)
    mean = rng.normal(size=(300, 1))
    truth = mean + rng.normal(size=(300, 1))
    ranks, p = simulation_based_calibration(truth, mean[:, None] + rng.normal(size=(300, 19, 1)))
    assert ranks.min() == 0
    assert ranks.max() == 19
    assert p[0] > 0.01
    _, narrow = simulation_based_calibration(
        truth, mean[:, None] + 0.4 * rng.normal(size=(300, 19, 1))
    )
    assert narrow[0] < 1e-6
    with pytest.raises(DataError, match=r"\(n, L, D\)"):
        simulation_based_calibration(truth, np.zeros((300, 1)))


def test_rows_without_structure_are_of_no_use():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 2))
    labels = (rows[:, 0] > 0).astype(int)
    found = train_on_synthetic(
        (rows[:100], labels[:100]),
        (rows[:100], rng.permutation(labels[:100])),
        (rows[100:], labels[100:]),
        shares=(1.0,),
    )
    assert found.real > 0.9
    assert found.synthetic < 0.7
    assert set(found.augmented) == {1.0}
    with pytest.raises(DataError, match="two classes"):
        train_on_synthetic((rows, np.ones(200)), (rows, labels), (rows, labels))
    with pytest.raises(DataError, match="takes 400 synthetic rows, but there are 200"):
        train_on_synthetic((rows, labels), (rows, labels), (rows, labels), shares=(2.0,))
    with pytest.raises(ShapeError, match="2 columns, but test have 1"):
        train_on_synthetic((rows, labels), (rows, labels), (rows[:, :1], labels))


def test_copies_are_found():
    rng = np.random.default_rng(0)
    training, held_out, fresh = (rng.normal(size=(100, 2)) for _ in range(3))
    copied, honest = (copy_check(training, held_out, s) for s in (training, fresh))
    assert (copied.exact, copied.closer) == (1.0, 1.0)
    assert honest.exact == 0
    assert 0.35 < honest.closer < 0.65
    assert honest.membership is None

    class Remembering(Gaussian):
        def score_samples(self, x):
            seen = (np.asarray(x)[:, None] == training).all(axis=2).any(axis=1)
            return super().score_samples(x) + 5 * seen

    membership = copy_check(training, held_out, fresh, Remembering()).membership
    assert membership is not None
    assert membership > 0.95
    gap = copy_check(training, held_out, fresh, Remembering()).gap
    assert gap is not None
    assert abs(gap.value - 5) < 4 * gap.standard_error
    # Rows of a coarse grid repeat without being copied.
    coarse = [np.round(rows) for rows in (training, held_out, fresh)]
    assert copy_check(*coarse).exact_by_chance > 0.9


def test_estimators_take_tables_by_name():
    rows = np.random.default_rng(0).normal([0, 9], size=(300, 2))
    frame = pd.DataFrame(rows, columns=["a", "b"])
    density = FlowDensity(flow="classical", random_state=0).fit(frame[:200])
    turned = frame[["b", "a"]]
    expected = density.score_samples(frame[200:]).mean()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert held_out_difference(density, lambda x: 0 * x[:, 0], turned[200:]).value == expected
        assert coverage(density, turned[200:]).p_value > 0.001
        assert copy_check(turned[:200], frame[200:], turned[:50], density).exact == 1
        assert divergence(Known(rows), density, n=50).value < 100
    report = evaluate_density(density, turned[200:], training=frame[:200])
    assert report.latents is None
    assert report.copies is not None
    assert report.copies.exact == 0
    assert "privacy" in report.verdict
    with pytest.raises(TypeError, match="FlowDensity is judged, not Gaussian"):
        evaluate_density(Gaussian(), frame)


@pytest.fixture(scope="module")
def conditional():
    """Rows y = 3 a with noise, given a and a column that says nothing, and a flow of them."""
    rng = np.random.default_rng(0)
    given = pd.DataFrame({"a": rng.normal(size=500), "b": rng.normal(size=500)})
    noise = rng.normal(size=(2, 500))
    rows = pd.DataFrame({"y": 3 * given["a"] + 0.3 * noise[0], "z": noise[1]})
    flow = {"n_layers": 1, "hidden_sizes": (16,), "learning_rate": 0.03, "max_epochs": 200}
    density = FlowDensity("maf", **flow, batch_size=32, patience=200, random_state=0)
    return density.fit(rows[:300], condition=given[:300]), rows, given


def test_a_conditional_density_is_judged_given_the_conditions(conditional):
    density, rows, given = conditional
    turned = given[["b", "a"]]
    report = evaluate_density(
        density,
        rows[300:],
        condition=turned[300:],
        training=rows[:300],
        training_condition=turned[:300],
    )
    expected = density.score_samples(rows[300:], condition=given[300:]).mean()
    assert report.log_prob.value == pytest.approx(expected)
    # The negative entropy of normal noise.
    truth = -np.log(0.3) - np.log(2 * np.pi * np.e)
    assert abs(report.log_prob.value - truth) < 0.3
    assert abs(report.own.value - truth) < 0.15
    assert report.comparisons[0].value < 0.55
    assert [name for name, *_ in report.columns] == ["y", "z"]
    assert report.latents is not None
    assert report.latents.of_columns.shape == (2,)
    assert report.copies is not None
    assert report.copies.exact == 0


def test_conditions_of_other_rows_are_found_out(conditional):
    density, rows, given = conditional
    other = given[300:].sample(frac=1, random_state=0)
    report = evaluate_density(density, rows[300:], condition=other)
    assert report.comparisons[0].value > 0.65
    assert report.coverage.p_value < 1e-6
    # By itself the column is as it should be: only the pair is not.
    assert report.columns[0][3] > 0.01
    assert "Trees often tell" in report.verdict


def test_conditions_that_do_not_fit_are_refused(conditional):
    density, rows, given = conditional
    with pytest.raises(DataError, match="conditional on 'a', 'b': give condition"):
        evaluate_density(density, rows)
    with pytest.raises(DataError, match="give training_condition"):
        evaluate_density(density, rows, condition=given, training=rows)
    with pytest.raises(ShapeError, match="condition has 499 rows for 500"):
        evaluate_density(density, rows, condition=given[1:])
    plain = FlowDensity("classical", random_state=0).fit(rows)
    with pytest.raises(DataError, match="without a condition"):
        evaluate_density(plain, rows, condition=given)


class Known:
    """Rows that are drawn as they are, of a density that is one everywhere."""

    def __init__(self, rows):
        self.rows = rows

    def sample(self, n, random_state=None):
        return self.rows[:n]

    def log_prob(self, x):
        return np.zeros(len(x))
