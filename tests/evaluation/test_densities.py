"""Divergences, coverage and calibration of densities that are known."""

import jax
import numpy as np
import pytest

from fluvial.errors import DataError
from fluvial.evaluation import (
    copy_check,
    coverage,
    divergence,
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


def test_latents_of_the_truth_are_normal():
    rows = target("gaussian").sample(500, random_state=1)
    right, wrong = latent_normality(Gaussian(), rows), latent_normality(Gaussian(0.5), rows)
    assert right.of_columns.min() > 0.01
    assert right.of_radius > 0.01
    assert wrong.of_columns.max() < 1e-4
    assert right.largest_correlation < 0.15


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
