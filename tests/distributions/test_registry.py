"""Every distribution of `tests/cases.py`: closed forms against scipy, tails, types, samples."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from tests.cases import DISTRIBUTIONS
from tests.distributions.evaluated import KEY, WITH_TAILS, case
from tests.distributions.oracles import COLUMNS, MIXTURES, mixture_of_one, moments

from fluvial import distributions
from fluvial.distributions import Distribution
from fluvial.errors import ClosedFormError

BOUNDED = {"uniform": (0, 1), "exponential": (0,), "log-normal": (0,), "beta": (0, 1)}
"""From a name to which of -1,000 and 1,000 lie outside the support."""

names = pytest.mark.parametrize("name", DISTRIBUTIONS)
with_columns = pytest.mark.parametrize("name", COLUMNS)
with_tails = pytest.mark.parametrize("name", WITH_TAILS)


def close(found, wanted, tolerance=1e-12, **kwargs):
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance, **kwargs)


@with_columns
def test_closed_forms_are_those_of_scipy(x64, name):
    d, x, q, found, *_ = case(name)
    oracle = COLUMNS[name](d)

    def of_event(function, combine):
        return combine(function(x).reshape(len(x), -1), axis=1)

    close(found["log_prob"], of_event(oracle.logpdf, np.sum))
    close(found["prob of one"], of_event(oracle.pdf, np.prod))
    close(found["cdf of one"], of_event(oracle.cdf, np.prod))
    close(found["log_cdf"], of_event(oracle.logcdf, np.sum))
    # Of a uniform it depends on the last digits of x.
    sure = np.all(oracle.sf(x).reshape(len(x), -1) > 1e-9, axis=1)
    close(found["log_survival_function"][sure], of_event(oracle.logsf, np.sum)[sure], 1e-10)
    close(found["quantile"], x)
    # At q = 1 - 1e-12 the numbers next to 1 are too far apart to tell the density.
    inner = (q > 1e-9) & (q < 1 - 1e-9)
    close((found["slope of quantile"] * oracle.pdf(x))[inner], 1, 1e-9)
    close(d.mean(), oracle.mean())
    close(d.variance(), oracle.var())
    close(d.entropy(), np.sum(oracle.entropy()))


@pytest.mark.parametrize("name", MIXTURES)
def test_mixtures_of_one_value_have_the_sums_of_their_parts(x64, name):
    d, x, q, found, *_ = case(name)
    oracle = mixture_of_one(d)
    close(found["log_prob"], oracle.logpdf(x))
    close(found["cdf of one"], oracle.cdf(x))
    close(found["log_cdf"], oracle.logcdf(x))
    close(found["log_survival_function"], oracle.logsf(x))
    close(oracle.cdf(found["quantile"]), q.ravel())
    close(d.mean(), oracle.mean())
    close(d.variance(), oracle.var())


@pytest.mark.parametrize("name", ["multivariate-normal", "gaussian-mixture", "kernel-density"])
def test_vectors_have_their_moments_and_no_cdf(x64, name):
    d = case(name).distribution
    mean, variance = moments(d)
    close(d.mean(), mean)
    close(d.variance(), variance)
    for ask in (d.cdf, d.quantile):
        with pytest.raises(ClosedFormError, match=r"event_shape \(2,\) has no closed form of"):
            ask(np.zeros(2))


def test_a_mixture_of_vectors_has_moments_and_a_cdf(x64):
    d, x, _, found, *_ = case("mixture")
    close(d.mean(), moments(d)[0])
    close(d.variance(), moments(d)[1])
    normal, laplace = d.distributions
    parts = stats.norm(normal.loc, normal.scale), stats.laplace(laplace.loc, laplace.scale)
    close(found["cdf of one"], d.weights @ np.array([part.cdf(x).prod(1) for part in parts]))
    close(d.survival_function(x), d.weights @ np.array([p.sf(x).prod(1) for p in parts]))


def test_the_density_of_a_normal_vector_is_that_of_scipy(x64):
    d, x, _, found, *_ = case("multivariate-normal")
    oracle = stats.multivariate_normal(d.loc, d.covariance)
    close(found["log_prob"], oracle.logpdf(x))
    close(d.entropy(), oracle.entropy())


def test_methods_are_the_exponentials_of_their_logarithms(x64):
    d, x, _, found, *_ = case("normal")
    close(d.prob(x), np.exp(found["log_prob"]))
    close(d.cdf(x), np.exp(found["log_cdf"]))
    close(d.survival_function(x), np.exp(found["log_survival_function"]))


@with_tails
def test_the_slope_of_the_cdf_is_the_density(x64, name):
    d, x, _, found, *_ = case(name)
    if d.event_shape in ((), (1,)):
        close(found["slope of cdf"].reshape(-1), found["prob of one"], 1e-9)
    elif name == "mixture":
        step = 1e-6 * np.array([1.0, -1.0])
        difference = (d.cdf(x + step) - d.cdf(x - step)) / 2e-6
        close(difference, found["slope of cdf"] @ step / 1e-6, 1e-6)
    else:
        oracle = COLUMNS[name](d)
        close(found["slope of cdf"], oracle.pdf(x) * oracle.cdf(x)[:, ::-1], 1e-9)


@names
def test_float32_gives_float32_close_to_float64(name):
    wide, found = case(name).values, case(name, "float32").values
    usual = slice(2, -2)
    for what, got in found.items():
        assert got.dtype == np.float32
        # The log of a probability near 1 is as exact as x is.
        close(got[usual], wide[what][usual], 2e-3, err_msg=what)


@names
def test_outside_the_support_and_at_nan(x64, name):
    """Minus infinity with a gradient of zero, probabilities 0 and 1; a NaN stays one."""
    beyond = case(name).beyond
    outside = np.array([*BOUNDED[name], 2, 3] if name in BOUNDED else [], int)
    assert np.all(beyond["log_prob"][outside] == -np.inf)
    assert np.all(beyond["slope of prob"][outside] == 0)
    assert np.isnan(beyond["log_prob"][4])
    if name in WITH_TAILS:
        limits = np.array([0.0, 1.0])
        close(np.exp(beyond["log_cdf"][2:4]), limits, 1e-15)
        close(beyond["cdf of one"][2:4], limits, 1e-15)
        close(np.exp(beyond["log_survival_function"][2:4]), 1 - limits, 1e-15)
        np.testing.assert_array_equal(beyond["slope of cdf"][2:4], 0)
        assert np.isnan(beyond["cdf of one"][4])


def test_a_share_outside_zero_to_one_has_no_quantile():
    found = distributions.Exponential(2.0).quantile(np.array([-0.1, 0.0, 1.0, 1.1, np.nan]))
    np.testing.assert_array_equal(found, [np.nan, 0, np.inf, np.nan, np.nan])


@names
def test_samples_come_from_the_distribution(name):
    d, *_, samples = case(name, "float32")
    x = samples["x"]
    assert x.dtype == samples["log_prob"].dtype == jnp.float32
    for what in ("mean", "variance"):
        value, error = samples[what]
        assert value.shape == error.shape == d.event_shape
        # The fourth moment of Student's t, and so the error of its variance, is infinite.
        if name not in ("student-t", "transformed"):
            assert np.all(np.abs(value - getattr(d, what)()) < 5 * error), what
    if name in COLUMNS:
        shares = np.asarray(COLUMNS[name](d).cdf(np.asarray(x, np.float64))).reshape(len(x), -1)
        assert all(stats.kstest(share, "uniform").pvalue > 1e-3 for share in shares.T)


@names
def test_every_trained_parameter_gets_a_finite_gradient(name):
    found = jax.tree.leaves(case(name).gradients)
    assert all(np.all(np.isfinite(leaf)) for leaf in found)
    # The density of a uniform does not change where its ends move together; a factor of one column
    # has nothing below its diagonal.
    idle = name == "uniform" or name in ("multivariate-normal-of-one", "gaussian-mixture-of-one")
    assert sum(bool(np.any(leaf != 0)) for leaf in found) == len(found) - idle


def test_every_public_distribution_has_a_case():
    offered = [value for value in vars(distributions).values() if isinstance(value, type)]
    concrete = {d for d in offered if issubclass(d, Distribution) and not inspect.isabstract(d)}
    missing = concrete - {type(build(KEY)) for build in DISTRIBUTIONS.values()}
    assert not missing, f"add a case to tests/cases.py for {missing}"
