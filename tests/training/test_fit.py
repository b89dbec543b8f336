"""Training against plain loops and closed forms."""

import dataclasses
import inspect

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fluvial import flows
from fluvial.bijectors import Affine
from fluvial.distributions import DiagonalNormal, StandardNormal, TransformedDistribution
from fluvial.errors import DataError, ShapeError, TrainingError
from fluvial.training import decayed, fit, layout, run, trainable
from fluvial.training.options import Options

KEY = jax.random.key(0)


def small_flow(key=KEY, **kwargs):
    return flows.maf(key, n_features=2, n_layers=2, hidden_sizes=(8,), **kwargs)


def rows(n=300, seed=0):
    x = np.random.default_rng(seed).normal(size=(n, 2))
    return np.stack([x[:, 0], 0.5 * x[:, 1] + x[:, 0]], axis=1).astype(np.float32)


def arrays(flow):
    return jax.tree.leaves(eqx.filter(flow, eqx.is_array))


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(arrays(first), arrays(second), strict=True))


def quiet_fit(key, flow, X, **kwargs):
    return fit(key, flow, X, show_progress=False, **kwargs)


def plain_loop(flow, x, weight, *, epochs, rate, decay):
    """Full-batch AdamW with a cosine schedule, written out."""
    params, rest = eqx.partition(flow, trainable(flow))
    mask = eqx.filter(decayed(flow), trainable(flow))
    schedule = optax.cosine_decay_schedule(rate, epochs)
    tx = optax.chain(
        optax.clip_by_global_norm(5.0), optax.adamw(schedule, weight_decay=decay, mask=mask)
    )
    state = tx.init(params)
    weight = weight / weight.mean()

    @jax.jit
    def step(params, state):
        def loss(params):
            return -jnp.mean(weight * eqx.combine(params, rest).log_prob(x))

        value, gradients = jax.value_and_grad(loss)(params)
        updates, state = tx.update(gradients, state, params)
        return optax.apply_updates(params, updates), state, value

    losses = []
    for _ in range(epochs):
        params, state, value = step(params, state)
        losses.append(float(value))
    return eqx.combine(params, rest), losses


@pytest.mark.parametrize("is_long", [False, True])
def test_full_batches_equal_a_plain_loop(is_long, monkeypatch):
    if is_long:  # layers are written out, and matrices are blocks of their own
        monkeypatch.setattr(run, "FEW_VALUES", 0)
        monkeypatch.setattr(layout, "LARGE", 8)
    x = rows(70)
    weight = np.random.default_rng(1).uniform(0.1, 2.0, size=70).astype(np.float32)
    settings = {"learning_rate": 0.02, "weight_decay": 0.1}
    expected, losses = plain_loop(small_flow(), x, weight, epochs=7, rate=0.02, decay=0.1)
    flow, history = quiet_fit(
        KEY,
        small_flow(),
        x,
        sample_weight=weight,
        validation_fraction=0,
        max_epochs=7,
        **settings,
    )
    np.testing.assert_allclose(history.train_loss, losses, rtol=1e-5)
    for a, b in zip(arrays(flow), arrays(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_every_row_counts_alike_in_a_filled_up_batch():
    # With a rate of nearly zero the training loss of an epoch is the mean over all rows.
    x, flow = rows(70), small_flow()
    weight = np.linspace(0.5, 3.0, 70).astype(np.float32)
    _, history = quiet_fit(
        KEY,
        flow,
        x,
        sample_weight=weight,
        validation_fraction=0,
        batch_size=16,
        max_epochs=1,
        learning_rate=1e-12,
    )
    expected = -np.average(flow.log_prob(x), weights=weight)
    np.testing.assert_allclose(history.train_loss[0], expected, rtol=1e-6)


def test_validation_loss_is_the_mean_over_all_held_out_rows():
    held_out = rows(1500, seed=2)
    flow, history = quiet_fit(KEY, small_flow(), rows(), validation_data=held_out, max_epochs=4)
    best = min(history.validation_loss)
    assert history.validation_loss[history.best_epoch - 1] == best
    np.testing.assert_allclose(best, -np.mean(flow.log_prob(held_out)), rtol=1e-6)


def test_held_out_rows_have_weights_of_their_own():
    held_out, weight = rows(250, seed=2), np.random.default_rng(1).integers(0, 9, 250)
    spoilt = np.where(weight[:, None], held_out, 100).astype(np.float32)
    data = (spoilt, None, 1e9 * weight)
    flow, history = quiet_fit(KEY, small_flow(), rows(), validation_data=data, max_epochs=4)
    expected = -np.average(flow.log_prob(held_out), weights=weight)
    np.testing.assert_allclose(min(history.validation_loss), expected, rtol=1e-6)


def test_rows_of_no_weight_are_not_there_and_only_ratios_count():
    x, weight = rows(450), np.random.default_rng(1).uniform(0.1, 2.0, 450)
    weight[::3] = 0
    weighted, _ = quiet_fit(KEY, small_flow(), x, sample_weight=1024 * weight, max_epochs=3)
    kept = weight > 0
    expected, _ = quiet_fit(KEY, small_flow(), x[kept], sample_weight=weight[kept], max_epochs=3)
    assert same(weighted, expected)
    equal, _ = quiet_fit(KEY, small_flow(), x[kept], sample_weight=[7] * 300, max_epochs=3)
    plain, _ = quiet_fit(KEY, small_flow(), x[kept], max_epochs=3)
    assert same(equal, plain)


def test_learns_a_gaussian():
    X, test = rows(4000), rows(4000, seed=9)
    flow, history = quiet_fit(KEY, small_flow(), X, max_epochs=60, learning_rate=0.01)
    entropy = np.log(2 * np.pi * np.e) + np.log(0.5)
    assert abs(-np.mean(flow.log_prob(test)) - entropy) < 0.04
    assert len(history.train_loss) == len(history.validation_loss) == len(history.learning_rate)
    assert history.train_loss[0] > history.train_loss[-1]


def test_learns_a_conditional_density():
    rng = np.random.default_rng(0)
    c = rng.uniform(-2, 2, size=(3000, 1))
    x = np.sin(2 * c) + 0.1 * rng.normal(size=(3000, 1))
    flow = flows.maf(KEY, n_features=1, n_layers=2, hidden_sizes=(32,), condition_shape=(1,))
    flow, _ = quiet_fit(KEY, flow, x, condition=c, max_epochs=60, learning_rate=0.01)
    at = np.array([[-1.0], [0.0], [1.0]])
    means = flow.sample(jax.random.key(3), (500,), at).mean(axis=0)
    np.testing.assert_allclose(means, np.sin(2 * at), atol=0.1)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_any_number_of_rows_works(n):
    flow, history = quiet_fit(KEY, small_flow(), rows(n), max_epochs=3)
    assert len(history.train_loss) == 3
    assert len(history.validation_loss) == (0 if n == 1 else 3)
    assert np.isfinite(flow.log_prob(rows(5))).all()


def test_without_held_out_rows_the_last_parameters_are_returned():
    x = rows(64)
    expected, _ = plain_loop(small_flow(), x, np.ones(64), epochs=3, rate=0.05, decay=0.0)
    flow, history = quiet_fit(
        KEY,
        small_flow(),
        x,
        validation_fraction=0,
        max_epochs=3,
        learning_rate=0.05,
        weight_decay=0.0,
    )
    assert history.stop_reason == "max_epochs"
    assert history.best_epoch == 3
    assert history.validation_loss == ()
    for a, b in zip(arrays(flow), arrays(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("validation_fraction", [0, 0.2])
def test_patience_ends_and_anneals(validation_fraction):
    # A minimum improvement that no epoch reaches ends the main phase after `patience` epochs.
    _, history = quiet_fit(
        KEY,
        small_flow(),
        rows(),
        validation_fraction=validation_fraction,
        patience=30,
        min_delta=1e6,
        max_epochs=500,
    )
    assert history.stop_reason == "patience"
    # The first epoch always improves on nothing, 30 follow, then a tenth of 31, rounded up.
    assert len(history.train_loss) == 31 + 4
    assert np.all(np.diff(history.learning_rate[31:]) < 0)
    assert history.learning_rate[-1] < 0.2 * history.learning_rate[30]


def test_time_limit_stops():
    _, history = quiet_fit(KEY, small_flow(), rows(), max_seconds=1e-3, max_epochs=10**6)
    assert history.stop_reason == "max_seconds"


@pytest.mark.parametrize("validation_fraction", [0, 0.1])
def test_a_limit_below_compilation_returns_the_start_and_says_so(validation_fraction, capsys):
    settings = {"max_seconds": 1e-3, "validation_fraction": validation_fraction}
    flow, history = fit(KEY, small_flow(), rows(), **settings)
    assert (history.stop_reason, history.best_epoch, history.train_loss) == ("max_seconds", 0, ())
    assert same(flow, small_flow())
    assert "the start is returned" in capsys.readouterr().err


def test_an_infinite_limit_is_none():
    endless, history = quiet_fit(KEY, small_flow(), rows(), max_seconds=np.inf, max_epochs=2)
    without, _ = quiet_fit(KEY, small_flow(), rows(), max_epochs=2)
    assert history.stop_reason == "max_epochs"
    assert same(endless, without)


def test_the_defaults_are_those_of_the_options():
    of_fit = list(inspect.signature(fit).parameters.values())
    options = {field.name: field.default for field in dataclasses.fields(Options)}
    assert {p.name: p.default for p in of_fit[5:]} == options


def test_seeds_reproduce_bit_by_bit():
    first, one = quiet_fit(KEY, small_flow(), rows(), max_epochs=5)
    second, two = quiet_fit(KEY, small_flow(), rows(), max_epochs=5)
    other, _ = quiet_fit(jax.random.key(1), small_flow(), rows(), max_epochs=5)
    assert same(first, second)
    assert one.train_loss == two.train_loss
    assert not same(first, other)


def test_the_second_fit_compiles_nothing(count_compilations):
    quiet_fit(KEY, small_flow(), rows(300), max_epochs=3)
    key = jax.random.key(7)
    with count_compilations() as counted:
        flow = small_flow(key)
        quiet_fit(key, flow, rows(290), max_epochs=5, learning_rate=0.01, patience=3)
    assert counted.count == 0


class Fragile(Affine):
    """An affine map whose log det is not finite once its shift exceeds a limit."""

    limit: float = eqx.field(static=True, default=0.3)

    def _log_slope(self, z, x):
        return jnp.where(self.shift[0] > self.limit, jnp.nan, super()._log_slope(z, x))


def fragile_flow(limit):
    bijector = eqx.tree_at(lambda b: b.shift, Fragile(jnp.zeros(2)), jnp.zeros(2))
    object.__setattr__(bijector, "limit", limit)
    return TransformedDistribution(StandardNormal(2), bijector)


def test_a_non_finite_loss_rolls_back_to_a_smaller_step():
    x = rows(64) + 5.0
    kwargs = {"validation_fraction": 0, "max_epochs": 1}
    # One step of 0.25 passes the limit, one of 0.075 does not.
    _, history = quiet_fit(KEY, fragile_flow(0.2), x, batch_size=32, learning_rate=0.25, **kwargs)
    assert np.isfinite(history.train_loss).all()
    assert history.learning_rate[0] < 0.25 * 0.31


def test_the_third_non_finite_loss_is_an_error_that_names_the_epoch():
    x = rows(64) + 5.0
    with pytest.raises(TrainingError, match="epoch 1,"):
        quiet_fit(KEY, fragile_flow(-1.0), x, max_epochs=5)


def test_base_and_fixed_arrays_are_not_trained():
    flow = small_flow(base=DiagonalNormal(jnp.ones(2), 2 * jnp.ones(2)))
    fitted, _ = quiet_fit(KEY, flow, rows(), max_epochs=2, weight_decay=0.5)
    assert same(fitted.base, flow.base)
    asked = small_flow(base=DiagonalNormal(jnp.ones(2), 2 * jnp.ones(2), trainable=True))
    fitted, _ = quiet_fit(KEY, asked, rows(), max_epochs=2)
    assert not same(fitted.base, asked.base)


def test_decay_touches_weight_matrices_alone():
    flow = small_flow(linear="lu")
    marks = zip(jax.tree.leaves(decayed(flow)), jax.tree.leaves_with_path(flow), strict=True)
    touched = {jax.tree_util.keystr(path): leaf.ndim for mark, (path, leaf) in marks if mark}
    assert touched
    assert all(name.endswith(".weight") and ndim == 3 for name, ndim in touched.items())


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"X": np.zeros((0, 2))}, DataError, "no rows"),
        ({"X": np.zeros((5, 3))}, ShapeError, r"\(5, 3\)"),
        ({"X": np.array([[0.0, 1.0], [np.nan, 1.0]])}, DataError, "row 1"),
        ({"X": np.array([[0.0, 1.0], [1e300, 1.0]])}, DataError, "float32"),
        ({"condition": np.zeros((300, 1))}, ShapeError, "no condition"),
        ({"sample_weight": -np.ones(300)}, DataError, "negative"),
        ({"sample_weight": np.ones(3)}, ShapeError, "300 rows"),
        ({"sample_weight": np.zeros(300)}, DataError, "zero"),
        ({"sample_weight": ["1"] * 300}, DataError, "row 0"),
        ({"validation_data": (rows(), None, np.ones(3))}, ShapeError, "300 rows"),
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"max_epochs": 0}, ValueError, "max_epochs"),
        ({"validation_fraction": 1.0}, ValueError, "validation_fraction"),
        ({"learning_rate": 0.0}, ValueError, "learning_rate"),
        ({"max_seconds": 0}, ValueError, "max_seconds"),
        ({"max_seconds": float("nan")}, ValueError, "max_seconds"),
        ({"min_delta": float("inf")}, ValueError, "min_delta"),
        ({"X": None}, ShapeError, r"\(\)"),
    ],
)
def test_bad_input_is_refused(change, error, words):
    with pytest.raises(error, match=words):
        quiet_fit(KEY, small_flow(), **({"X": rows()} | change))


def test_a_missing_condition_is_refused():
    flow = flows.maf(KEY, n_features=2, n_layers=2, hidden_sizes=(8,), condition_shape=(3,))
    with pytest.raises(ShapeError, match=r"\(n, \*\(3,\)\)"):
        quiet_fit(KEY, flow, rows())
    with pytest.raises(ShapeError, match="300 rows"):
        quiet_fit(KEY, flow, rows(), condition=np.zeros((2, 3)))


def test_the_start_is_epoch_0_and_competes_for_the_best():
    flow = TransformedDistribution(StandardNormal(2), Affine(jnp.zeros(2), jnp.ones(2)))
    train, held_out = rows(200) + 4.0, np.random.default_rng(5).normal(size=(100, 2))
    fitted, history = quiet_fit(KEY, flow, train, max_epochs=3, validation_data=held_out)
    assert history.best_epoch == 0
    assert len(history.validation_loss) == len(history.train_loss) == 3
    assert same(fitted, flow)
