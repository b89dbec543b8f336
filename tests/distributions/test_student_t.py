"""Student's t against SciPy, its expansion around the normal and central differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from fluvial.distributions import StudentT

T = np.array([0.0, 1e-4, 0.3, -1.0, 2.5, -6.0, 30.0], np.float32)


def near_normal(t, df):
    """The log density up to t^6 / (6 df^2) and smaller terms."""
    t = t.astype(float)
    return stats.norm.logpdf(t) + (t**4 - 2 * t**2 - 1) / (4 * df)


@pytest.mark.parametrize("df", [1e-3, 0.1, 0.7, 1.0, 3.0, 20.0, 333.0, 1e4])
def test_the_density_is_scipys(df):
    df = np.float32(df)
    x = np.concatenate([T, [1e6, -1e15]]).astype(np.float32)
    expected = stats.t.logpdf(x.astype(float), float(df))
    np.testing.assert_allclose(StudentT(df).log_prob(x), expected, rtol=2e-6, atol=1e-6)
    with jax.enable_x64(True):
        found = StudentT(float(df)).log_prob(x.astype(float))
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("df", [1e6, 1e8, 1e10, 1e20, 3e38])
def test_with_many_degrees_of_freedom_it_is_the_normal(df):
    t = T[:-1]
    found = StudentT(np.float32(df)).log_prob(t)
    np.testing.assert_allclose(found, near_normal(t, df), rtol=1e-6, atol=1e-6)
    with jax.enable_x64(True):
        found = StudentT(df).log_prob(t.astype(float))
        np.testing.assert_allclose(found, near_normal(t, df), rtol=1e-13, atol=1e4 / df**2)


@pytest.mark.parametrize("df", [1e-3, 2.0, 1e4, 1e6, 1e10, 1e20, 3e38])
def test_gradients_are_finite_and_right(df):
    def log_prob(x, df, scale):
        return StudentT(df, 0.5, scale).log_prob(x)

    df = np.float32(df)
    arguments = (jnp.asarray(T), jnp.full(len(T), df), jnp.full(len(T), 2.0, jnp.float32))
    of_x, of_df, of_scale = jax.vmap(jax.grad(log_prob, argnums=(0, 1, 2)))(*arguments)
    t = (T.astype(float) - 0.5) / 2
    score = -(float(df) + 1) * t / (float(df) + t**2)
    np.testing.assert_allclose(of_x, score / 2, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(of_scale, (-score * t - 1) / 2, rtol=1e-4, atol=1e-6)
    assert np.all(np.isfinite(of_df))
    if 1e4 < df < 1e15:
        expected = -(t**4 - 2 * t**2 - 1) / (4 * float(df) ** 2)
        np.testing.assert_allclose(of_df, expected, rtol=1e-3, atol=1e-4 / float(df) ** 2)


def test_samples_with_many_degrees_of_freedom_are_normal():
    x = StudentT(jnp.array([1e10, 1e20, 3e38])).sample(jax.random.key(0), 2000)
    for column in np.asarray(x, float).T:
        assert stats.kstest(column, stats.norm.cdf).pvalue > 1e-3
