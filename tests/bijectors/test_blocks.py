"""Blocks, pieces and shapes against the same by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import fft
from tests.cases import Rotated

from fluvial.bijectors import (
    Blockwise,
    Chain,
    DiscreteCosineTransform,
    Exp,
    Identity,
    Invert,
    LULinear,
    Reshape,
    Shift,
    Split,
    Squeeze,
    Transpose,
)
from fluvial.distributions import StandardNormal
from fluvial.errors import DomainError, ShapeError
from fluvial.testing import randomise

KEY = jax.random.key(3)


def test_each_block_has_its_own_map_and_the_condition():
    blocks = Blockwise([Exp(), Rotated(), Identity()], [1, 2, 2])
    z = jax.random.normal(KEY, (4, 5))
    x, log_det = blocks.forward_and_log_det(z, jnp.array(0.3))
    turned = Rotated().forward(z[:, 1:3], jnp.array(0.3))
    np.testing.assert_allclose(x, np.c_[np.exp(z[:, :1]), turned, z[:, 3:]], rtol=1e-6)
    np.testing.assert_allclose(log_det, z[:, 0], rtol=1e-6)
    assert Blockwise([Exp(), LULinear(2)]).event_shape == (3,)


def test_a_block_outside_its_domain_is_told():
    blocks = Blockwise([Identity(), Exp()])
    with pytest.raises(DomainError, match=r"row 1.*leads to -2"):
        blocks.inverse(np.array([[-1.0, 2.0], [-1.0, -2.0]]))
    found = blocks(StandardNormal(2)).log_prob(jnp.array([[-1.0, 1.0], [-1.0, -2.0]]))
    np.testing.assert_allclose(found, [-0.5 - np.log(2 * np.pi), -np.inf], rtol=1e-6)
    z, falls = blocks._to_ends("inverse", jnp.array([[-1.0, -2.0]]), None)
    np.testing.assert_array_equal(z, [[-1.0, -np.inf]])
    assert not falls.any()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Blockwise([]), ValueError, "at least one"),
        (lambda: Blockwise([Exp()], [1, 2]), ValueError, r"each of 1 bijectors.*\[1, 2\]"),
        (lambda: Blockwise([LULinear(2)], [3]), ShapeError, r"piece 0 .* \(3,\).*\(2,\)"),
        (lambda: Blockwise([Reshape((4,), (2, 2))]), ShapeError, "must be a vector"),
        (lambda: Split([Exp()]), ShapeError, "give event_shape="),
        (lambda: Split([Exp(), Exp()], [1, 1], event_shape=(2, 3)), ShapeError, r"\[1, 1\]"),
        (lambda: Reshape((2, 3), (5,)), ShapeError, r"5 values.*\(2, 3\)"),
        (lambda: Reshape((-1, -1), (4,)), ShapeError, r"4 values.*\(-1, -1\)"),
        (lambda: Transpose((2, 3), (0, 0)), ShapeError, r"0...1 once, but are \[0, 0\]"),
        (lambda: Squeeze((3, 4, 1)), ShapeError, r"2 divides.*\(3, 4, 1\)"),
        (lambda: DiscreteCosineTransform(3, 1), ValueError, "dct_type must be 2 or 3"),
        (lambda: DiscreteCosineTransform(0), ValueError, "at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_multi_scale_flow_takes_half_its_channels_early():
    """Its density is that of its two halves, the first of which is squeezed on the way."""
    inner = Chain([Invert(Squeeze((2, 2, 1))), Reshape((1, 1, 4)), randomise(LULinear(4), KEY)])
    split = Split([inner, Identity()], sizes=[1, 1])
    assert (split.event_shape, split.latent_shape) == ((2, 2, 2), (8,))
    z = jax.random.normal(KEY, (3, 8))
    x, log_det = split.forward_and_log_det(z)
    first, of_first = inner.forward_and_log_det(z[:, :4])
    np.testing.assert_allclose(x[..., :1], first, rtol=1e-5)
    np.testing.assert_array_equal(x[..., 1], z[:, 4:].reshape(3, 2, 2))
    np.testing.assert_allclose(log_det, of_first, rtol=1e-5)
    assert split(StandardNormal(8)).sample(KEY, (2,)).shape == (2, 2, 2, 2)
    assert split.initialise(x).event_shape == (2, 2, 2)


def test_shapes_and_axes_are_numpys():
    z = np.arange(24.0, dtype=np.float32).reshape(2, 2, 3, 2)
    np.testing.assert_array_equal(Reshape((-1, 4), (2, 3, 2))(z), z.reshape(2, 3, 4))
    np.testing.assert_array_equal(Reshape((), (1,))(np.ones((5, 1))), np.ones(5))
    found = Transpose((2, 3, 2), (1, -1, 0))
    np.testing.assert_array_equal(found(z), z.transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(found.inverse(found(z)), z)
    assert found.forward_min_event_ndims == 3
    assert Reshape((2, 3)).inverse_min_event_ndims == 2


def test_squares_of_pixels_become_channels():
    image = np.arange(16).reshape(4, 4, 1)
    squeezed = Squeeze((4, 4, 1)).forward(image)
    np.testing.assert_array_equal(squeezed[0, 1], [2, 3, 6, 7])
    np.testing.assert_array_equal(Squeeze((4, 4, 1)).inverse(squeezed), image)


@pytest.mark.parametrize("n", [1, 5, 8])
def test_the_cosine_transform_is_scipys(x64, n):
    z = np.random.default_rng(0).normal(size=(3, n))
    for dct_type in (2, 3):
        bijector = DiscreteCosineTransform(n, dct_type)
        x, log_det = bijector.forward_and_log_det(z)
        wanted = np.asarray(fft.dct(z, dct_type, norm="ortho"))
        np.testing.assert_allclose(x, wanted, atol=1e-12)
        np.testing.assert_allclose(bijector.inverse(x), z, atol=1e-12)
        np.testing.assert_array_equal(log_det, 0)


def test_a_chain_of_shapes_spreads_scalar_maps_over_what_reaches_them():
    chain = Chain([Shift(1.0), Reshape((2, 2)), Exp()])
    assert (chain.latent_shape, chain.event_shape) == ((4,), (2, 2))
    np.testing.assert_array_equal(chain(jnp.zeros(4)), np.full((2, 2), 2.0))
    with pytest.raises(ShapeError, match="different event shapes"):
        Chain([LULinear(4), Reshape((2, 2))])
