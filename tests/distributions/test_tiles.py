"""Rows that are computed tile by tile give what they give together."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.bijectors import Affine, Coupling, PerEvent
from fluvial.distributions import StandardNormal, TransformedDistribution, _tiles
from fluvial.testing import randomise


@pytest.mark.parametrize("n_rows", [0, 1, 4, 9, 12])
def test_tiles_give_what_all_rows_together_give(monkeypatch, n_rows):
    key = jax.random.key(0)
    layer = Coupling(key, Affine(), n_features=3, hidden_sizes=(5,), condition_shape=(2,))
    layer = randomise(layer, jax.random.key(1), scale=0.5)
    density = TransformedDistribution(StandardNormal(3), layer)
    rng = np.random.default_rng(0)
    x, condition = (jnp.asarray(rng.normal(size=(n_rows, d)), jnp.float32) for d in (3, 2))

    def everything(x):
        samples = density.sample(key, (n_rows,), condition)
        both = density.sample_and_log_prob(key, (n_rows,), condition)
        return density.log_prob(x, condition), samples, *both

    whole = everything(x)
    gradient = jax.grad(lambda x: everything(x)[0].sum())(x)
    monkeypatch.setattr(_tiles, "TILE", 4)
    for tiled, expected in zip(everything(x), whole, strict=True):
        np.testing.assert_allclose(tiled, expected, rtol=1e-5, atol=1e-6)
    of_tiles = jax.grad(lambda x: everything(x)[0].sum())(x)
    np.testing.assert_allclose(of_tiles, gradient, rtol=1e-5, atol=1e-6)


class _Exponential(PerEvent):
    """`x = exp(log_scale + z)`: rows of zeros have no finite gradient."""

    log_scale: jax.Array
    event_shape: tuple[int, ...] = eqx.field(static=True, default=(2,))
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)

    def _event_forward_and_log_det(self, z, condition):
        moved = z + self.log_scale
        return jnp.exp(moved), moved.sum()

    def _event_inverse_and_log_det(self, x, condition):
        logs = jnp.log(x)
        return logs - self.log_scale, -logs.sum()


def test_what_fills_the_last_tile_spoils_no_gradient(monkeypatch):
    monkeypatch.setattr(_tiles, "TILE", 4)
    x = jnp.asarray(np.random.default_rng(0).lognormal(size=(6, 2)), jnp.float32)

    def loss(log_scale, x):
        return TransformedDistribution(StandardNormal(2), _Exponential(log_scale)).log_prob(x).sum()

    of_scale, of_x = jax.grad(loss, argnums=(0, 1))(jnp.array([0.3, -0.2]), x)
    np.testing.assert_allclose(
        of_scale, jnp.log(x).sum(axis=0) - 6 * jnp.array([0.3, -0.2]), rtol=1e-4
    )
    assert np.isfinite(of_x).all()
