"""Densities of rounded columns: p / s for a value of probability p on a lattice of step s."""

import numpy as np
import pytest

from fluvial.estimators import FlowDensity

N = 1000
RNG = np.random.default_rng(0)
DIGITS = RNG.integers(0, 10, N).astype(float)
SMALL = {"flow": "neural_spline_flow", "hidden_sizes": (16,), "n_layers": 2, "max_epochs": 30}


def fitted(column):
    return FlowDensity(**SMALL, random_state=0).fit(column[:, None])


@pytest.mark.parametrize(
    ("column", "at", "step", "last"),
    [
        (np.append(DIGITS[1:], 2**31 - 1), [2, 5, 7], 1, 9),
        (np.append(DIGITS[5:], [-1e9] * 5), [2, 5, 7], 1, 9),
        (0.55 * (DIGITS + 1) * (1 + 1e-12 * RNG.normal(size=N)), [1.65, 3.3, 4.4], 0.55, 5.5),
    ],
)
def test_the_density_of_a_lattice_is_probability_over_step(column, at, step, last):
    density = fitted(column)
    np.testing.assert_allclose(density.rounding_steps_, step, rtol=1e-6)
    found = density.score_samples(np.array(at)[:, None])
    np.testing.assert_allclose(found, np.log(0.1 / step), atol=0.4)
    low, high = np.quantile(density.sample(1000), [0.02, 0.98])
    assert -last / 2 < low < last / 3
    assert last / 1.5 < high < last * 1.5


def test_zeros_and_one_other_value_are_sampled_near_zero():
    sampled = fitted(np.append(np.zeros(N - 1), 57.3)).sample(1000)
    assert np.quantile(np.abs(sampled), 0.99) < 6


def test_the_values_of_a_rare_flag_differ_by_their_odds():
    flag = np.arange(N) % 50 == 0
    density = fitted(flag.astype(float))
    normal, rare = density.score_samples(np.array([[0.0], [1.0]]))
    assert rare - normal == pytest.approx(np.log(0.02 / 0.98), abs=1)


def test_a_column_equal_up_to_the_last_bit_is_as_wide_as_the_rest():
    equal = np.where(RNG.random(N) < 0.5, 7.4, np.nextafter(7.4, 0))
    density = fitted(np.where(RNG.random(N) < 0.6, equal, RNG.normal(7, 1, N)))
    assert density.score_samples(np.array([[6.0], [8.5]])).min() > -8
    assert np.abs(density.sample(1000) - 7).max() < 20
