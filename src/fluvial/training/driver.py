"""Maximum likelihood."""

import time
from dataclasses import dataclass, field
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.errors import TrainingError
from fluvial.training.history import History
from fluvial.training.interrupt import Interrupt
from fluvial.training.program import MAX_FAILURES, Run, advance, start
from fluvial.training.progress import Progress, progress, say
from fluvial.training.rows import (
    VALIDATION_BLOCK,
    Table,
    checked_table,
    on_device,
    padded_size,
    split,
)
from fluvial.training.state import BY_EPOCHS, BY_FAILURE, BY_PATIENCE, DONE, NEVER, Settings, State
from fluvial.training.trainable import decayed, trainable

PATIENCE = 20
CLIP_NORM = 5.0
SEGMENT_SECONDS = 0.5
FAILURE = "failure"
REASONS = {BY_EPOCHS: "max_epochs", BY_PATIENCE: "patience", BY_FAILURE: FAILURE}


def fit(
    key: Array,
    flow: Any,
    X: ArrayLike,
    condition: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    batch_size: int = 256,
    max_epochs: int = 200,
    max_seconds: float | None = None,
    learning_rate: float = 1e-3,
    weight_decay: float = 1e-4,
    validation_fraction: float = 0.1,
    patience: int | None = None,
    min_delta: float = 0.0,
    show_progress: bool = True,
    validation_data: ArrayLike | tuple[ArrayLike, ArrayLike | None] | None = None,
) -> tuple[Any, History]:
    """Fit a flow to rows by maximum likelihood.

    AdamW with clipped gradient norm and a learning rate that falls as a cosine to zero over
    `max_epochs` (or over `max_seconds`, where that comes first). The parameters of the epoch with
    the lowest validation loss are returned. Training runs as one compiled program, in segments of
    at most about a second; a second call with the same architecture and similar row counts
    compiles nothing. A non-finite loss goes back to the start of the epoch with a smaller step.

    Args:
        key: a random key; the same key gives bit-equal results on one machine.
        flow: a flow, or any distribution with trainable leaves (see `trainable`).
        X: rows (n, *event_shape), finite.
        condition: (n, *condition_shape) where the flow declares one.
        sample_weight: (n,), not negative; the weight of each row in both losses.
        batch_size: rows a step; the last batch of an epoch is filled up with weight zero.
        max_epochs: passes over the training rows, at least 1.
        max_seconds: wall-time limit, compilation included, checked between segments. Where it
            binds, results depend on the speed of the machine.
        learning_rate: the highest learning rate.
        weight_decay: decoupled weight decay of the networks' weight matrices.
        validation_fraction: share of the rows held out, in [0, 1); at least one row where it is
            positive and there are two. With 0 the last parameters are returned.
        patience: epochs without a lower validation loss after which the best parameters are
            restored and annealed to a zero rate over a tenth of the epochs run. None: 20 with
            held-out rows, no early stop without. Without held-out rows it watches the training
            loss.
        min_delta: how much lower the loss must be to count for patience, in nats.
        show_progress: a bar on stderr on a terminal, a line at the start and the end elsewhere.
        validation_data: held-out rows, or a pair (rows, condition), in place of a share of `X`.

    Returns:
        The fitted flow, and its `History`.

    Raises:
        ShapeError: where shapes do not fit the flow or each other.
        DataError: where there are no rows or values that are not finite.
        TrainingError: where the loss is not finite for the third time.
        ValueError: where a setting is out of its range.

    Examples:
        >>> flow = fluvial.flows.maf(jax.random.key(0), n_features=2, n_layers=2)
        >>> X = numpy.random.default_rng(0).normal(size=(500, 2))
        >>> flow, history = fit(jax.random.key(1), flow, X, max_epochs=5)
        >>> len(history.train_loss)
        5
    """
    began = time.monotonic()
    _check_settings(batch_size, max_epochs, learning_rate, weight_decay, patience)
    filter_spec = trainable(flow)
    params, frozen = eqx.partition(flow, filter_spec)
    leaves = jax.tree.leaves(params)
    if not leaves:
        raise ValueError(f"{type(flow).__name__} has no trainable parameters")
    dtype = leaves[0].dtype
    table = checked_table(flow, X, condition, sample_weight, dtype)
    train, held_out = _held_out(key, flow, table, validation_fraction, validation_data)
    if patience is None:
        patience = NEVER if held_out is None else PATIENCE
    settings = _settings(
        dtype, learning_rate, weight_decay, CLIP_NORM, min_delta, max_epochs, patience
    )
    run = Run(
        frozen=frozen,
        decay=eqx.filter(decayed(flow), filter_spec),
        train=on_device(train, dtype),
        validation=None
        if held_out is None
        else on_device(held_out, dtype, multiple=VALIDATION_BLOCK),
        settings=settings,
        batch_size=min(batch_size, padded_size(len(train.x))),
    )
    bar = progress(
        show=show_progress,
        max_epochs=max_epochs,
        start=f"fitting {sum(leaf.size for leaf in leaves):,} parameters to {len(train.x):,} rows, "
        f"{0 if held_out is None else len(held_out.x):,} held out, "
        f"at most {max_epochs} epochs",
    )
    state = start(run, params, key)
    state, history = _drive(run, state, bar, began, max_seconds)
    return eqx.combine(state.best, frozen), history


def _drive(
    run: Run, state: State, bar: Progress, began: float, max_seconds: float | None
) -> tuple[State, History]:
    """Run segments of about `SEGMENT_SECONDS` until training ends; the first one compiles."""
    n_steps, log = 1, _Log()
    limit = float("inf") if max_seconds is None else max_seconds
    with Interrupt() as interrupt:
        while not log.reason:
            segment = time.monotonic()
            share = np.asarray((segment - began) / limit, state.rate.dtype)
            state = advance((run, np.asarray(n_steps, np.int32), share), state)
            log.read(state, bar, held_out=run.validation is not None)
            if log.segments > 1:
                n_steps = _next_steps(n_steps, time.monotonic() - segment)
            if not log.reason and interrupt.asked:
                log.reason = "interrupted"
            elif not log.reason and time.monotonic() - began > limit:
                log.reason = "max_seconds"
    return state, _finish(log, bar, time.monotonic() - began)


@dataclass
class _Log:
    """What the segments recorded."""

    train: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    reason: str = ""
    best_epoch: int = 0
    segments: int = 0

    def read(self, state: State, bar: Progress, *, held_out: bool) -> None:
        """Read what the last segment recorded, in one transfer."""
        record, phase, reason, best = jax.device_get(
            (state.record, state.phase, state.reason, state.best_epoch)
        )
        self.segments += 1
        self.train += record.train_loss[: record.count].tolist()
        self.rate += record.learning_rate[: record.count].tolist()
        if held_out:
            self.validation += record.validation_loss[: record.count].tolist()
        self.best_epoch = int(best)
        if phase == DONE:
            self.reason = REASONS[int(reason)]
        if self.train:
            bar.update(len(self.train), self.train[-1], (self.validation or [None])[-1])


def _finish(log: _Log, bar: Progress, seconds: float) -> History:
    """Say how training ended.

    Raises:
        TrainingError: where the loss was not finite too often.
    """
    if log.reason == FAILURE:
        message = (
            f"the loss was not finite in epoch {len(log.train) + 1}, {MAX_FAILURES} times with "
            "ever smaller steps; lower learning_rate, or look for extreme values in the data"
        )
        bar.finish(message)
        raise TrainingError(message)
    history = History(
        tuple(log.train),
        tuple(log.validation),
        tuple(log.rate),
        log.reason,
        log.best_epoch,
        seconds,
    )
    bar.finish(_last_line(history))
    if log.reason == "interrupted":
        say(f"interrupted: returning the best model so far, of epoch {history.best_epoch}")
    return history


def _next_steps(n_steps: int, elapsed: float) -> int:
    """Return the steps of the next segment; at most four times as many."""
    factor = SEGMENT_SECONDS / max(elapsed, 1e-6)
    return int(np.clip(n_steps * min(factor, 4.0), 1, NEVER))


def _last_line(history: History) -> str:
    line = f"{len(history.train_loss)} epochs in {history.seconds:.1f} s ({history.stop_reason})"
    if history.validation_loss and history.best_epoch:
        best = history.validation_loss[history.best_epoch - 1]
        line += f", held-out loss {best:.4f} nats a row at epoch {history.best_epoch}"
    elif history.train_loss:
        line += f", training loss {history.train_loss[-1]:.4f} nats a row"
    return line


def _held_out(
    key: Array, flow: Any, table: Table, fraction: float, validation_data
) -> tuple[Table, Table | None]:
    if validation_data is None:
        return split(key, table, fraction)
    rows, condition = (
        validation_data if isinstance(validation_data, tuple) else (validation_data, None)
    )
    return table, checked_table(flow, rows, condition, None, table.x.dtype)


def _settings(dtype, rate, decay, clip, min_delta, max_epochs, patience) -> Settings:
    # In NumPy: JAX compiles a program for each new scalar that it is handed.
    numbers = (np.asarray(value, dtype) for value in (rate, decay, clip, min_delta))
    counts = (np.asarray(value, np.int32) for value in (max_epochs, patience))
    return Settings(*numbers, *counts)


def _check_settings(batch_size, max_epochs, learning_rate, weight_decay, patience) -> None:
    counts = {"batch_size": batch_size, "max_epochs": max_epochs}
    if patience is not None:
        counts["patience"] = patience
    for name, value in counts.items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1, but is {value}")
    if not 0 < learning_rate < float("inf"):
        raise ValueError(f"learning_rate must be positive and finite, but is {learning_rate}")
    if not 0 <= weight_decay < float("inf"):
        raise ValueError(f"weight_decay must be finite and not negative, but is {weight_decay}")
