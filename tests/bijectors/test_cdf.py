"""Distribution functions as bijectors against SciPy's, and Gaussianisation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from fluvial.bijectors import (
    CDF,
    Blockwise,
    ExponentialCDF,
    Gaussianization,
    Invert,
    LogisticCDF,
    NormalCDF,
    StudentTCDF,
    UniformCDF,
)
from fluvial.distributions import (
    Exponential,
    Logistic,
    Normal,
    StandardNormal,
    StudentT,
    TransformedDistribution,
    Uniform,
)
from fluvial.errors import DomainError, ShapeError
from fluvial.testing import randomise

KEY = jax.random.key(5)
SHARES = np.array([1e-6, 0.01, 0.3, 0.5, 0.9, 0.9999])

pytestmark = pytest.mark.usefixtures("x64")

# The name, the same of a distribution, and SciPy's.
LAWS = {
    "normal": lambda: (NormalCDF(0.5, 2.0), Normal(0.5, 2.0), stats.norm(0.5, 2.0)),
    "exponential": lambda: (ExponentialCDF(0.5), Exponential(0.5), stats.expon(scale=2.0)),
    "logistic": lambda: (LogisticCDF(-1.0, 0.3), Logistic(-1.0, 0.3), stats.logistic(-1.0, 0.3)),
    "student t": lambda: (StudentTCDF(2.5, 1.0, 3.0), StudentT(2.5, 1.0, 3.0), stats.t(2.5, 1, 3)),
    "uniform": lambda: (UniformCDF(-1.0, 3.0), Uniform(-1.0, 3.0), stats.uniform(-1.0, 4.0)),
}


@pytest.mark.parametrize("law", LAWS)
def test_the_names_the_distributions_and_scipy_agree(law):
    named, distribution, scipy = LAWS[law]()
    z = scipy.ppf(SHARES)
    for bijector in (named, CDF(distribution)):
        x, log_det = jax.jit(lambda z, b=bijector: b.forward_and_log_det(z))(z)
        np.testing.assert_allclose(x, SHARES, rtol=1e-9)
        np.testing.assert_allclose(log_det, scipy.logpdf(z), rtol=1e-10)
        back, log_det_back = jax.jit(lambda x, b=bijector: b.inverse_and_log_det(x))(SHARES)
        np.testing.assert_allclose(back, z, rtol=1e-8)
        np.testing.assert_allclose(log_det_back, -scipy.logpdf(z), rtol=1e-8, atol=1e-10)


def test_a_normal_through_its_cdf_and_a_uniform():
    for bijector in (NormalCDF(), CDF(Normal(0.0, 1.0))):
        flow = TransformedDistribution(Uniform(0.0, 1.0), Invert(bijector))
        assert float(flow.log_prob(2.01)) == pytest.approx(-2.9389885, abs=1e-7)
    shares = NormalCDF()(jnp.array([0.0, 0.5, 1.0]))
    np.testing.assert_allclose(shares, [0.5, 0.69146246, 0.84134475], rtol=1e-7)
    np.testing.assert_allclose(NormalCDF(0.0, 2.0)(jnp.array([0.0, 1.0, 2.0])), shares, rtol=1e-12)


def test_it_makes_samples_of_any_distribution():
    x = Invert(ExponentialCDF(2.0))(Uniform(0.0, 1.0)).sample(KEY, (2_000,))
    assert stats.kstest(x, stats.expon(scale=0.5).cdf).pvalue > 0.01


def test_outside_the_support():
    cdf = CDF(Exponential(1.0))
    with pytest.raises(DomainError, match="-1 lies outside the support of Exponential"):
        cdf.forward(-1.0)
    for share in (-0.5, 1.0, 1.5):
        with pytest.raises(DomainError, match=f"{share:g} lies outside the shares"):
            cdf.inverse(share)
    assert float(cdf.inverse(0.0)) == 0.0
    assert np.isnan(cdf.forward(jnp.nan))
    log_prob = Invert(cdf)(Uniform(0.0, 1.0)).log_prob
    np.testing.assert_allclose(log_prob(jnp.array([-1.0, 0.0, 2.0])), [-np.inf, 0.0, -2.0])
    assert jax.grad(log_prob)(-1.0) == 0.0
    ends, _ = cdf._to_ends("inverse", jnp.array([-1.0, 2.0]), None)
    np.testing.assert_array_equal(ends, [0.0, np.inf])


def test_what_has_no_scalar_cdf_is_refused():
    with pytest.raises(ShapeError, match=r"event_shape \(3,\)"):
        CDF(Normal(jnp.zeros(3), 1.0))
    with pytest.raises(TypeError, match="lacks cdf"):
        CDF(object())


def test_columns_have_distribution_functions_of_their_own():
    to_unit = Blockwise([NormalCDF(1.0, 2.0), CDF(Exponential(3.0))])
    flow = Invert(to_unit)(Uniform(jnp.zeros(2), 1.0))
    x = np.array([[0.3, 0.2], [1.0, 5.0]])
    wanted = stats.norm.logpdf(x[:, 0], 1, 2) + stats.expon.logpdf(x[:, 1], scale=1 / 3)
    np.testing.assert_allclose(flow.log_prob(x), wanted, rtol=1e-9)


def test_gaussianization_makes_the_mixture_of_a_normal():
    bijector = randomise(Gaussianization(3), KEY, 1.0)
    log_weights = jax.nn.log_softmax(bijector.raw_weights)
    _, _, log_scales = bijector._components(jnp.zeros(()))
    x = np.array([-40.0, -2.0, 0.1, 3.0, 60.0])
    parts = (np.asarray(bijector.means), np.exp(log_scales))
    log_density = np.log(stats.norm.pdf(x[:, None], *parts) @ np.exp(log_weights))
    near = slice(1, 4)
    found = bijector(StandardNormal(())).log_prob(x)
    np.testing.assert_allclose(found[near], log_density[near], rtol=1e-9)
    assert np.all(np.isfinite(found))
    z = bijector.inverse(x)
    shares = stats.norm.cdf(x[near, None], *parts) @ np.exp(log_weights)
    np.testing.assert_allclose(z[near], stats.norm.ppf(shares), rtol=1e-9)
    np.testing.assert_allclose(bijector.forward(z), x, rtol=1e-9)


def test_gaussianization_starts_from_rows():
    rng = np.random.default_rng(0)
    rows = np.c_[
        np.r_[rng.normal(-3, 0.5, 500), rng.normal(4, 1, 500)], 100 + rng.gamma(2, 5, 1000)
    ]
    started = Gaussianization(6, shape=(2,)).initialise(rows)
    z = np.asarray(started.inverse(rows))
    for column in z.T:
        assert stats.kstest(column, "norm").statistic < 0.03
    with pytest.raises(ValueError, match="at least 1"):
        Gaussianization(0)
