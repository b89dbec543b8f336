"""The optimizer, the schedule, and which parameters are kept."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fluvial.bijectors import Affine, Chain, LULinear
from fluvial.distributions import StandardNormal, TransformedDistribution
from fluvial.training import fit, fit_ensemble, partition

KEY = jax.random.key(0)
X = np.random.default_rng(0).normal(2.0, 3.0, size=(64, 2)).astype(np.float32)
# The loss rises from epoch to epoch.
UPHILL = optax.sgd(-0.01)


def start():
    return TransformedDistribution(StandardNormal(2), Affine(jnp.zeros(2), 1.0))


def quiet_fit(**kwargs):
    settings = {"batch_size": 64, "max_epochs": 5, "validation_fraction": 0.0}
    return fit(KEY, start(), X, show_progress=False, **settings | kwargs)


def by_hand(optimizer, n_steps, factor=lambda step: 1.0):
    """Full batches by optax alone; the losses, and the parameters after each step."""
    params, rest = partition(start())
    state = optimizer.init(params)

    @jax.jit
    def gradients(params):
        return jax.value_and_grad(lambda p: -jnp.mean(eqx.combine(p, rest).log_prob(X)))(params)

    losses, trail = [], []
    for step in range(n_steps):
        loss, of_params = gradients(params)
        updates, state = optimizer.update(of_params, state, params)
        updates = jax.tree.map(lambda u, step=step: factor(step) * u, updates)
        params = eqx.apply_updates(params, updates)
        losses.append(loss)
        trail.append(eqx.combine(params, rest))
    return losses, trail


def close(found, wanted):
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_any_optimizer_of_optax_and_a_cosine_on_its_updates():
    optimizer = optax.chain(optax.clip(0.5), optax.sgd(0.1, momentum=0.9))
    fitted, history = quiet_fit(optimizer=optimizer)
    factors = [0.5 * (1 + np.cos(np.pi * step / 5)) for step in range(5)]
    losses, trail = by_hand(optimizer, 5, lambda step: factors[step])
    np.testing.assert_allclose(history.train_loss, losses, rtol=1e-5)
    np.testing.assert_allclose(history.learning_rate, factors, rtol=1e-5)
    close(fitted, trail[-1])


def test_a_constant_rate_of_the_default_optimizer_and_its_patience():
    fitted, history = quiet_fit(schedule="constant", learning_rate=0.1, weight_decay=0.0)
    clipped = optax.chain(optax.clip_by_global_norm(5.0), optax.adam(0.1))
    close(fitted, by_hand(clipped, 5)[1][-1])
    np.testing.assert_allclose(history.learning_rate, 0.1)
    # Nothing is annealed.
    _, history = quiet_fit(schedule="constant", patience=2, min_delta=100.0, max_epochs=50)
    assert history.stop_reason == "patience"
    assert len(history.train_loss) == 3


def test_the_best_epoch_or_the_last_without_held_out_rows():
    losses, trail = by_hand(UPHILL, 5)
    assert np.all(np.diff(losses) > 0)
    for keep, epoch in (("best", 0), ("last", 4), (None, 4)):
        fitted, history = quiet_fit(optimizer=UPHILL, schedule="constant", keep=keep)
        np.testing.assert_allclose(history.train_loss, losses, rtol=1e-5)
        assert history.best_epoch == epoch + 1
        close(fitted, trail[epoch])


def test_the_last_epoch_with_held_out_rows():
    # The start is best for the held-out rows.
    given = {"validation_data": 0 * X, "optimizer": optax.sgd(0.01), "schedule": "constant"}
    assert quiet_fit(**given)[1].best_epoch == 0
    fitted, history = quiet_fit(**given, keep="last")
    assert history.best_epoch == 5
    close(fitted, by_hand(optax.sgd(0.01), 5)[1][-1])


def test_an_ensemble_takes_them_too():
    given = {"optimizer": UPHILL, "schedule": "constant", "keep": "best"}
    settings = {"batch_size": 64, "max_epochs": 5, "validation_fraction": 0.0}
    keys = list(jax.random.split(KEY, 2))
    flows = [start()] * 2
    fitted, _ = fit_ensemble(keys, flows, X, show_progress=False, **settings, **given)
    for member in fitted:
        close(member, quiet_fit(**given)[0])


def test_what_is_unknown_is_refused():
    for given, message in (
        ({"schedule": "linear"}, "schedule must be one of .* but is 'linear'"),
        ({"keep": "first"}, "keep must be one of .* but is 'first'"),
        ({"optimizer": "adam"}, "optimizer must be a transformation of optax"),
    ):
        with pytest.raises(ValueError, match=message):
            quiet_fit(**given)


def test_frozen_parts_stay_whatever_the_optimizer_does():
    flow: Any = TransformedDistribution(
        StandardNormal(2), Chain([Affine(jnp.ones(2), 2.0), LULinear(2)])
    )
    for optimizer in (None, optax.adamw(0.1, weight_decay=0.5)):
        fitted, _ = fit(
            KEY, flow, X, max_epochs=2, show_progress=False, optimizer=optimizer, frozen=Affine
        )
        assert eqx.tree_equal(fitted.bijector.parts[0], flow.bijector.parts[0])
        assert not eqx.tree_equal(fitted.bijector.parts[1], flow.bijector.parts[1])


def test_what_is_frozen_must_be_types_and_leave_something():
    with pytest.raises(ValueError, match="leaves nothing"):
        quiet_fit(frozen=(Affine, StandardNormal))
    with pytest.raises(ValueError, match="frozen must be a type"):
        quiet_fit(frozen="linear")
