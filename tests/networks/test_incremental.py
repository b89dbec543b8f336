"""The evaluation column by column gives the numbers of the single pass."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.bijectors import Affine, MaskedAutoregressive
from fluvial.networks.incremental import ONE_STAGE, stage_size
from fluvial.testing import randomise


@pytest.mark.parametrize("n_features", [1, ONE_STAGE, ONE_STAGE + 1, 43, 64, 128])
def test_stages_cover_all_columns_with_few_empty_steps(n_features):
    size = stage_size(n_features)
    n_stages = -(-n_features // size)
    assert (n_stages - 1) * size < n_features <= n_stages * size
    assert n_stages * size - n_features <= 2
    assert n_stages == 1 or np.sqrt(n_features) <= size < 2 * np.sqrt(n_features) + 1


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("condition_shape", [None, (2,)])
def test_several_stages_invert_the_single_pass(residual, condition_shape):
    # 11 columns make stages of 4 with an empty step.
    layer = MaskedAutoregressive(
        jax.random.key(0),
        Affine(0.1, 1.5),
        n_features=11,
        hidden_sizes=(7, 7),
        residual=residual,
        condition_shape=condition_shape,
        activation="tanh",
    )
    layer = randomise(layer, jax.random.key(1), scale=0.3)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 11)).astype(np.float32)
    condition = None if condition_shape is None else jnp.asarray(rng.normal(size=(300, 2)))
    z, log_det = eqx.filter_jit(layer.inverse_and_log_det)(x, condition)
    back, back_log_det = eqx.filter_jit(layer.forward_and_log_det)(z, condition)
    assert np.abs(z - x).max() > 0.1
    np.testing.assert_allclose(back, x, atol=2e-4)
    np.testing.assert_allclose(back_log_det, -log_det, atol=2e-3)
