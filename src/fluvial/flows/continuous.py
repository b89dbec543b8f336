"""Continuous flows, by maximum likelihood and by flow matching."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors import Continuous, ScaledCondition
from fluvial.bijectors.continuous import Trace
from fluvial.flows._layers import as_flow
from fluvial.flows.flow import Flow
from fluvial.networks import Activation
from fluvial.shapes import Shape


def ffjord(
    key: Array,
    *,
    n_features: int,
    hidden_sizes: tuple[int, ...] = (64, 64),
    trace: Trace = "exact",
    condition_shape: Shape | None = None,
    activation: Activation = "tanh",
    tolerance: float | None = None,
    base: Any = None,
) -> Flow:
    """Build a continuous flow: data are where `dx/dt = f(t, x)` takes the latents.

    f is any smooth network. Both directions solve the equation, with tens to hundreds of passes of
    f; the exact trace costs D times as many, Hutchinson's estimate one. The slowest family by
    maximum likelihood. Flow matching, `flow_matching_loss` as the objective of `training.minimise`,
    trains it without solving anything, at the price of a network, with exact densities and samples
    afterwards. Needs diffrax: `pip install "fluvial[diffrax]"`.

    Args:
        key: a random key.
        n_features: columns D.
        hidden_sizes: units of each hidden layer of f.
        trace: "exact" or "hutchinson", see `fluvial.bijectors.Continuous`.
        condition_shape: shape of a condition, or None.
        activation: a smooth one; a name of `fluvial.networks.ACTIVATIONS`, or any function.
        tolerance: of a step of the solver; by the float type where it is None.
        base: the distribution of the latents; a standard normal where it is None.

    Raises:
        ValueError: where `trace` is unknown.

    Examples:
        >>> flow = ffjord(jax.random.key(0), n_features=2, hidden_sizes=(8,))
        >>> flow.event_shape
        (2,)

    References:
        Grathwohl et al. 2018, arXiv 1810.01367, equations 6-8; Lipman et al. 2022, arXiv
        2210.02747, for flow matching.
    """
    layer = Continuous(
        key,
        n_features=n_features,
        hidden_sizes=tuple(hidden_sizes),
        trace=trace,
        condition_shape=condition_shape,
        activation=activation,
        tolerance=tolerance,
    )
    return as_flow([layer], n_features, base)


def flow_matching_loss(flow: Flow, batch: Any, key: Array) -> Array:
    """Return how far the velocity of a continuous flow is from that of straight paths, (n,).

    `|f(t, (1 - t) z + t x) - (x - z)|^2` at a random time t and latent z of the base for each row
    x. An objective for `training.minimise`: the equation of the fitted velocity takes the base to
    the data, and `flow.log_prob` is then its exact density. No equation is solved on the way.

    Args:
        flow: of `ffjord`.
        batch: `x`, (n, D), and `condition`, as training hands it over.
        key: a random key, of times and latents.

    Raises:
        TypeError: where the flow is not a continuous one.

    Examples:
        >>> from fluvial.training import minimise
        >>> flow, rows = ffjord(jax.random.key(0), n_features=2), np.random.default_rng(0)
        >>> rows = rows.normal(size=(64, 2))
        >>> flow, history = minimise(
        ...     jax.random.key(1), flow, flow_matching_loss, rows, max_epochs=1
        ... )

    References:
        Lipman et al. 2022, arXiv 2210.02747, equations 9 and 23 with sigma_min = 0; Liu et al.
        2022, arXiv 2209.03003, equation 1.
    """
    layer, condition = flow.bijector, batch.condition
    if isinstance(layer, ScaledCondition):
        layer, condition = layer.bijector, layer._standardised(condition)
    if not isinstance(layer, Continuous):
        raise TypeError(
            f"flow matching is for continuous flows, as of ffjord, not for {type(layer).__name__}"
        )
    of_latents, of_times = jax.random.split(key)
    n = len(batch.x)
    z = flow.base._sample(of_latents, n, None).astype(batch.x.dtype)
    t = jax.random.uniform(of_times, (n,), batch.x.dtype)
    between = (1 - t[:, None]) * z + t[:, None] * batch.x
    more = () if condition is None else (condition,)
    velocity = jax.vmap(layer.velocity)(t, between, *more)
    return jnp.sum((velocity - (batch.x - z)) ** 2, axis=1)
