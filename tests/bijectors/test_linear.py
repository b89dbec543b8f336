"""Permutations and the LU map against plain linear algebra."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.bijectors import LULinear, Permutation, Repeat
from fluvial.bijectors.affine import LOG_SCALE_BOUND
from fluvial.errors import ShapeError
from fluvial.testing import randomise


def test_a_permutation_takes_column_indices_i_to_place_i():
    z = jnp.array([[10.0, 11.0, 12.0], [20.0, 21.0, 22.0]])
    x, log_det = Permutation([2, 0, 1]).forward_and_log_det(z)
    np.testing.assert_array_equal(x, [[12.0, 10.0, 11.0], [22.0, 20.0, 21.0]])
    np.testing.assert_array_equal(log_det, [0.0, 0.0])


@pytest.mark.parametrize("n_features", [1, 2, 7])
def test_the_reversal_is_the_permutation_of_its_indices(n_features):
    z = jax.random.normal(jax.random.key(0), (3, n_features))
    reversal = Permutation.reverse(n_features)
    np.testing.assert_array_equal(reversal.forward(z), z[:, ::-1])
    np.testing.assert_array_equal(reversal.forward(z), Permutation(reversal.indices).forward(z))
    np.testing.assert_array_equal(reversal.inverse(reversal.forward(z)), z)


def test_random_permutations_differ_by_key_and_stack():
    keys = jax.random.split(jax.random.key(0), 4)
    layers = [Permutation.random(key, 6) for key in keys]
    assert len({tuple(layer.indices.tolist()) for layer in layers}) > 1
    z = jnp.arange(6.0)
    expected = z
    for layer in reversed(layers):
        expected = expected[layer.indices]
    repeat = Repeat(layers)
    np.testing.assert_array_equal(repeat.forward(z), expected)
    np.testing.assert_array_equal(repeat.inverse(expected), z)


def test_a_permutation_can_be_built_under_jit():
    z = jnp.array([1.0, 2.0, 3.0])
    both = jax.jit(lambda i: (Permutation(i).forward(z), Permutation(i).inverse(z)))
    indices = np.array([1, 2, 0])
    np.testing.assert_array_equal(both(indices)[0], z[indices])
    np.testing.assert_array_equal(both(indices)[1], z[np.argsort(indices)])


@pytest.mark.parametrize("indices", [[0, 0], [1, 2], [0.0, 1.0], [-1, 0]])
def test_what_is_no_permutation_is_refused(indices):
    with pytest.raises(ValueError, match="indices"):
        Permutation(indices)


@pytest.mark.parametrize("indices", [[[0, 1]], [], 0])
def test_indices_of_another_shape_are_refused(indices):
    with pytest.raises(ShapeError, match=r"\(n_features,\)"):
        Permutation(indices)


def test_lu_starts_as_the_identity():
    z = jax.random.normal(jax.random.key(0), (4, 3))
    x, log_det = LULinear(3).forward_and_log_det(z)
    np.testing.assert_array_equal(x, z)
    np.testing.assert_array_equal(log_det, 0)


def test_lu_is_the_product_of_its_factors(x64):
    lu = randomise(LULinear(5), jax.random.key(1), 0.7)
    lower, upper = np.asarray(lu.lower), np.asarray(lu.upper)
    np.testing.assert_array_equal(lower, np.tril(lower))
    np.testing.assert_array_equal(np.diagonal(lower), 1)
    np.testing.assert_array_equal(upper, np.triu(upper))
    assert np.all(np.diagonal(upper) > 0)
    np.testing.assert_allclose(lu.weight, lower @ upper, rtol=1e-14)
    z = np.random.default_rng(0).normal(size=(4, 5))
    x, log_det = lu.forward_and_log_det(z)
    np.testing.assert_allclose(x, z @ (lower @ upper).T + np.asarray(lu.bias), rtol=1e-12)
    np.testing.assert_allclose(log_det, np.linalg.slogdet(lower @ upper)[1], rtol=1e-12)
    np.testing.assert_allclose(lu.inverse(x), z, rtol=1e-10)


def with_condition_number(number, size=8):
    """Return an LU map with a symmetric positive definite W of this condition number."""
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(size, size)))[0]
    root = np.linalg.cholesky(turn @ np.diag(np.geomspace(1, 1 / number, size)) @ turn.T)
    diagonal = np.diagonal(root)
    log_diagonal = 2 * np.log(diagonal)
    raw = np.tril(root / diagonal, -1) + np.triu(diagonal[:, None] * root.T, 1)
    raw += np.diag(log_diagonal / (1 - np.abs(log_diagonal) / LOG_SCALE_BOUND))
    return eqx.tree_at(lambda lu: lu.raw, LULinear(size), jnp.asarray(raw))


def test_solves_at_condition_number_a_thousand(x64):
    lu = with_condition_number(1e3)
    np.testing.assert_allclose(np.linalg.cond(lu.weight), 1e3, rtol=1e-6)
    z = np.random.default_rng(0).normal(size=(100, 8))
    x, log_det = lu.forward_and_log_det(z)
    np.testing.assert_allclose(lu.inverse(x), z, atol=1e-10)
    np.testing.assert_allclose(log_det, np.linalg.slogdet(lu.weight)[1], rtol=1e-10)
    narrow = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), lu)
    back = narrow.inverse(narrow.forward(z.astype(np.float32)))
    np.testing.assert_allclose(back, z, atol=1e-2)


def test_no_raw_value_makes_lu_singular():
    for raw in (-1e30, 1e30):
        lu = eqx.tree_at(lambda lu: lu.raw, LULinear(2), jnp.diag(jnp.array([raw, 0.0])))
        x, log_det = lu.forward_and_log_det(jnp.ones(2))
        np.testing.assert_allclose(log_det, np.sign(raw) * LOG_SCALE_BOUND, rtol=1e-5)
        np.testing.assert_allclose(lu.inverse(x), 1, rtol=1e-5)


def test_lu_of_no_columns_is_refused():
    with pytest.raises(ValueError, match="n_features"):
        LULinear(0)
