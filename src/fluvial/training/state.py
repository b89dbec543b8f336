"""The state of a training run on the device, and its settings."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array

RECORDED = 64
"""Epochs that one segment can record."""

NEVER = 2**30
"""More epochs or steps than any run takes."""

MAIN, ANNEAL, DONE = 0, 1, 2
"""The phases of training."""

RUNNING, BY_EPOCHS, BY_PATIENCE, BY_FAILURE = 0, 1, 2, 3
"""Why training ended, as the device tells it."""

OBJECTIVE = 2
"""The number that is folded into a key for the objective, after those of `jax.random.split`."""

Scalar = Any
"""A 0-d array of NumPy or JAX."""


class Settings(NamedTuple):
    """Traced settings: none of them leads to another compilation."""

    learning_rate: Scalar
    weight_decay: Scalar
    clip_norm: Scalar
    min_delta: Scalar
    max_epochs: Scalar
    patience: Scalar


class Point(NamedTuple):
    """Parameters with the optimizer's state that belongs to them."""

    params: Any
    optimizer: Any


class Record(NamedTuple):
    """What the epochs of one segment gave; the first `n_epochs` entries count."""

    n_epochs: Array
    train_loss: Array
    validation_loss: Array
    learning_rate: Array


class State(NamedTuple):
    """Everything that changes in training.

    Attributes:
        now: the current point.
        good: the point at the start of this epoch, to which a non-finite loss rolls back.
        best, best_loss, best_epoch: the parameters of the lowest validation loss.
        reference, waited: the loss that patience compares with, and the epochs since it fell.
        key: random key of this epoch; of its numbers `jax.random.split` takes 0 and 1.
        validation_key: random key of the held-out rows, the same in every epoch.
        order: order of the rows in this epoch.
        epoch, step: epochs done, and steps done in this epoch.
        loss_sum, weight_sum: sums over the rows of this epoch.
        bad: whether the last step was not finite.
        failures: how often training rolled back.
        rate, rate_scale: the last learning rate; the factor that roll-backs shrink.
        phase, anneal_from, anneal_epochs, anneal_rate: where patience has ended the main phase.
        reason: why training ended.
        record: epochs of this segment.
    """

    now: Point
    good: Point
    best: Any
    best_loss: Array
    best_epoch: Array
    reference: Array
    waited: Array
    key: Array
    validation_key: Array
    order: Array
    epoch: Array
    step: Array
    loss_sum: Array
    weight_sum: Array
    bad: Array
    failures: Array
    rate: Array
    rate_scale: Array
    phase: Array
    anneal_from: Array
    anneal_epochs: Array
    anneal_rate: Array
    reason: Array
    record: Record


def optimizer(settings: Settings, decay_mask: Any) -> optax.GradientTransformation:
    """Return AdamW with clipped gradient norm, without its learning rate.

    References:
        Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2.
    """
    return optax.chain(
        optax.clip_by_global_norm(settings.clip_norm),
        optax.scale_by_adam(),
        optax.add_decayed_weights(settings.weight_decay, decay_mask),
    )


def empty_record(dtype) -> Record:
    """Return a record of no epochs."""
    blank = jnp.zeros(RECORDED, dtype)
    return Record(jnp.asarray(0), blank, blank, blank)


def first_state(key: Array, params: Any, opt_state: Any, n_rows: int, dtype) -> State:
    """Return the state before the first step; the starting parameters are the best so far."""

    # Every leaf has a buffer of its own, since all of them are donated.
    def copy():
        return Point(jax.tree.map(jnp.copy, params), jax.tree.map(jnp.copy, opt_state))

    def number(value):
        return jnp.asarray(value, dtype)

    def count(value=0):
        return jnp.asarray(value, jnp.int32)

    return State(
        now=copy(),
        good=copy(),
        best=copy().params,
        best_loss=number(jnp.inf),
        best_epoch=count(),
        reference=number(jnp.inf),
        waited=count(),
        key=jnp.copy(key),
        validation_key=jax.random.fold_in(key, OBJECTIVE),
        order=jnp.zeros(n_rows, jnp.int32),
        epoch=count(),
        step=count(),
        loss_sum=number(0),
        weight_sum=number(0),
        bad=jnp.asarray(False),
        failures=count(),
        rate=number(0),
        rate_scale=number(1),
        phase=count(MAIN),
        anneal_from=count(),
        anneal_epochs=count(1),
        anneal_rate=number(0),
        reason=count(RUNNING),
        record=empty_record(dtype),
    )
