"""Flows fitted to densities known up to a constant, against normalisers known exactly."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

from fluvial import flows
from fluvial.bijectors import Affine
from fluvial.distributions import Normal, StandardNormal, TransformedDistribution
from fluvial.errors import ShapeError
from fluvial.training import fit_variational

KEY = jax.random.key(1)
COVARIANCE = np.array([[2.0, 1.2], [1.2, 1.0]])
PRECISION = jnp.asarray(np.linalg.inv(COVARIANCE))
EFFECTS = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
ERRORS = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])


def banana(x):
    return -(x[:, 0] ** 2) / 8 - (x[:, 1] - x[:, 0] ** 2 / 4 + 1) ** 2 / 2


def correlated(x):
    return -jnp.einsum("ni,ij,nj->n", x - 1, PRECISION, x - 1) / 2


def eight_schools(x):
    """Rubin's eight schools, not centred: (mu / 5, log tau, eight standardised effects)."""
    mu, log_tau, raw = 5 * x[:, 0], x[:, 1], x[:, 2:]
    tau = jnp.exp(log_tau)
    effects = mu[:, None] + tau[:, None] * raw
    likelihood = jax.scipy.stats.norm.logpdf(EFFECTS, effects, ERRORS).sum(1)
    # tau has a half-Cauchy prior of scale 5, mu a normal one; their logarithms have no constants.
    prior = -(mu**2) / 50 - jnp.log1p((tau / 5) ** 2) + jax.scipy.stats.norm.logpdf(raw).sum(1)
    return likelihood + prior + log_tau + jnp.log(5.0)


def integral_of_eight_schools(function):
    """Integrate over mu and tau, given which the effects are integrated exactly."""
    # Beyond, tau has a share of the posterior of 1e-5 at most.
    mu, tau = np.linspace(-30, 40, 701), np.sinh(np.linspace(0, 6, 601))
    grid_mu, grid_tau = np.meshgrid(mu, tau, indexing="ij")
    spread = np.sqrt(grid_tau[..., None] ** 2 + ERRORS**2)
    log = stats.norm.logpdf(EFFECTS, grid_mu[..., None], spread).sum(-1)
    density = np.exp(log - grid_mu**2 / 50) / (1 + (grid_tau / 5) ** 2)
    inner = integrate.simpson(density * function(grid_mu, grid_tau), x=tau, axis=1)
    return integrate.simpson(inner, x=mu)


@functools.cache
def fitted(name):
    target, size, n_layers, epochs = {
        "banana": (banana, 2, 2, 15),
        "correlated": (correlated, 2, 2, 10),
        "eight-schools": (eight_schools, 10, 2, 15),
    }[name]
    flow = flows.iaf(
        jax.random.key(0), n_features=size, n_layers=n_layers, hidden_sizes=(8 + size,)
    )
    return fit_variational(
        KEY, flow, target, max_epochs=epochs, learning_rate=7e-3, show_progress=False
    )


@pytest.mark.parametrize(
    ("name", "log_normaliser", "missing"),
    [
        ("banana", np.log(4 * np.pi), 0.05),
        ("correlated", np.log(2 * np.pi) + np.linalg.slogdet(COVARIANCE)[1] / 2, 0.02),
        ("eight-schools", np.log(integral_of_eight_schools(lambda mu, tau: 1.0)), 0.15),
    ],
)
def test_the_normaliser_is_found_and_the_elbo_is_just_below(name, log_normaliser, missing):
    _, found = fitted(name)
    value, error = found.log_normaliser
    assert abs(value - log_normaliser) < 4 * error + 1e-3
    elbo, error = found.elbo
    assert log_normaliser - missing < elbo < log_normaliser + 4 * error
    assert 0.5 * found.n_samples < found.effective_sample_size <= found.n_samples
    assert found.history.train_loss[-1] == pytest.approx(-float(elbo), abs=0.1)
    assert found.history.train_loss[-1] < found.history.train_loss[0]


def test_the_moments_of_a_gaussian_are_found():
    x = np.asarray(fitted("correlated")[0].sample(KEY, 20_000))
    np.testing.assert_allclose(x.mean(0), 1, atol=0.1)
    np.testing.assert_allclose(np.cov(x.T), COVARIANCE, rtol=0.15)


def test_the_posterior_of_the_eight_schools_is_found():
    x = np.asarray(fitted("eight-schools")[0].sample(KEY, 20_000))
    whole = integral_of_eight_schools(lambda mu, tau: 1.0)
    mean_mu = integral_of_eight_schools(lambda mu, tau: mu) / whole
    small_tau = integral_of_eight_schools(lambda mu, tau: tau < 5.0) / whole
    assert 5 * x[:, 0].mean() == pytest.approx(mean_mu, abs=0.5)
    assert (np.exp(x[:, 1]) < 5).mean() == pytest.approx(small_tau, abs=0.05)


def test_estimates_of_a_known_flow_are_exact_where_it_is_the_target():
    flow = TransformedDistribution(StandardNormal(2), Affine(jnp.ones(2), 2.0))

    def log_density(x):
        return flow.log_prob(x) + 3.0

    kept, found = fit_variational(
        KEY, flow, log_density, max_epochs=1, steps_per_epoch=1, show_progress=False
    )
    np.testing.assert_allclose(kept.bijector.shift, 1, atol=0.01)
    for estimate in (found.elbo, found.log_normaliser):
        assert float(estimate.value) == pytest.approx(3, abs=0.01)
    assert float(found.effective_sample_size) == pytest.approx(found.n_samples, rel=1e-3)


def test_what_is_no_log_density_is_refused():
    flow = TransformedDistribution(Normal(), Affine())
    with pytest.raises(ShapeError, match=r"shape \(128,\), but returned \(\); jax.vmap"):
        fit_variational(KEY, flow, jnp.sum, show_progress=False)
    with pytest.raises(ValueError, match="n_evaluated at least 2, but they are 128 and 1"):
        fit_variational(KEY, flow, jnp.negative, n_evaluated=1)
