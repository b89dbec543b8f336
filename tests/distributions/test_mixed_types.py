"""Arrays of different types meet where a distribution says so, also under strict promotion."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from fluvial.distributions import DiagonalNormal, GaussianMixture, KernelDensity, Mixture

ROWS = np.array([[0.0, 1.0], [2.0, -1.0], [0.5, 0.25]])
X = np.array([[0.1, 0.2], [1.5, -3.0]])


@pytest.mark.parametrize(("of_rows", "of_x"), [("float32", "float64"), ("float64", "float32")])
def test_kernels_of_one_type_judge_rows_of_another(x64, of_rows, of_x):
    kernels = KernelDensity(ROWS.astype(of_rows), 0.5)
    log_prob = kernels.log_prob(X.astype(of_x))
    assert log_prob.dtype == jnp.float64
    x = X.astype(of_x).astype(float)
    each = stats.norm.pdf(x[:, None], ROWS.astype(of_rows).astype(float), 0.5).prod(-1)
    np.testing.assert_allclose(log_prob, np.log(each.mean(-1)), rtol=1e-6)


def test_parts_of_a_mixture_may_have_different_types(x64):
    narrow = DiagonalNormal(np.array([0.0, 1.0], np.float32), np.array([1.0, 2.0], np.float32))
    wide = DiagonalNormal(np.array([3.0, -1.0]), np.array([0.5, 0.3]))
    mixture = Mixture([narrow, wide], jnp.array([1.0, 3.0], jnp.float32))
    x, log_prob = mixture.sample_and_log_prob(jax.random.key(0), (50,))
    assert x.dtype == log_prob.dtype == jnp.float64
    density = 0.25 * stats.norm.pdf(x, [0.0, 1.0], [1.0, 2.0]).prod(-1)
    density += 0.75 * stats.norm.pdf(x, [3.0, -1.0], [0.5, 0.3]).prod(-1)
    np.testing.assert_allclose(log_prob, np.log(density), rtol=1e-6)


def test_parameters_of_different_types_get_their_common_one(x64):
    base = DiagonalNormal(np.array([0.5, 1.0], np.float32), np.array([0.1, 2.0]))
    assert base.loc.dtype == base.scale.dtype == jnp.float64
    mixture = GaussianMixture([1.0], np.array([[0.5, 1.0]], np.float32), np.diag([0.01, 4.0])[None])
    assert mixture.means.dtype == mixture.scale_trils.dtype == jnp.float64
    np.testing.assert_allclose(mixture.log_prob(X), base.log_prob(X), rtol=1e-12)
