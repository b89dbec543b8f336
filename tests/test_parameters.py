"""What of a model is trained and what is random: the keys reach every part that draws."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial import flows
from fluvial.bijectors import Affine, Chain, Invert, PerEvent, Permutation, Repeat
from fluvial.distributions import StandardNormal, TransformedDistribution
from fluvial.flows import Flow
from fluvial.parameters import Fixed, RandomKey, needs_key, trainable, with_key
from fluvial.training import Batch, fit, negative_log_likelihood

KEY = jax.random.key(9)
SIZE = 3


class Residual(PerEvent):
    """`x = z + A tanh(z)` with the log det to first order by Hutchinson's trace of its Jacobian.

    `log |det (I + J)|` is `trace J` to first order, estimated by `e^T J e` with signs e.
    """

    matrix: jax.Array
    noise: RandomKey
    event_shape = (SIZE,)
    condition_shape = None

    def __init__(self, matrix):
        self.matrix = matrix
        self.noise = RandomKey()

    def _event_forward_and_log_det(self, z, condition):
        signs = jax.random.rademacher(self.noise.value, z.shape, z.dtype)
        moved, pushed = jax.jvp(lambda z: self.matrix @ jnp.tanh(z), (z,), (signs,))
        return z + moved, jnp.dot(signs, pushed)

    def _event_inverse_and_log_det(self, x, condition):
        def closer(_, z):
            return x - self.matrix @ jnp.tanh(z)

        z = jax.lax.fori_loop(0, 30, closer, x)
        return z, -self._event_forward_and_log_det(z, None)[1]


def residual(scale=0.05, seed=0):
    return Residual(scale * jax.random.normal(jax.random.key(seed), (SIZE, SIZE)))


COMPOSITIONS = {
    "alone": residual,
    "chain": lambda: Chain([Affine(jnp.zeros(SIZE), 2.0), residual()]),
    "invert": lambda: Invert(residual()),
    "repeat": lambda: Repeat([Chain([residual(seed=s), Affine(jnp.ones(SIZE))]) for s in (0, 1)]),
}


@eqx.filter_jit
def log_dets(bijector, keys, z):
    return jax.vmap(lambda key: with_key(bijector, key).forward_and_log_det(z)[1])(keys)


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_the_keys_reach_the_part_through_compositions(name):
    """The value stays, the estimate moves, and its mean is the trace that it estimates."""
    bijector = COMPOSITIONS[name]()
    assert needs_key(bijector)
    z = 0.5 * jax.random.normal(KEY, (4, SIZE))
    x, log_det = bijector.forward_and_log_det(z)
    again = with_key(bijector, KEY).forward_and_log_det(z)
    np.testing.assert_allclose(again[0], x, rtol=1e-6)
    assert np.all(again[1] != log_det)
    found = log_dets(bijector, jax.random.split(KEY, 4000), z)
    jacobians = jax.vmap(jax.jacfwd(bijector.forward))(z)
    exact = jnp.linalg.slogdet(jacobians)[1]
    # To first order: what is left of log(1 + small) is of second order.
    np.testing.assert_allclose(jnp.mean(found, axis=0), exact, atol=0.03)
    assert np.all(jnp.std(found, axis=0) > 0.01)


def test_layers_of_a_repeat_and_parts_of_a_chain_draw_for_themselves():
    stacked = Repeat([residual(seed=0), residual(seed=1)])
    model = with_key(Chain([stacked, residual(), residual()]), KEY)
    nodes = jax.tree.leaves(model, is_leaf=lambda node: isinstance(node, RandomKey))
    keys = [
        key for n in nodes if isinstance(n, RandomKey) for key in n.data.reshape(-1, 2).tolist()
    ]
    assert len({tuple(key) for key in keys}) == 4


def test_a_flow_repeats_its_numbers_and_takes_another_key_without_compiling(count_compilations):
    flow = Flow(StandardNormal(SIZE), COMPOSITIONS["repeat"]())
    x = jax.random.normal(KEY, (4, SIZE))
    keys = jax.random.split(KEY, 3)
    first = flow.log_prob(x)
    np.testing.assert_array_equal(flow.log_prob(x), first)
    flows = [with_key(flow, key) for key in keys]
    with count_compilations() as compiled:
        found = [np.asarray(other.log_prob(x)) for other in flows]
    assert compiled.count == 0
    assert len({row.tobytes() for row in found}) == 3
    plain = TransformedDistribution(flow.base, flow.bijector)
    np.testing.assert_allclose(with_key(plain, keys[0]).log_prob(x), found[0], rtol=1e-5)


def test_an_objective_takes_another_key_at_each_step():
    flow = Flow(StandardNormal(SIZE), residual())
    params, rest = eqx.partition(flow, trainable(flow))
    x = jax.random.normal(KEY, (8, SIZE))

    @jax.jit
    @jax.value_and_grad
    def loss(params, key):
        return -jnp.mean(with_key(eqx.combine(params, rest), key).log_prob(x))

    values = [loss(params, key) for key in jax.random.split(KEY, 2)]
    assert values[0][0] != values[1][0]
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(values))


def test_each_step_of_maximum_likelihood_draws_anew_and_held_out_rows_compare():
    """At a learning rate of next to nothing only the draws change what an epoch gives."""
    flow = Flow(StandardNormal(SIZE), COMPOSITIONS["repeat"]())
    x = np.random.default_rng(0).normal(size=(64, SIZE)).astype(np.float32)
    settings = {"max_epochs": 6, "batch_size": 64, "learning_rate": 1e-12, "show_progress": False}
    _, history = fit(KEY, flow, x, validation_data=x, **settings)
    # Of the eight draws of three signs, opposite ones give the same.
    assert len(np.unique(np.round(history.train_loss, 3))) >= 3
    assert np.ptp(history.validation_loss) < 1e-5
    _, again = fit(KEY, flow, x, validation_data=x, **settings)
    assert again.train_loss == history.train_loss
    batch = Batch(jnp.asarray(x), None)
    losses = [negative_log_likelihood(flow, batch, key) for key in jax.random.split(KEY)]
    assert np.all(losses[0] != losses[1])


def test_a_model_that_draws_nothing_costs_no_key():
    flow = Flow(StandardNormal(SIZE), Affine(jnp.zeros(SIZE)))
    batch = Batch(jnp.ones((4, SIZE)), None)
    program = jax.make_jaxpr(lambda key: negative_log_likelihood(flow, batch, key))
    assert "random" not in str(program(KEY))


def test_the_key_is_not_trained_and_training_runs():
    flow = Flow(StandardNormal(SIZE), residual())
    assert not trainable(flow.bijector).noise.data
    x = np.random.default_rng(0).normal(size=(64, SIZE)).astype(np.float32)
    settings = {"max_epochs": 2, "validation_fraction": 0.0, "show_progress": False}
    fitted, _ = fit(KEY, flow, x, **settings)
    before, after = flow.bijector, fitted.bijector
    assert isinstance(before, Residual)
    assert isinstance(after, Residual)
    np.testing.assert_array_equal(after.noise.data, before.noise.data)
    assert np.any(after.matrix != before.matrix)


def test_a_model_that_draws_nothing_stays_as_it_is():
    model = Chain([Affine(1.0), Affine(2.0)])
    assert not needs_key(model)
    assert bool(eqx.tree_equal(with_key(model, KEY), model))


def test_what_is_fixed_whole_or_no_array_is_not_trained():
    model = {"a": jnp.ones(2), "b": Fixed({"c": jnp.ones(2)}), "d": jnp.arange(2), "e": 1.0}
    marks = trainable(model)
    assert (marks["a"], marks["b"].value["c"], marks["d"], marks["e"]) == (True, *(False,) * 3)


@pytest.mark.parametrize(
    "draw",
    [
        lambda key: StandardNormal(2).sample(key),
        lambda key: StandardNormal(2).sample_and_log_prob(key),
        lambda key: flows.nice(key, n_features=2),
        lambda key: Permutation.random(key, 3),
    ],
)
def test_a_seed_is_no_key(draw):
    with pytest.raises(TypeError, match=r"such as jax\.random\.key\(0\), but the key given is 3"):
        draw(3)
