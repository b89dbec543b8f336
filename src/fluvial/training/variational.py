"""Variational inference: a flow fitted to a density that is known up to a constant."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.distributions import Estimate
from fluvial.errors import ShapeError
from fluvial.parameters import checked_key, with_key
from fluvial.training.history import History
from fluvial.training.minimisation import minimise

LogDensity = Callable[[Array], Array]
"""From events (n, *event_shape) to the logarithm of a density times a constant, (n,)."""

N_EVALUATED = 10_000


@dataclass(frozen=True)
class VariationalFit:
    """What is known of a flow q that stands for a density p / Z with unknown Z.

    Attributes:
        elbo: the mean of `log p(x) - log q(x)` over samples of q, with its standard error: a lower
            bound of `log Z`, less by the divergence of q from p / Z.
        log_normaliser: `log Z` by importance sampling, with its standard error. To be trusted where
            `effective_sample_size` is large.
        effective_sample_size: how many samples of p / Z the samples of q are worth,
            `(sum w)^2 / sum w^2` of the weights `w = p(x) / q(x)`.
        n_samples: how many samples of q all three were made of.
        history: of training; its loss is minus the elbo of the samples of each epoch.
    """

    elbo: Estimate
    log_normaliser: Estimate
    effective_sample_size: Array
    n_samples: int
    history: History


def fit_variational(
    key: Array,
    flow: Any,
    log_density: LogDensity,
    *,
    n_samples: int = 128,
    n_evaluated: int = N_EVALUATED,
    max_epochs: int = 20,
    steps_per_epoch: int = 100,
    **settings: Any,
) -> tuple[Any, VariationalFit]:
    """Fit a flow to a density that is known up to a constant, by the reverse divergence.

    Minimises `E_q[log q(x) - log p(x)]` over samples of the flow q, by their gradients through the
    map. What the flow misses it is not punished for: of modes far apart it may find one alone, and
    tails come out light. An inverse autoregressive flow samples in one pass. Parameters that are
    positive, bounded or on a simplex are reached by a last bijector, such as `Exp` or `Sigmoid`:
    `Flow(flow.base, Chain([Exp(), flow.bijector]))`.

    Args:
        key: a random key; the same key gives bit-equal results on one machine.
        flow: a flow, or any distribution with trainable leaves whose samples are differentiable.
        log_density: from events (n, *event_shape) to (n,); `jax.vmap` makes it of a function of one
            event. It is called inside a compiled program.
        n_samples: samples of a step, at least 1.
        n_evaluated: samples of the result's estimates, at least 2.
        max_epochs: epochs of training.
        steps_per_epoch: steps of an epoch.
        **settings: the other arguments of `fit` that are not of rows, such as `learning_rate`,
            `optimizer`, `schedule`, `max_seconds` or `show_progress`.

    Returns:
        The fitted flow, and a `VariationalFit`.

    Raises:
        ShapeError: where `log_density` does not return a number for each event.
        TrainingError: where the loss is not finite for the third time.
        TrainingInterrupted: after Ctrl-C, as by `fit`.
        ValueError: where a setting is out of its range or is of rows.

    Examples:
        >>> flow = fluvial.flows.iaf(jax.random.key(0), n_features=2, n_layers=2)
        >>> def log_density(x):
        ...     return -jnp.sum((x - 3.0) ** 2, axis=-1) / 2
        >>> flow, found = fit_variational(jax.random.key(1), flow, log_density, max_epochs=5)
        >>> bool(abs(found.log_normaliser.value - jnp.log(2 * jnp.pi)) < 0.1)
        True

    References:
        Rezende and Mohamed 2015, arXiv 1505.05770, equation 15; Kong, Liu and Wong 1994, Journal of
        the American Statistical Association 89(425), section 4.1, for the effective sample size.
    """
    if n_samples < 1 or n_evaluated < 2:
        raise ValueError(
            f"n_samples must be at least 1 and n_evaluated at least 2, but they are {n_samples} "
            f"and {n_evaluated}"
        )
    of_training, of_evaluation = jax.random.split(checked_key(key))
    fitted, history = minimise(
        of_training,
        flow,
        _ReverseDivergence(log_density, n_samples),
        max_epochs=max_epochs,
        steps_per_epoch=steps_per_epoch,
        **settings,
    )
    log_weights = _log_weights(fitted, log_density, of_evaluation, n_evaluated)
    return fitted, _evaluated(log_weights, history)


class _ReverseDivergence(eqx.Module):
    """The objective; a tree, so that arrays of a log density that is one are traced."""

    log_density: LogDensity
    n_samples: int = eqx.field(static=True)

    def __call__(self, model: Any, batch: None, key: Array) -> Array:
        del batch
        of_parts, of_samples = jax.random.split(key)
        model = with_key(model, of_parts)
        return -_differences(model, self.log_density, of_samples, self.n_samples)


def _differences(flow: Any, log_density: LogDensity, key: Array, n: int) -> Array:
    """Return `log p(x) - log q(x)` of samples of the flow, (n,)."""
    x, log_prob = flow._sample_and_log_prob(key, n, None)
    found = log_density(x)
    if jnp.shape(found) != (n,):
        raise ShapeError(
            f"log_density must return a number for each event, of shape ({n},), but returned "
            f"{jnp.shape(found)}; jax.vmap makes it of a function of one event"
        )
    return found.astype(log_prob.dtype) - log_prob


_log_weights = eqx.filter_jit(_differences)


def _evaluated(log_weights: Array, history: History) -> VariationalFit:
    n = len(log_weights)
    shift = jnp.max(log_weights)
    weights = jnp.exp(log_weights - shift)
    mean = jnp.mean(weights)
    # The error of a logarithm is the relative error of its argument.
    error = jnp.std(weights, ddof=1) / mean / n**0.5
    return VariationalFit(
        elbo=Estimate(jnp.mean(log_weights), jnp.std(log_weights, ddof=1) / n**0.5),
        log_normaliser=Estimate(jnp.log(mean) + shift, error),
        effective_sample_size=jnp.sum(weights) ** 2 / jnp.sum(weights**2),
        n_samples=n,
        history=history,
    )
