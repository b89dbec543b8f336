"""Tails, quantiles and moments of transformed distributions against scipy and samples."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from tests.cases import Skewed

from fluvial import flows
from fluvial.bijectors import Chain, Exp, Invert, Permutation, Reciprocal, Scale, Shift, Sigmoid
from fluvial.distributions import Laplace, LogNormal, Normal, TransformedDistribution, Uniform
from fluvial.errors import ClosedFormError
from fluvial.testing import randomise

KEY = jax.random.key(4)
X = np.array([-2.0, 0.0, 0.4, 1.0, 3.0, np.inf, -np.inf])
Q = np.array([0.0, 1e-9, 0.2, 0.5, 0.9, 1.0])


@eqx.filter_jit
def evaluate(d, x, q):
    tails = [d.cdf(x), d.survival_function(x), d.log_cdf(x)]
    return *tails, jax.vmap(jax.grad(d.cdf))(x), d.quantile(q), d.prob(x)


# A name, the distribution, and the same by scipy.
CASES = {
    "rising": (lambda: Exp()(Normal(0.3, 0.8)), stats.lognorm(0.8, scale=np.exp(0.3))),
    "falling": (lambda: Scale(-2.0)(Normal()), stats.norm(0, 2)),
    "falling twice": (
        lambda: Chain([Scale(-1.0), Shift(1.0), Scale(-2.0)])(Laplace()),
        stats.laplace(-1, 2),
    ),
    "bounded": (lambda: Chain([Scale(-3.0), Sigmoid()])(Normal()), None),
    "inverted": (lambda: Invert(Exp())(LogNormal(0.1, 0.6)), stats.norm(0.1, 0.6)),
    "monotone on the support alone": (
        lambda: Reciprocal()(LogNormal(0.2, 0.7)),
        stats.lognorm(0.7, scale=np.exp(-0.2)),
    ),
    "written for one event": (
        lambda: eqx.tree_at(lambda b: b.shift, Skewed(), jnp.ones(()))(Normal()),
        None,
    ),
}


def logit_normal(x):
    inner = np.clip(-x / 3, 1e-300, 1 - 1e-16)
    return np.where(x >= 0, 1.0, np.where(x <= -3, 0, stats.norm.sf(np.log(inner / (1 - inner)))))


@pytest.mark.parametrize("name", CASES)
def test_tails_and_quantiles_through_monotone_maps(x64, name):
    build, oracle = CASES[name]
    d = build()
    cdf, survival, log_cdf, slope, quantile, density = evaluate(d, X, Q)
    if oracle is not None:
        np.testing.assert_allclose(cdf, oracle.cdf(X), rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(survival, oracle.sf(X), rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(quantile, oracle.ppf(Q), rtol=1e-12)
    elif name == "bounded":
        np.testing.assert_allclose(cdf, logit_normal(X), rtol=1e-12)
        np.testing.assert_allclose(logit_normal(np.asarray(quantile)), Q, rtol=1e-9, atol=1e-15)
    else:
        np.testing.assert_allclose(cdf, stats.norm.cdf(np.sinh(np.arcsinh(X) - 1)), rtol=1e-12)
    np.testing.assert_allclose(np.exp(log_cdf), cdf, rtol=1e-13)
    np.testing.assert_allclose(slope, density, rtol=1e-12, atol=1e-300)
    assert np.isnan(d.cdf(np.nan))


def test_the_cdfs_of_the_textbook():
    normal, points = Normal(0.0, 1.0), jnp.array([0.0, 0.5, 1.0])
    expected = [0.5, 0.6914625, 0.8413447]
    np.testing.assert_allclose(normal.cdf(points), expected, rtol=1e-6)
    np.testing.assert_allclose(Scale(2.0)(normal).cdf(2 * points), expected, rtol=1e-6)


def test_values_of_an_event_may_rise_and_fall(x64):
    for base in (Normal(jnp.zeros(2), jnp.ones(2)), None):
        scale = Scale(jnp.array([-1.0, 2.0]))
        d = scale(base) if base else TransformedDistribution(Normal(), scale, event_shape=(2,))
        x = np.random.default_rng(0).normal(size=(5, 2))
        expected = stats.norm.cdf(x, 0, [1, 2])
        np.testing.assert_allclose(d.cdf(x), expected.prod(1), rtol=1e-12)
        np.testing.assert_allclose(d.survival_function(x), (1 - expected).prod(1), rtol=1e-12)
        np.testing.assert_allclose(d.quantile(expected), x, rtol=1e-12)
    assert isinstance(d.base.mean(), jax.Array)
    np.testing.assert_allclose(d.base.entropy(), 2 * stats.norm.entropy())
    np.testing.assert_array_equal(d.base.variance(), [1, 1])


def test_a_flow_of_one_column_has_a_cdf_given_a_condition():
    flow = flows.maf(KEY, n_features=1, n_layers=2, hidden_sizes=(4,), condition_shape=())
    flow = randomise(flow, KEY, 0.5)
    conditions = jnp.array([-1.0, 2.0])
    x = flow.sample(KEY, (4000,), conditions)
    shares = np.asarray(flow.cdf(x, conditions))
    for share in shares.T:
        assert stats.kstest(share, "uniform").pvalue > 1e-3
    again = flow.quantile(jnp.asarray(shares)[:50, :, None], conditions)
    np.testing.assert_allclose(again, x[:50], rtol=1e-3, atol=1e-4)


def test_maps_that_mix_values_have_no_cdf():
    d = Permutation([1, 0])(Uniform(jnp.zeros(2), 1.0))
    with pytest.raises(ClosedFormError, match="Permutation of event_shape"):
        d.cdf(jnp.zeros(2))
    with pytest.raises(ClosedFormError, match="no closed form of the mean; give a key"):
        d.mean()


def test_moments_come_with_their_standard_errors():
    d = Exp()(Normal(0.0, 0.5))
    oracle = stats.lognorm(0.5)
    keys = jax.random.split(KEY, 200)

    @jax.jit
    @jax.vmap
    def estimates(key):
        kwargs = {"key": key, "n_samples": 400}
        return d.mean(**kwargs), d.variance(**kwargs), d.entropy(**kwargs)

    exact = oracle.mean(), oracle.var(), oracle.entropy()
    for (values, errors), truth in zip(estimates(keys), exact, strict=True):
        assert abs(np.mean(values) - truth) < 5 * np.std(values) / 200**0.5
        # The error that is told is the spread from key to key.
        np.testing.assert_allclose(np.median(errors), np.std(values), rtol=0.35)
    with pytest.raises(ValueError, match="n_samples must be at least 2, but is 1"):
        d.mean(key=KEY, n_samples=1)
