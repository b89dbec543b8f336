"""The Kullback-Leibler divergence: closed forms, and estimates with their errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate
from tests.cases import Rotated

from fluvial.distributions import (
    Exponential,
    Laplace,
    LogNormal,
    Mixture,
    MultivariateNormalDiag,
    MultivariateNormalTriL,
    Normal,
    StandardNormal,
    Uniform,
    kl_divergence,
)
from fluvial.errors import ClosedFormError, ShapeError

KEY = jax.random.key(9)
PAIRS = {
    "normal": (Normal(0.3, 0.7), Normal(-0.5, 1.9)),
    "standard-normal": (StandardNormal(()), Normal(-0.5, 1.9)),
    "laplace": (Laplace(0.3, 0.7), Laplace(-0.5, 1.9)),
    "log-normal": (LogNormal(0.3, 0.7), LogNormal(-0.2, 0.9)),
    "exponential": (Exponential(0.7), Exponential(1.9)),
    "uniform": (Uniform(0.5, 1.0), Uniform(-1.0, 1.5)),
}
TRIL = np.array([[1.0, 0.0], [-0.7, 0.4]])
FULL = MultivariateNormalTriL([0.5, 1.0], TRIL)
DIAGONAL = MultivariateNormalDiag([0.0, 2.0], [0.9, 1.7])


@pytest.mark.parametrize("name", PAIRS)
def test_closed_forms_are_the_integrals(name):
    p, q = PAIRS[name]
    ends = p.quantile(jnp.array([0.0, 1.0]))
    line = np.linspace(*p.quantile(jnp.array([1e-7, 1 - 1e-7])), 20_001)
    assert ends[0] <= line[0]
    log_p, log_q = (np.asarray(d.log_prob(line), np.float64) for d in (p, q))
    expected = integrate.simpson(np.exp(log_p) * (log_p - log_q), x=line)
    np.testing.assert_allclose(kl_divergence(p, q), expected, rtol=1e-3)
    np.testing.assert_allclose(kl_divergence(p, p), 0, atol=1e-6)


@pytest.mark.parametrize(
    ("p", "q"), [(FULL, DIAGONAL), (DIAGONAL, FULL), (FULL, StandardNormal(2))]
)
def test_normal_vectors(x64, p, q):
    means, covariances = [], []
    for d in (p, q):
        deviations = np.sqrt(d.variance())
        full = d.covariance if hasattr(d, "covariance") else np.diag(deviations**2)
        means.append(np.asarray(d.mean(), float))
        covariances.append(np.asarray(full, float))
    inverse, gap = np.linalg.inv(covariances[1]), means[1] - means[0]
    log_dets = [np.linalg.slogdet(c)[1] for c in covariances]
    trace = np.trace(inverse @ covariances[0])
    expected = (trace - 2 + gap @ inverse @ gap + log_dets[1] - log_dets[0]) / 2
    np.testing.assert_allclose(kl_divergence(p, q), expected, rtol=1e-5)


def test_estimates_are_near_the_closed_form_and_tell_their_error():
    p, q = FULL, DIAGONAL
    keys = jax.random.split(KEY, 100)
    value, error = jax.jit(jax.vmap(lambda key: kl_divergence(p, q, key=key, n_samples=200)))(keys)
    assert abs(np.mean(value) - kl_divergence(p, q)) < 4 * np.std(value) / 10
    np.testing.assert_allclose(np.median(error), np.std(value), rtol=0.3)


def test_what_q_excludes_makes_it_infinite():
    assert kl_divergence(Uniform(0.0, 2.0), Uniform(0.0, 1.0)) == np.inf
    assert kl_divergence(Normal(), Uniform(), key=KEY).value == np.inf


@pytest.mark.parametrize("order", [1, -1])
def test_an_estimate_for_each_condition(order):
    turned, standard = Rotated()(DIAGONAL), StandardNormal(2)
    pair = [turned, standard][::order]
    angles = jnp.array([[0.0], [1.0], [2.0]])
    value, error = kl_divergence(*pair, key=KEY, n_samples=2000, condition=angles)
    assert value.shape == error.shape == (3, 1)
    # The standard normal is the same from every side.
    exact = kl_divergence(*[DIAGONAL, standard][::order])
    assert np.all(np.abs(value - exact) < 4 * error)


def test_without_a_closed_form_a_key_is_asked_for():
    mixture = Mixture([Normal(), Laplace()], [0.5, 0.5])
    for p, q in ((mixture, Normal()), (Normal(), Laplace())):
        with pytest.raises(ClosedFormError, match="has no closed form; give a key"):
            kl_divergence(p, q)
    with pytest.raises(ClosedFormError):
        kl_divergence(Rotated()(DIAGONAL), StandardNormal(2))
    with pytest.raises(ShapeError, match=r"\(2,\) and \(3,\)"):
        kl_divergence(StandardNormal(2), StandardNormal(3))
    with pytest.raises(ShapeError, match="takes no condition"):
        kl_divergence(Normal(), Normal(), key=KEY, condition=jnp.zeros(2))
