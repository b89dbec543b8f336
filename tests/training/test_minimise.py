"""Objectives without rows and with keys, in the loop of `fit`."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from fluvial import flows
from fluvial.bijectors import Affine, Chain, LULinear
from fluvial.distributions import StandardNormal, TransformedDistribution
from fluvial.errors import ShapeError, TrainingError
from fluvial.training import fit, minimise, negative_log_likelihood

KEY = jax.random.key(0)
X = np.random.default_rng(0).normal(size=(150, 2)) * [1, 3] + [2, 0]


class ReverseKL(eqx.Module):
    """Of a flow to an unnormalised normal density, from draws of the flow.

    Its gradient goes along the draws alone, so that it has no noise at the optimum (Roeder, Wu and
    Duvenaud 2017, arXiv 1703.09194, section 3).
    """

    mean: Array
    precision: Array
    n: int = eqx.field(static=True, default=128)

    def __call__(self, flow, batch, key):
        assert batch is None
        x = flow.sample(key, (self.n,))
        arrays, rest = eqx.partition(flow, eqx.is_array)
        log_prob = eqx.combine(jax.lax.stop_gradient(arrays), rest).log_prob(x)
        difference = x - self.mean
        return log_prob + jnp.einsum("ni,ij,nj->n", difference, self.precision, difference) / 2


def affine_flow(n=2):
    bijector = Chain([Affine(jnp.zeros(n), jnp.ones(n)), LULinear(n)])
    return TransformedDistribution(StandardNormal(n), bijector)


def quiet(key, model, objective, *rows, **settings):
    return minimise(key, model, objective, *rows, show_progress=False, **settings)


def test_reverse_kl_finds_a_normal_density(x64):
    mean, covariance = np.array([1.5, -2.0]), np.array([[2.0, 0.6], [0.6, 0.5]])
    objective = ReverseKL(jnp.asarray(mean), jnp.asarray(np.linalg.inv(covariance)))
    flow, history = quiet(KEY, affine_flow(), objective, learning_rate=0.03, max_epochs=60)
    # At the optimum each draw's loss is the negative log of the normalising constant.
    log_constant = np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1] / 2
    losses = objective(flow, None, jax.random.key(1))
    np.testing.assert_allclose(losses, -log_constant, atol=1e-10)
    assert history.train_loss[-1] == pytest.approx(-log_constant, abs=1e-10)
    at_zero, jacobian = flow.bijector.forward(jnp.zeros(2)), jax.jacobian(flow.bijector.forward)
    np.testing.assert_allclose(at_zero, mean, atol=1e-10)
    scale = jacobian(jnp.zeros(2))
    np.testing.assert_allclose(scale @ scale.T, covariance, atol=1e-10)
    assert history.best_epoch == len(history.train_loss) == 60
    assert history.validation_loss == ()


def test_another_objective_of_the_same_structure_compiles_nothing(count_compilations):
    def run(key, mean, **settings):
        objective = ReverseKL(jnp.full(2, mean), jnp.eye(2))
        return quiet(key, affine_flow(), objective, **settings)

    run(KEY, 1.0, max_epochs=2, steps_per_epoch=3)
    key, another = jax.random.key(1), ReverseKL(jnp.full(2, 3.0), jnp.eye(2))
    flow = affine_flow()
    with count_compilations() as counted:
        quiet(key, flow, another, max_epochs=4, steps_per_epoch=7, learning_rate=0.1)
    assert counted.count == 0


class Denoising(eqx.Module):
    """The squared distance of a map from rows with noise to the rows."""

    noise: Array

    def __call__(self, flow, batch, key):
        noisy = batch.x + self.noise * jax.random.normal(key, batch.x.shape)
        return jnp.sum((flow.bijector.forward(noisy) - batch.x) ** 2, axis=-1)


def test_a_keyed_objective_on_rows_finds_the_linear_regression(x64):
    flow, history = quiet(
        KEY,
        TransformedDistribution(StandardNormal(2), Affine(jnp.zeros(2), jnp.ones(2))),
        Denoising(jnp.asarray([1.0, 3.0])),
        X,
        learning_rate=0.03,
        max_epochs=300,
        batch_size=50,
        validation_fraction=0,
    )
    # Of x given x plus independent noise: var / (var + noise) is the slope.
    variance, of_noise = X.var(axis=0), np.array([1, 9])
    slope = variance / (variance + of_noise)
    np.testing.assert_allclose(flow.bijector.scale, slope, rtol=0.06)
    expected = (slope * of_noise).sum()
    assert np.mean(history.train_loss[-50:]) == pytest.approx(expected, rel=0.05)


class OnlyTheKey(eqx.Module):
    """A loss that is random and does not depend on rows."""

    def __call__(self, flow, batch, key):
        drawn = jax.random.normal(key, (len(batch.x),))
        return drawn + 0 * flow.bijector.shift.sum()


def test_keys_are_new_in_each_step_and_the_same_for_held_out_rows():
    flow = TransformedDistribution(StandardNormal(2), Affine(jnp.zeros(2), jnp.ones(2)))
    settings = {"batch_size": 32, "max_epochs": 6, "validation_data": X[:40]}
    _, history = quiet(KEY, flow, OnlyTheKey(), X, **settings)
    assert len(set(history.train_loss)) == 6
    assert len(set(history.validation_loss)) == 1
    # Means of independent steps: a key used twice in an epoch would widen them.
    _, many = quiet(KEY, flow, OnlyTheKey(), X, **{**settings, "max_epochs": 200})
    assert np.std(many.train_loss) * np.sqrt(150) == pytest.approx(1, abs=0.2)


def test_fit_is_minimise_with_the_negative_log_likelihood():
    flow = flows.maf(KEY, n_features=2, n_layers=2, hidden_sizes=(8,))
    settings = {"max_epochs": 3, "show_progress": False}
    fitted, history = fit(KEY, flow, X, **settings)
    same, again = minimise(KEY, flow, negative_log_likelihood, X, **settings)
    assert history.train_loss == again.train_loss
    np.testing.assert_array_equal(fitted.log_prob(X), same.log_prob(X))


def test_non_finite_losses_roll_back_and_end_in_an_error():
    def lost(flow, batch, key):
        return jnp.sum(flow.bijector.shift) * jnp.nan

    flow = TransformedDistribution(StandardNormal(2), Affine(jnp.zeros(2), jnp.ones(2)))
    with pytest.raises(TrainingError, match="epoch 1, 3 times"):
        quiet(KEY, flow, lost)


def test_the_time_limit_and_what_is_said(capsys):
    objective = ReverseKL(jnp.zeros(2), jnp.eye(2))
    _, history = minimise(KEY, affine_flow(), objective, max_seconds=1e-3, max_epochs=10**6)
    assert (history.stop_reason, history.best_epoch, history.train_loss) == ("max_seconds", 0, ())
    first, last = capsys.readouterr().err.splitlines()
    assert first.endswith("parameters, at most 1000000 epochs of 100 steps")
    assert "the start is returned" in last


def mean_alone(flow, batch, key):
    return jnp.mean(negative_log_likelihood(flow, batch, key))


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "words"),
    [
        ((), {"steps_per_epoch": 0}, ValueError, "steps_per_epoch"),
        ((), {"validation_data": X}, ValueError, "belong to rows"),
        ((None, X), {}, ValueError, "belong to rows"),
        ((X,), {"objective": mean_alone}, ShapeError, r"a loss for each row.*returned \(\)"),
        ((X[:, :1],), {}, ShapeError, r"\(150, 1\)"),
        ((X,), {"epochs": 3}, TypeError, "epochs"),
    ],
)
def test_bad_input_is_refused(arguments, settings, error, words):
    settings = {"objective": negative_log_likelihood, **settings}
    objective = settings.pop("objective")
    with pytest.raises(error, match=words):
        quiet(KEY, affine_flow(), objective, *arguments, **settings)
