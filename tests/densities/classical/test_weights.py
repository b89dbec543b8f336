"""Weighted rows of kernel densities and Gaussian mixtures are repeated rows."""

from typing import Any

import jax
import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm
from sklearn.mixture import GaussianMixture as Oracle

from fluvial.baselines import StackedMixtures, fit_gaussian_mixture, fit_kernel_density
from fluvial.densities.classical.fitter import Fitter
from fluvial.densities.folds import FoldRows
from fluvial.errors import DataError, ShapeError

FITS = [fit_kernel_density, fit_gaussian_mixture]
SIZES = {fit_kernel_density: {}, fit_gaussian_mixture: {"max_components": 3}}


def clusters(n, seed):
    rng = np.random.default_rng(seed)
    rows = np.concatenate([rng.normal(size=(n // 2, 2)), 4 + 0.4 * rng.normal(size=(n // 2, 2))])
    return rows, rng.integers(0, 4, n)


ROWS, WEIGHTS = clusters(100, 0)
JUDGES, JUDGES_WEIGHTS = clusters(60, 1)


def numbers(density):
    """All that a density holds."""
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(density)])


def made(fit, rows, judges=None, **weights):
    return numbers(fit(rows, judges, random_state=0, **SIZES[fit], **weights))


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("judged", [True, False])
def test_a_weight_of_two_is_the_row_twice_and_zero_none(fit, judged):
    judges = [(None, None), (JUDGES, JUDGES_WEIGHTS)][judged]
    weighted = made(fit, ROWS, judges[0], sample_weight=0.1 * WEIGHTS, held_out_weight=judges[1])
    repeated = np.repeat(JUDGES, JUDGES_WEIGHTS, axis=0) if judged else None
    expected = made(fit, np.repeat(ROWS, WEIGHTS, axis=0), repeated)
    np.testing.assert_allclose(weighted, expected, atol=1e-6)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("fit", FITS)
def test_equal_weights_are_none(fit):
    equal = made(fit, ROWS, JUDGES, sample_weight=[3] * 100, held_out_weight=np.full(60, 0.1))
    np.testing.assert_array_equal(equal, made(fit, ROWS, JUDGES))


@pytest.mark.parametrize("fit", FITS)
def test_what_is_no_weight_is_refused(fit):
    with pytest.raises(DataError, match="is -1 in row 99"):
        fit(ROWS, sample_weight=[1.0] * 99 + [-1.0])
    with pytest.raises(ShapeError, match=r"shape \(60,\)"):
        fit(ROWS, JUDGES, held_out_weight=np.ones(59))


@pytest.mark.usefixtures("x64")
def test_weighted_kernels_are_the_sum_of_them():
    density = fit_kernel_density(ROWS, sample_weight=WEIGHTS)
    counted, share = ROWS[WEIGHTS > 0], WEIGHTS[WEIGHTS > 0] / WEIGHTS.sum()
    width = (share**2).sum() ** (1 / 6)  # Silverman's rule with 1 / sum w^2 rows of two columns
    np.testing.assert_allclose(density.bandwidth, width)
    kernels = norm.logpdf(ROWS[:9, None], counted, width).sum(axis=2)
    expected: Any = logsumexp(kernels, axis=1, b=share)
    np.testing.assert_allclose(density.log_prob(ROWS[:9]), expected, rtol=1e-9)


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_steps_are_those_on_repeated_rows(kind):
    start = {
        "weights_init": [0.3, 0.7],
        "means_init": [[-1.0, 1.0], [3.0, 3.0]],
        "precisions_init": np.array([np.eye(2)] * 2) if kind == "full" else np.ones((2, 2)),
        "max_iter": 200,
        "tol": 1e-9,
        "covariance_type": kind,
    }
    counted = WEIGHTS > 0
    made = Fitter(2, **start)
    made.fit_weighted(ROWS[counted], WEIGHTS[counted].astype(float))
    oracle = Oracle(2, **start).fit(np.repeat(ROWS, WEIGHTS, axis=0))
    for name in ("weights_", "means_", "covariances_"):
        np.testing.assert_allclose(getattr(made, name), getattr(oracle, name), atol=1e-6)
    assert made.lower_bound_ == pytest.approx(oracle.lower_bound_, abs=1e-6)


@pytest.mark.usefixtures("x64")
def test_stacked_mixtures_of_weights_are_those_of_repeated_rows():
    counts, number = 1 + WEIGHTS[:40] % 2, np.arange(40) % 3

    def stacked(rows, number, weights):
        fits, judges = number != 0, number == 0
        given = (None, None) if weights is None else (weights[fits], weights[judges])
        folds = [FoldRows(rows[fits], rows[judges], None, *given)]
        mixtures = StackedMixtures(folds, rows, np.random.RandomState(0), weights=weights)
        return numbers([mixtures.of_all, mixtures.of_folds])

    weighted = stacked(ROWS[30:70], number, counts.astype(float))
    repeated = stacked(ROWS[30:70].repeat(counts, axis=0), number.repeat(counts), None)
    np.testing.assert_allclose(weighted, repeated, atol=1e-6)
