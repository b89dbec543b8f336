"""NumPyro's distributions as bases, and distributions of Fluvial in NumPyro's models."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial import flows
from fluvial.bijectors import Affine, Exp
from fluvial.distributions import Exponential, Normal, TransformedDistribution
from fluvial.errors import ShapeError
from fluvial.flows import Flow
from fluvial.testing import randomise

numpyro = pytest.importorskip("numpyro")

KEY = jax.random.key(2)


def test_a_distribution_of_numpyro_is_a_base():
    import numpyro.distributions as dist

    base = dist.Gumbel(jnp.zeros(2), 1.0).to_event(1)
    flow = Flow(base, Affine(jnp.array([1.0, -2.0]), jnp.array([0.5, 3.0])))
    transform = dist.transforms.AffineTransform(jnp.array([1.0, -2.0]), jnp.array([0.5, 3.0]))
    wanted = dist.TransformedDistribution(dist.Gumbel(jnp.zeros(2), 1.0), transform).to_event(1)
    x, log_prob = flow.sample_and_log_prob(KEY, (5,))
    np.testing.assert_allclose(log_prob, wanted.log_prob(x), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(flow.log_prob(x), wanted.log_prob(x), rtol=1e-4, atol=1e-5)


def test_a_flow_is_a_distribution_of_numpyro():
    flow = randomise(flows.maf(KEY, n_features=2, n_layers=1, hidden_sizes=(4,)), KEY)
    given = flow.to_numpyro()
    assert isinstance(given, numpyro.distributions.Distribution)
    assert given.event_shape == (2,)
    assert given.batch_shape == ()
    x = given.sample(jax.random.PRNGKey(1), (3, 4))
    assert x.shape == (3, 4, 2)
    np.testing.assert_allclose(given.log_prob(x), flow.log_prob(x), rtol=1e-6)
    assert jnp.all(given.support(x))


def test_conditions_are_the_batch():
    flow = flows.maf(KEY, n_features=2, n_layers=1, hidden_sizes=(4,), condition_shape=(1,))
    given = randomise(flow, KEY).to_numpyro(jnp.arange(3.0)[:, None])
    assert given.batch_shape == (3,)
    x = given.sample(jax.random.PRNGKey(1), (5,))
    assert x.shape == (5, 3, 2)
    assert given.log_prob(x).shape == (5, 3)
    with pytest.raises(ShapeError, match="needs a condition"):
        flow.to_numpyro()


def two_columns():
    """A Gaussian with correlated columns, as a prior, and one row seen with noise."""
    base = Normal(jnp.zeros(2), 1.0)
    tilted = flows.maf(KEY, n_features=2, n_layers=1, hidden_sizes=(4,)).bijector
    return TransformedDistribution(base, tilted)


def test_a_short_nuts_run_samples_a_posterior_over_a_flow():
    """The untrained flow is close to a standard normal: the posterior given y = 2 is N(1, 1/2)."""
    prior = two_columns()

    def model(y):
        x = numpyro.sample("x", prior.to_numpyro())
        numpyro.sample("y", numpyro.distributions.Normal(x[0], 1.0), obs=y)

    kernel = numpyro.infer.NUTS(model)
    run = numpyro.infer.MCMC(kernel, num_warmup=200, num_samples=600, progress_bar=False)
    # NumPyro mixes types.
    with jax.numpy_dtype_promotion("standard"):
        run.run(jax.random.PRNGKey(0), 2.0)
    x = np.asarray(run.get_samples()["x"])
    assert x[:, 0].mean() == pytest.approx(1.0, abs=0.15)
    assert x[:, 0].var() == pytest.approx(0.5, abs=0.15)
    assert x[:, 1].mean() == pytest.approx(0.0, abs=0.2)


def test_a_short_svi_run_fits_a_guide_to_a_flow():
    prior = TransformedDistribution(Normal(1.0, 0.5), Affine(2.0, 3.0))  # N(5, 1.5)

    def model():
        numpyro.sample("x", prior.to_numpyro())

    guide = numpyro.infer.autoguide.AutoNormal(model)
    svi = numpyro.infer.SVI(model, guide, numpyro.optim.Adam(0.05), numpyro.infer.Trace_ELBO(8))
    with jax.numpy_dtype_promotion("standard"):
        found = svi.run(jax.random.PRNGKey(0), 600, progress_bar=False).params
    assert found["x_auto_loc"] == pytest.approx(5.0, abs=0.15)
    assert found["x_auto_scale"] == pytest.approx(1.5, abs=0.2)


def test_a_support_can_be_given():
    positive = numpyro.distributions.constraints.positive
    given = TransformedDistribution(Normal(0.0, 1.0), Exp()).to_numpyro(support=positive)
    assert given.support is positive
    wanted = numpyro.distributions.LogNormal(0.0, 1.0).log_prob(2.0)
    assert given.log_prob(jnp.array(2.0)) == pytest.approx(float(wanted), rel=1e-5)
    assert Exponential(2.0).to_numpyro(support=positive).event_shape == ()
