import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.estimators.cases import TINY, table

from fluvial import flows
from fluvial.densities import evaluation
from fluvial.distributions import DiagonalNormal, Mixture, StandardNormal
from fluvial.errors import TrainingError
from fluvial.estimators import FlowDensity


class Brittle(eqx.Module):
    """A normal density whose float32 computation fails beyond 100, and that draws bad rows."""

    shift: jax.Array
    share: float = eqx.field(static=True, default=0.5)
    event_shape: tuple[int, ...] = eqx.field(static=True, default=(2,))

    def log_prob(self, x):
        y = jnp.where(jnp.abs(x) > 100, jnp.where(x > 0, jnp.nan, -jnp.inf), x - self.shift)
        return -jnp.sum(y**2, axis=-1)

    def sample(self, key, shape):
        x = jax.random.uniform(key, (*shape, 2))
        return jnp.where(x[..., :1] < self.share, x, jnp.nan)


def test_log_densities_are_finite_in_order_and_below_all_others():
    distances = np.array([1.0, 99.0, 101.0, -150.0, 1e4, -2e4], np.float32)
    rows = np.stack([distances, np.zeros_like(distances)], axis=1)
    values = evaluation.log_prob(Brittle(jnp.zeros(2)), rows)
    assert np.isfinite(values).all()
    assert (np.diff(values) < 0).all()
    np.testing.assert_array_equal(values[:2], [-1.0, -(99.0**2)])
    assert values[2] == -1e30 * (1 + 101 / 2)
    assert np.isfinite(values.astype(np.float32)).all()


def test_values_below_the_floor_keep_the_order_too():
    rows = np.array([[1.0], [2.0], [3.0]])
    values = evaluation.finite_log_prob(np.array([-1e29, -1e31, -np.inf]), rows)
    np.testing.assert_allclose(values, [-1e29, -3e30, -4e30], rtol=1e-12)


def test_rows_that_are_not_finite_are_drawn_again():
    drawn = evaluation.sample(Brittle(jnp.zeros(2)), 3000, seed=0, dtype=np.dtype(np.float32))
    assert drawn.shape == (3000, 2)
    assert np.isfinite(drawn).all()
    np.testing.assert_array_equal(
        evaluation.sample(Brittle(jnp.zeros(2)), 10, seed=0, dtype=np.dtype(np.float32)), drawn[:10]
    )
    with pytest.raises(TrainingError, match="draws no finite rows"):
        evaluation.sample(Brittle(jnp.zeros(2), 0.0), 1, seed=0, dtype=np.dtype(np.float32))


def mixture():
    """A mixture in a mixture, whose parts lie far from each other."""
    near, far = (DiagonalNormal(jnp.full(2, place), 0.1) for place in (0.0, 50.0))
    return Mixture([Mixture([near, far], [0.75, 0.25]), StandardNormal(2), near], [0.4, 0.0, 0.6])


def test_a_mixture_is_evaluated_part_by_part():
    rows = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    rows[::2] += 50
    found = evaluation.log_prob(mixture(), rows)
    with jax.enable_x64(True):
        np.testing.assert_allclose(found, mixture().log_prob(rows), rtol=1e-5)


def test_a_mixture_is_drawn_part_by_part():
    drawn = evaluation.sample(mixture(), 5000, seed=3, dtype=np.dtype(np.float32))
    assert abs(np.mean(drawn[:, 0] > 25) - 0.1) < 0.02
    assert 0.08 < drawn[drawn[:, 0] < 25].std() < 0.12
    assert len(np.unique(drawn[:, 0])) > 4990
    fewer = evaluation.sample(mixture(), 1100, seed=3, dtype=np.dtype(np.float32))
    np.testing.assert_array_equal(fewer, drawn[:1100])


def test_rows_of_a_part_that_are_not_finite_are_drawn_again():
    brittle = Mixture([StandardNormal(2), Brittle(jnp.zeros(2))], [0.5, 0.5])
    drawn = evaluation.sample(brittle, 2000, seed=0, dtype=np.dtype(np.float32))
    assert np.isfinite(drawn).all()
    # A quarter of all draws is not finite, and a third of the others is Brittle's, in the square.
    in_square = ((drawn > 0) & (drawn < 1)).all(axis=1).mean()
    assert in_square == pytest.approx(1 / 3 + 2 / 3 * 0.3413**2, abs=0.03)


@pytest.mark.parametrize("recipe", ["maf", "iaf", "real_nvp", "nice", "neural_spline_flow"])
def test_networks_stay_in_float32_while_log_dets_add_in_float64(recipe):
    make = getattr(flows, recipe)
    flow = make(jax.random.key(0), n_features=3, n_layers=2, hidden_sizes=(4,))
    rows = np.zeros((evaluation.BLOCK, 3), np.float32)
    with jax.enable_x64(True):
        latents, log_det = eqx.filter_eval_shape(flow.bijector.inverse_and_log_det, rows)
        assert (latents.dtype, log_det.dtype) == (jnp.float32, jnp.float64)
        assert eqx.filter_eval_shape(flow.log_prob, rows).dtype == jnp.float64
        program = str(jax.make_jaxpr(flow.bijector.inverse)(rows))
    products = [line for line in program.splitlines() if "dot_general" in line]
    assert products
    assert not any(":f64" in line.split("=")[0] for line in products)


def test_a_second_estimator_compiles_nothing(count_compilations):
    def work(seed, n, **changed):
        fitted = FlowDensity(**{**TINY, "random_state": seed, **changed}).fit(table(n, seed))
        fitted.score_samples(table(3 * n))
        fitted.transform(table(n))
        fitted.inverse_transform(fitted.transform(table(n)))
        fitted.sample(n + 1, random_state=seed)

    work(0, 300)
    with count_compilations() as first:
        work(0, 300, n_layers=3)
    assert first.count > 0
    with count_compilations() as second:
        work(1, 310, learning_rate=3e-3, max_epochs=7, patience=3)
    assert second.count == 0
