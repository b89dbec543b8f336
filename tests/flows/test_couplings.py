import equinox as eqx
import jax
import numpy as np

from fluvial import flows
from fluvial.training import trainable


def test_the_scales_of_couplings_are_bounded_however_large_the_weights():
    flow = flows.real_nvp(jax.random.key(0), n_features=2, n_layers=2, hidden_sizes=(8,))
    trained, rest = eqx.partition(flow, trainable(flow))
    wild = eqx.combine(jax.tree.map(lambda leaf: 1e4 * leaf, trained), rest)
    x = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    _, log_det = wild.bijector.inverse_and_log_det(x)
    # Each of two couplings scales one column by a factor between exp(-3) and exp(3).
    assert 5.9 < np.abs(log_det).max() <= 6 + 1e-5
