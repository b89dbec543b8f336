"""The losses of a step and of the held-out rows, as the compiled loop takes them."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from fluvial.bijectors.compose import written_out
from fluvial.errors import ShapeError
from fluvial.training.layout import Blocks
from fluvial.training.objective import Batch
from fluvial.training.rows import VALIDATION_BLOCK, PaddedRows
from fluvial.training.run import Run
from fluvial.training.state import OBJECTIVE, State

MAX_WRITTEN_OUT = 5
"""Layers that are written out in a long training: more take longer to compile than they gain."""


def loss_of_step(run: Run, state: State) -> tuple[Callable[[Any], Array], Array, Array]:
    """Return this step's loss by the trained leaves, what it weighs and what a full one weighs."""
    key = jax.random.fold_in(jax.random.fold_in(state.key, OBJECTIVE), state.step)
    if run.train is None:
        one = jnp.ones((), run.dtype)

        def mean_loss(params):
            losses = run.objective(_model(run, params), None, key)
            return jnp.mean(losses.astype(run.dtype))

        return mean_loss, one, one
    # A smaller last batch takes a smaller step, so that rows count alike.
    full = jnp.minimum(run.batch_size, run.train.n).astype(run.dtype)
    batch, weight = _batch(run, run.train, state)
    return (
        lambda params: _weighted_loss(run, params, batch, weight, key) / full,
        jnp.sum(weight),
        full,
    )


def validation_loss(run: Run, rows: PaddedRows, params: Blocks, key: Array) -> Array:
    """Return the weighted mean loss of all held-out rows, block by block."""
    leaves = run.layout.tree(params)

    def block(i, total):
        def of_block(array):
            return lax.dynamic_slice_in_dim(array, i * VALIDATION_BLOCK, VALIDATION_BLOCK)

        condition = None if rows.condition is None else of_block(rows.condition)
        batch = Batch(of_block(rows.x), condition)
        of_batch = jax.random.fold_in(key, i)
        return total + _weighted_loss(run, leaves, batch, of_block(rows.weight), of_batch)

    n_blocks = -(-rows.n // VALIDATION_BLOCK)
    total = lax.fori_loop(0, n_blocks, block, jnp.zeros((), rows.weight.dtype))
    return total / jnp.sum(rows.weight)


def _model(run: Run, params: Any) -> Any:
    model = eqx.combine(params, run.frozen)
    return model if run.is_short else written_out(model, MAX_WRITTEN_OUT)


def _batch(run: Run, rows: PaddedRows, state: State) -> tuple[Batch, Array]:
    """Return the rows of this step and their weights; what fills up the last batch weighs zero."""
    position = state.step * run.batch_size + jnp.arange(run.batch_size, dtype=jnp.int32)
    index = state.order[position % rows.n]
    weight = jnp.where(position < rows.n, rows.weight[index], 0)
    condition = None if rows.condition is None else rows.condition[index]
    return Batch(rows.x[index], condition), weight


def _weighted_loss(run: Run, params: Any, batch: Batch, weight: Array, key: Array) -> Array:
    """Return the weighted sum of the losses of rows."""
    losses = run.objective(_model(run, params), batch, key)
    if losses.shape != weight.shape:
        raise ShapeError(
            f"an objective must return a loss for each row, of shape {weight.shape}, but returned "
            f"{losses.shape}"
        )
    # A row of no weight must not spoil the sum.
    return jnp.sum(jnp.where(weight > 0, weight * losses.astype(weight.dtype), 0))
