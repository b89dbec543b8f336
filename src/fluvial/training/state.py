"""The state of a training run on the device, and its settings."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.training.layout import Blocks

RECORDED = 64
"""Epochs that one segment can record."""

NEVER = 2**30
"""More epochs or steps than any run takes."""

MAIN, ANNEAL, DONE = 0, 1, 2
"""The phases of training."""

RUNNING, BY_EPOCHS, BY_PATIENCE, BY_FAILURE = 0, 1, 2, 3
"""Why training ended, as the device tells it."""

BEFORE_TRAINING = -1
"""The number of the epoch without steps that scores the start."""

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

    params: Blocks
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
        best, best_loss, best_epoch: the parameters to return, and the lowest loss.
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
    best: Blocks
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


def empty_record(dtype) -> Record:
    """Return a record of no epochs."""
    blank = jnp.zeros(RECORDED, dtype)
    return Record(jnp.zeros((), jnp.int32), blank, blank, blank)


def first_state(key: Array, params: Blocks, opt_state: Any, n_rows: int, n_steps: Any) -> State:
    """Return the state before the first step; the starting parameters are the best so far.

    It stands at the end of an epoch without steps, at which held-out rows score the start. It is
    made in NumPy, but for its keys: a compiled program would take a second to save nothing.

    Args:
        key: a random key.
        params: blocks of NumPy.
        opt_state: of the optimizer.
        n_rows: padded rows to train on.
        n_steps: steps of an epoch.
    """
    dtype = params[0].dtype

    def number(value: Any) -> Any:
        return np.asarray(value, dtype)

    def count(value: Any = 0) -> Any:
        return np.asarray(value, np.int32)

    blank: Any = np.zeros(RECORDED, dtype)
    return State(
        now=Point(params, opt_state),
        good=Point(params, opt_state),
        best=params,
        best_loss=number(np.inf),
        best_epoch=count(),
        reference=number(np.inf),
        waited=count(),
        key=key,
        validation_key=jax.random.fold_in(key, OBJECTIVE),
        order=count(np.zeros(n_rows)),
        epoch=count(BEFORE_TRAINING),
        step=count(n_steps),
        loss_sum=number(0),
        weight_sum=number(0),
        bad=count() != 0,
        failures=count(),
        rate=number(0),
        rate_scale=number(1),
        phase=count(MAIN),
        anneal_from=count(),
        anneal_epochs=count(1),
        anneal_rate=number(0),
        reason=count(RUNNING),
        record=Record(count(), blank, blank, blank),
    )


def joint(states: Sequence[State]) -> State:
    """Return one state of several members, with an axis of members before all others."""

    def stacked(*leaves):
        xp = jnp if is_key(leaves[0]) else np
        return xp.stack(leaves)

    return jax.tree.map(stacked, *states)


def on_device(state: State) -> State:
    """Put a state on the device; every leaf gets a buffer of its own, since all are donated."""

    def put(leaf):
        return jnp.copy(leaf) if is_key(leaf) else jax.device_put(leaf, may_alias=False)

    return jax.tree.map(put, state)


def is_key(leaf: Any) -> bool:
    """Whether a leaf is a random key."""
    return isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
