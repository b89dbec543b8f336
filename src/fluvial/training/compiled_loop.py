"""The compiled loop of training: a number of steps, with epochs and validation inside.

It serves one run, and the runs of an ensemble that take their steps together: then every array of
the state has a leading axis of members, and what a member does is mapped over that axis by `each`.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax import lax
from jaxtyping import Array

from fluvial.programs import Compiled
from fluvial.training.layout import Blocks
from fluvial.training.losses import loss_of_step, validation_loss
from fluvial.training.run import Run, optimizer
from fluvial.training.shuffle import random_order
from fluvial.training.state import (
    ANNEAL,
    BEFORE_TRAINING,
    BY_EPOCHS,
    BY_FAILURE,
    BY_PATIENCE,
    DONE,
    MAIN,
    RECORDED,
    Point,
    Record,
    Scalar,
    State,
    empty_record,
)

MAX_FAILURES = 3
"""Losses that are not finite, at which training is given up."""

ROLLBACK_FACTOR = 0.3
"""What the learning rate is multiplied by after a loss that is not finite."""

ANNEAL_SHARE = 0.1
"""Epochs in which the rate falls to zero once patience has ended, as a share of those before."""


def next_segment(
    run: Run, max_steps: Scalar, time_share: Scalar, state: State, each: Callable[[Any], Any]
) -> State:
    """Take steps until a number of them is done, the record is full or training has ended.

    Members take their steps together: one that has ended or failed goes on without effect.

    Args:
        run: what does not change.
        max_steps: how many steps at most.
        time_share: the share of the time limit that is used up.
        state: the state before.
        each: from a function of a run, a state and more, to one of all members.
    """
    state = each(_with_empty_record)(run, state)

    def unfinished(carry):
        left, state = carry
        running = jnp.any(state.phase != DONE) & (jnp.max(state.record.n_epochs) < RECORDED)
        return (left > 0) & running

    def within_epoch(carry):
        left, state = carry
        before = jnp.max(state.step)
        state = _steps(run, state, left, time_share, each)
        step = jnp.max(state.step)
        ended = jnp.all(state.bad) | (step >= run.steps_per_epoch)
        state = lax.cond(ended, lambda s: each(_end_epoch)(run, s), lambda s: s, state)
        return left - (step - before), state

    return lax.while_loop(unfinished, within_epoch, (max_steps, state))[1]


def _with_empty_record(run: Run, state: State) -> State:
    return state._replace(record=empty_record(state.rate.dtype))


def _mapped(axes: Run | None) -> Callable[[Any], Any]:
    """Return what makes of a function of a run, a state and more one of all members.

    Args:
        axes: which arrays of the run have an axis of members; None where there is one member,
            whose state has no such axis either.
    """

    def each(of_member):
        def of_all(run, state, *shared):
            in_axes = (axes, 0, *(None for _ in shared))
            return eqx.filter_vmap(of_member, in_axes=in_axes)(run, state, *shared)

        return of_all

    return each if axes is not None else lambda of_member: of_member


Given = tuple[Run, Run | None, Scalar, Scalar]
"""A run, which of its arrays have an axis of members, steps at most, and the share of the time."""


def advance(given: Given, state: State) -> State:
    """Compute the `next_segment`, given all but the state, whose buffers are used again."""
    return (_advance_few if given[0].is_short else _advance_many)(given, state)


def _advance(given: Given, state: State) -> State:
    run, axes, max_steps, time_share = given
    return next_segment(run, max_steps, time_share, state, _mapped(axes))


_advance_few = Compiled(_advance, donated=(1,), quickly=True)
_advance_many = Compiled(_advance, donated=(1,))


def _shuffle(run: Run, state: State) -> State:
    """Draw the key of this epoch, and the order of the true rows."""
    key, of_order = jax.random.split(state.key)
    if run.train is None:
        return state._replace(key=key)
    return state._replace(key=key, order=random_order(of_order, run.train.n, len(run.train.x)))


def _steps(
    run: Run, state: State, left: Array, time_share: Scalar, each: Callable[[Any], Any]
) -> State:
    """Take steps up to the end of the epoch, at most `left`, as long as they are finite."""
    stop = jnp.minimum(run.steps_per_epoch, jnp.max(state.step) + left)

    def unfinished(state: State) -> Array:
        return (jnp.max(state.step) < stop) & ~jnp.all(state.bad)

    return lax.while_loop(unfinished, lambda s: each(_step)(run, s, time_share), state)


def _step(run: Run, state: State, time_share: Scalar) -> State:
    mean_loss, weight, full = loss_of_step(run, state)
    params = state.now.params
    leaves = run.layout.tree(params)
    loss, of_leaves = jax.value_and_grad(mean_loss)(leaves)
    gradient = _where(run.moves, run.layout.blocks(of_leaves))
    if run.optimizer is None:
        direction: Any
        direction, opt_state = optimizer(run).update(gradient, state.now.optimizer)
        decay = _where(run.decay, optax.tree.scale(run.settings.weight_decay, params))
        # A user's optimizer points downhill already.
        update = jax.tree.map(lambda d, w: -(d + w), direction, decay)
    else:
        of_leaves = run.layout.tree(gradient)
        updates, opt_state = run.optimizer.update(of_leaves, state.now.optimizer, leaves)
        update = _where(run.moves, run.layout.blocks(updates))
    rate = _learning_rate(run, state, time_share)
    finite = jnp.isfinite(loss) & jnp.isfinite(optax.tree.norm(gradient))
    return state._replace(
        now=Point(jax.tree.map(lambda p, u: p + rate * u, params, update), opt_state),
        step=state.step + 1,
        loss_sum=state.loss_sum + loss * full,
        weight_sum=state.weight_sum + weight,
        bad=state.bad | ~finite,
        rate=rate,
    )


def _where(marks: Blocks, blocks: Blocks) -> Blocks:
    """Return the numbers that are marked, and zeros for the others."""
    return jax.tree.map(lambda mark, block: jnp.where(mark, block, 0), marks, blocks)


def _learning_rate(run: Run, state: State, time_share: Scalar) -> Array:
    """Return the rate of this step: constant, or a cosine to zero over epochs or time limit."""
    dtype = state.rate.dtype
    if not run.is_cosine:
        return (run.settings.learning_rate * state.rate_scale).astype(dtype)
    epoch = state.epoch + state.step / run.steps_per_epoch
    share = jnp.maximum(epoch / run.settings.max_epochs, time_share)
    main = run.settings.learning_rate * _cosine(share)
    anneal = state.anneal_rate * _cosine((epoch - state.anneal_from) / state.anneal_epochs)
    return (jnp.where(state.phase == ANNEAL, anneal, main) * state.rate_scale).astype(dtype)


def _cosine(share: Array) -> Array:
    return 0.5 * (1 + jnp.cos(jnp.pi * jnp.clip(share, 0, 1)))


def _end_epoch(run: Run, state: State) -> State:
    """Close an epoch, or roll back where a loss was not finite; nothing more for who is done.

    All of it is computed and then chosen from: the numbers are few, and branches that hand the
    whole state on take long to compile.
    """
    watched, bad = _watched(run, state)
    ended = _chosen(bad, _roll_back(state), _close_epoch(run, state, watched))
    state = _chosen(state.phase == DONE, state, ended)
    zero = jnp.zeros_like(state.loss_sum)
    state = state._replace(
        step=jnp.zeros_like(state.step), loss_sum=zero, weight_sum=zero, bad=jnp.asarray(False)
    )
    return _shuffle(run, state)


def _watched(run: Run, state: State) -> tuple[Array, Array]:
    """Return the loss that chooses, and whether it or a step's was not finite."""
    rows = run.validation
    if rows is None:
        return state.loss_sum / state.weight_sum, state.bad
    watched = lax.cond(
        state.bad | (state.phase == DONE),
        lambda: jnp.full((), jnp.nan, state.rate.dtype),
        lambda: validation_loss(run, rows, state.now.params, state.validation_key),
    )
    before = state.epoch == BEFORE_TRAINING
    watched = jnp.where(before & ~jnp.isfinite(watched), jnp.inf, watched)
    return watched, ~(jnp.isfinite(watched) | before)


def _chosen(condition: Array, state: State, other: State) -> State:
    """Return one of two states; what both share is not touched."""

    def choose(leaf, of_other):
        return leaf if leaf is of_other else jnp.where(condition, leaf, of_other)

    return jax.tree.map(choose, state, other)


def _roll_back(state: State) -> State:
    """Return to the start of this epoch with a smaller step, three times at most."""
    failures = state.failures + 1
    given_up = failures >= MAX_FAILURES
    return state._replace(
        now=state.good,
        failures=failures,
        rate_scale=state.rate_scale * ROLLBACK_FACTOR,
        phase=jnp.where(given_up, DONE, state.phase),
        reason=jnp.where(given_up, BY_FAILURE, state.reason),
    )


def _close_epoch(run: Run, state: State, watched: Array) -> State:
    settings = run.settings
    epoch = state.epoch + 1
    lower = watched < state.best_loss
    keep = lower if run.keeps_best else jnp.asarray(True)
    best = jax.tree.map(lambda now, b: jnp.where(keep, now, b), state.now.params, state.best)
    # Patience starts with the first epoch, which always improves on nothing.
    fell = (watched < state.reference - settings.min_delta) & (epoch > 0)
    waited = jnp.where(fell | (epoch == 0), 0, state.waited + 1)
    state = state._replace(
        good=state.now,
        best=best,
        best_loss=jnp.where(lower, watched, state.best_loss),
        best_epoch=jnp.where(keep, epoch, state.best_epoch),
        reference=jnp.where(fell, watched, state.reference),
        waited=waited,
        epoch=epoch,
        record=_record(state, watched, epoch > 0),
    )
    out_of_patience = (state.phase == MAIN) & (waited >= settings.patience)
    if run.is_cosine:
        state = _chosen(out_of_patience, _start_annealing(run, state), state)
    annealed = (state.phase == ANNEAL) & (epoch >= state.anneal_from + state.anneal_epochs)
    out_of_epochs = epoch >= settings.max_epochs
    # A constant rate has nothing to run down: patience ends training at once.
    by_patience = (state.phase == ANNEAL) if run.is_cosine else out_of_patience
    done = (annealed if run.is_cosine else out_of_patience) | out_of_epochs
    by = jnp.where(by_patience, BY_PATIENCE, BY_EPOCHS)
    return state._replace(
        phase=jnp.where(done, DONE, state.phase), reason=jnp.where(done, by, state.reason)
    )


def _start_annealing(run: Run, state: State) -> State:
    """Go back to the best parameters, to run the learning rate down from where it is."""
    params = state.best if run.keeps_best else state.now.params
    point = Point(params, state.now.optimizer)
    epochs = jnp.ceil(ANNEAL_SHARE * state.epoch).astype(state.anneal_epochs.dtype)
    return state._replace(
        now=point,
        good=point,
        phase=jnp.asarray(ANNEAL, state.phase.dtype),
        anneal_from=state.epoch,
        anneal_epochs=epochs,
        anneal_rate=state.rate / state.rate_scale,
    )


def _record(state: State, watched: Array, counts: Array) -> Record:
    """Record an epoch where it counts: what stands behind the last one is written over later."""
    i = state.record.n_epochs
    return Record(
        i + counts.astype(i.dtype),
        state.record.train_loss.at[i].set(state.loss_sum / state.weight_sum),
        state.record.validation_loss.at[i].set(watched),
        state.record.learning_rate.at[i].set(state.rate),
    )
