"""Several flows in one program: each is what `fit` makes of it alone."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.training.test_fit import fragile_flow

from fluvial import flows
from fluvial.errors import ShapeError, TrainingError
from fluvial.training import ensemble, fit, fit_ensemble

KEYS = list(jax.random.split(jax.random.key(0), 3))
X = np.random.default_rng(0).normal(size=(150, 2)) * [1, 3]
QUIET = {"show_progress": False, "batch_size": 32}


@pytest.fixture(autouse=True, params=[1, 3], ids=["together", "side by side"])
def at_once(request, monkeypatch):
    """All members in one program, or each in one of its own."""
    monkeypatch.setattr(ensemble, "n_side_by_side", lambda: request.param)


def members(**changes):
    sizes = {"n_features": 2, "n_layers": 2, "hidden_sizes": (8,), "linear": "permutation"}
    return [flows.maf(key, **{**sizes, **changes}) for key in KEYS]


def assert_like_alone(settings, x=X, condition=None, of=None):
    """Members equal fits one by one; their permutations differ, which needs their own arrays."""
    of = of or members()
    fitted, histories = fit_ensemble(KEYS, of, x, condition, **QUIET, **settings)
    for key, member, together, history in zip(KEYS, of, fitted, histories, strict=True):
        alone, expected = fit(key, member, x, condition, **QUIET, **settings)
        arguments = (x,) if condition is None else (x, condition)
        np.testing.assert_allclose(
            together.log_prob(*arguments), alone.log_prob(*arguments), rtol=1e-4, atol=1e-4
        )
        assert history.stop_reason == expected.stop_reason
        assert history.best_epoch == expected.best_epoch
        assert len(history.train_loss) == len(expected.train_loss)
        np.testing.assert_allclose(history.train_loss, expected.train_loss, rtol=1e-4)
        np.testing.assert_allclose(history.validation_loss, expected.validation_loss, rtol=1e-4)


def test_members_hold_out_rows_of_their_own():
    assert_like_alone({"max_epochs": 5, "validation_fraction": 0.2})


def test_members_share_given_rows():
    assert_like_alone({"max_epochs": 5, "validation_data": X[:40]})


def test_a_member_that_has_ended_waits_for_the_others():
    settings = {"max_epochs": 60, "patience": 2, "learning_rate": 0.05}
    _, histories = fit_ensemble(KEYS, members(), X, **QUIET, **settings)
    assert len({len(history.train_loss) for history in histories}) > 1
    assert_like_alone(settings)


def test_conditions_and_one_member():
    condition = np.random.default_rng(1).normal(size=(150, 3))
    of = members(condition_shape=(3,))
    assert_like_alone({"max_epochs": 3}, X + condition[:, :2], condition, of)
    (one,), (history,) = fit_ensemble(KEYS[:1], of[:1], X, condition, max_epochs=2, **QUIET)
    assert one.log_prob(X, condition).shape == (150,)
    assert history.stop_reason == "max_epochs"


def test_precision_is_that_of_the_caller():
    with jax.enable_x64(True):
        assert_like_alone({"max_epochs": 2}, of=members())


@pytest.mark.parametrize(
    ("n_members", "n_at_once", "expected"), [(8, 2, 2), (9, 2, 3), (7, 2, 7), (3, 16, 3), (8, 1, 1)]
)
def test_groups_are_of_equal_size(n_members, n_at_once, expected):
    assert ensemble._n_groups(n_members, n_at_once) == expected


def test_a_second_ensemble_compiles_nothing(count_compilations):
    fit_ensemble(KEYS, members(), X, max_epochs=2, **QUIET)
    changed, others = list(jax.random.split(jax.random.key(5), 3)), members()
    with count_compilations() as counted:
        fit_ensemble(changed, others, X, max_epochs=4, learning_rate=0.01, **QUIET)
    assert counted.count == 0


def far_from_its_limit(flow):
    return eqx.tree_at(lambda f: f.bijector.shift, flow, jnp.full(2, -9.0))


def test_a_member_that_rolls_back_falls_behind_alone():
    x = X + 5.0
    of = [fragile_flow(0.2), far_from_its_limit(fragile_flow(0.2))]
    settings = {"max_epochs": 3, "learning_rate": 0.25, "validation_fraction": 0}
    fitted, histories = fit_ensemble(KEYS[:2], of, x, **QUIET, **settings)
    for key, member, together, history in zip(KEYS, of, fitted, histories, strict=False):
        alone, expected = fit(key, member, x, **QUIET, **settings)
        np.testing.assert_allclose(together.bijector.shift, alone.bijector.shift, rtol=1e-4)
        np.testing.assert_allclose(history.train_loss, expected.train_loss, rtol=1e-4)
        np.testing.assert_allclose(history.learning_rate, expected.learning_rate, rtol=1e-5)
    assert histories[0].learning_rate[0] < histories[1].learning_rate[0]


def test_a_failing_member_is_named():
    of = [far_from_its_limit(fragile_flow(-1.0)), fragile_flow(-1.0)]
    with pytest.raises(TrainingError, match=r"loss of member 1 was not finite in epoch 1,"):
        fit_ensemble(KEYS[:2], of, X + 5.0, max_epochs=5, **QUIET)


@pytest.mark.parametrize(
    ("keys", "flows_given", "error", "words"),
    [
        (KEYS[:2], members, ValueError, "3 flows and 2 keys"),
        ([], list, ValueError, "0 flows"),
        (KEYS, lambda: [*members()[:2], members(n_layers=3)[0]], ValueError, "member 2"),
        (KEYS, lambda: [*members()[:2], members(activation="tanh")[0]], ValueError, "member 2"),
        (KEYS, lambda: members(n_features=3), ShapeError, "(150, 2)"),
    ],
)
def test_bad_input_is_refused(keys, flows_given, error, words):
    with pytest.raises(error) as raised:
        fit_ensemble(keys, flows_given(), X, **QUIET)
    assert words in str(raised.value)


def test_unknown_settings_are_refused():
    with pytest.raises(TypeError, match="epochs"):
        fit_ensemble(KEYS, members(), X, epochs=3)


def test_the_bar_speaks_of_members(capsys):
    fit_ensemble(KEYS, members(), X, max_epochs=2, batch_size=32)
    first, last = capsys.readouterr().err.strip().splitlines()
    assert first.startswith("3 members: fitting")
    assert last.endswith("the best of 3")
