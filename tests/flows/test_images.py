"""Glow on scikit-learn's 8 x 8 digits."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.datasets import load_digits

from fluvial import flows
from fluvial.errors import ShapeError
from fluvial.testing import check_bijector, randomise
from fluvial.training import fit

KEY = jax.random.key(4)

STEP = 1 / 16


@pytest.fixture(scope="module")
def digits():
    """Images with noise of one step, classes in one-hot form, and images of half the sides."""
    images, classes = load_digits(return_X_y=True)
    noise = np.random.default_rng(0).uniform(size=images.shape)
    images = ((images + noise) * STEP).reshape(-1, 8, 8, 1).astype(np.float32)
    coarse = images.reshape(-1, 4, 2, 4, 2, 1).mean(axis=(2, 4))
    return images, np.eye(10, dtype=np.float32)[classes], coarse


def test_a_glow_keeps_the_contract():
    flow = flows.glow(
        KEY,
        image_shape=(4, 4, 1),
        n_layers=1,
        hidden_channels=2,
        activation="tanh",
        condition_shape=(2, 2, 1),
    )
    check_bijector(randomise(flow.bijector, KEY, 0.2), KEY, n=2)


@pytest.mark.parametrize("condition", ["class", "coarse"])
def test_it_learns_digits(digits, condition):
    """The bits fall far below those of a normal for each pixel; a coarse image tells most."""
    images, classes, coarse = digits
    given = {"class": classes, "coarse": coarse}[condition]
    flow = flows.glow(
        KEY,
        image_shape=(8, 8, 1),
        n_layers=1,
        hidden_channels=16,
        condition_shape=given.shape[1:],
    )
    flow = eqx.tree_at(
        lambda f: f.bijector, flow, flow.bijector.initialise(images[:256], given[:256])
    )
    started = bits(flow, images[-297:], given[-297:])
    with jax.numpy_dtype_promotion("standard"):  # optax mixes types
        flow, _ = fit(
            KEY,
            flow,
            images[:1500],
            given[:1500],
            max_epochs=16,
            learning_rate=3e-3,
            batch_size=100,
            show_progress=False,
        )
    reached = bits(flow, images[-297:], given[-297:])
    print(f"{condition}: {started:.3f} -> {reached:.3f} bits a pixel")
    normal = np.mean(np.log2(images.std(axis=0) + 0.01) + 0.5 * np.log2(2 * np.pi * np.e) + 4)
    assert reached < started - 0.5
    assert reached < normal
    drawn = flow.sample(KEY, (2,), given[:3])
    assert drawn.shape == (2, 3, 8, 8, 1)
    assert np.all(np.isfinite(drawn))


def bits(flow, images, condition):
    log_prob = np.asarray(flow.log_prob(images, condition))
    return float(flows.bits_per_dimension(log_prob, (8, 8, 1), step=STEP).mean())


def test_bits_of_a_uniform_density_are_those_of_its_levels():
    log_prob = jnp.log(1 / 256.0) * 6
    assert flows.bits_per_dimension(log_prob, (1, 2, 3)) == pytest.approx(8.0)


def test_images_that_are_too_small_are_refused():
    with pytest.raises(ShapeError, match="3 scales need images whose sides 8 divides"):
        flows.glow(KEY, image_shape=(4, 4, 1), n_scales=3)
