"""The loop around the compiled one: segments, what they record, and how training ends."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Array

from fluvial.errors import ModelFileError, TrainingError, TrainingInterrupted
from fluvial.parallel import threads
from fluvial.training.compiled_loop import MAX_FAILURES, advance
from fluvial.training.history import History
from fluvial.training.interrupt import Interrupt
from fluvial.training.layout import Blocks
from fluvial.training.log import FAILURE, Log
from fluvial.training.progress import Progress
from fluvial.training.run import Run, optimizer
from fluvial.training.snapshots import Snapshots, restored, snapshot
from fluvial.training.state import NEVER, State, first_state, joint, on_device

SEGMENT_SECONDS = 0.5
"""Seconds that a segment is to take: so often training looks at the time and at Ctrl-C."""

TIMED_STEPS = 4
"""Steps of the second segment, after one of a single step, which compiles."""

Start = tuple[Blocks, Array]
"""Parameters and a random key."""


@dataclass(frozen=True)
class Group:
    """Members that are trained in one program.

    Attributes:
        run: what does not change.
        axes: which of its arrays have an axis of members; None for one member, without such axes.
        size: how many members there are.
    """

    run: Run
    axes: Run | None = None
    size: int = 1

    @property
    def rows_are_shared(self) -> bool:
        """Whether the rows to train on have no axis of members."""
        return self.axes is None or self.axes.train is None

    def members(self, tree: Any) -> list[Any]:
        """Return what arrays, all with an axis of members where there is one, hold of each."""
        if self.axes is None:
            return [tree]
        return [jax.tree.map(lambda leaf, i=i: leaf[i], tree) for i in range(self.size)]


def train(
    groups: Sequence[Group],
    starts: Sequence[Sequence[Start]],
    *,
    began: float,
    max_seconds: float | None,
    bar: Progress,
    snapshots: Snapshots | None = None,
) -> tuple[list[Any], list[History], bool]:
    """Train groups of members side by side, in segments of about `SEGMENT_SECONDS`.

    Args:
        groups: of one structure, so that one compilation serves them all.
        starts: the parameters and the random key of each member of each group.
        began: when training began, on the monotonic clock.
        max_seconds: the time limit; None or infinity for none.
        bar: is told how training goes.
        snapshots: where those of a single member are kept; training goes on from the last one.

    Returns:
        The best parameters of each member in NumPy, and its history, and whether Ctrl-C was
        pressed and nobody outside hears it.

    Raises:
        ModelFileError: where the last snapshot is not of this training.
        TrainingError: where the loss of a member was not finite too often.
    """
    with Interrupt() as interrupt:
        is_mine = interrupt.is_outermost
        states = [_start(*each) for each in zip(groups, starts, strict=True)]
        limit = float("inf") if max_seconds is None else max_seconds
        states, logs = _resumed(groups, states, snapshots)
        states = _until_the_end(groups, states, logs, began, limit, bar, interrupt, snapshots)
        histories = _finished(logs, bar, time.monotonic() - began)
        best = []
        for group, state in zip(groups, states, strict=True):
            best += group.members(jax.device_get(state.best))
    return best, histories, is_mine and interrupt.asked


def _start(group: Group, starts: Sequence[Start]) -> State:
    """Return the state before the first step of the members of a group."""
    run = group.run
    n_rows = 0 if run.train is None else run.train.x.shape[0 if group.rows_are_shared else 1]
    states = [
        first_state(key, params, _optimizer_state(run, params), n_rows, run.steps_per_epoch)
        for params, key in starts
    ]
    return on_device(states[0] if group.axes is None else joint(states))


def _optimizer_state(run: Run, params: Blocks) -> Any:
    """Return where the optimizer starts: the user's knows the leaves, ours the blocks."""
    if run.optimizer is None:
        return optimizer(run).init(params)
    return run.optimizer.init(jax.device_put(run.layout.tree(params)))


def interruption(flow: Any, history: Any) -> TrainingInterrupted:
    """Return what is raised where Ctrl-C has ended training.

    Args:
        flow: the best model so far, or those of an ensemble.
        history: its history, or theirs.
    """
    histories = history if isinstance(history, list) else [history]
    epochs = " and ".join(sorted({str(each.best_epoch) for each in histories}))
    message = f"training was interrupted; `flow` of this exception has the best epoch, {epochs}"
    return TrainingInterrupted(message, flow, history)


def _resumed(
    groups: Sequence[Group], states: list[State], snapshots: Snapshots | None
) -> tuple[list[State], list[Log]]:
    """Return the states to go on from, and what was recorded of each member until then."""
    arrays = None if snapshots is None else snapshots.load()
    if snapshots is None or arrays is None:
        return states, [Log() for group in groups for _ in range(group.size)]
    try:
        state, log = restored(arrays, states[0])
    except ModelFileError as error:
        raise ModelFileError(f"{snapshots.where}: {error}") from None
    return [state], [log]


def _until_the_end(
    groups: Sequence[Group],
    states: list[State],
    logs: Sequence[Log],
    began: float,
    limit: float,
    bar: Progress,
    interrupt: Interrupt,
    snapshots: Snapshots | None,
) -> list[State]:
    n_steps, n_segments = 1, 0
    has_held_out = groups[0].run.validation is not None
    reason = ""
    with threads() as pool:
        while not reason and not _ended(logs):
            if interrupt.asked:  # before the first segment, too, which compiles
                reason = "interrupted"
                break
            segment = time.monotonic()
            # The first segment compiles: in turn, so that all groups share one compilation. A
            # thread of its own is of no use to a single group.
            mapped = pool.map if n_segments and len(groups) > 1 else map
            one = partial(_advanced, n_steps, (segment - began) / limit)
            states = list(mapped(one, groups, states))
            for log, recorded in zip(logs, _recorded(groups, states), strict=True):
                log.read(*recorded, held_out=has_held_out)
            _show(bar, logs)
            if snapshots is not None and not _ended(logs) and snapshots.is_due():
                snapshots.save(snapshot(states[0], logs[0]))
            n_segments += 1
            if n_segments == 1:
                n_steps = TIMED_STEPS
            else:
                n_steps = _next_steps(n_steps, time.monotonic() - segment)
            if not interrupt.asked and time.monotonic() - began > limit:
                reason = "max_seconds"
    for log in logs:
        log.reason = log.reason or reason
    return states


def _advanced(n_steps: int, time_share: float, group: Group, state: State) -> State:
    # In NumPy: JAX compiles a program for each new scalar that it is handed.
    traced = np.asarray(n_steps, np.int32), np.asarray(time_share, state.rate.dtype)
    return advance((group.run, group.axes, *traced), state)


def _recorded(groups: Sequence[Group], states: Sequence[State]) -> list[tuple[Any, ...]]:
    """Return what the last segment recorded of each member."""
    of_groups = jax.device_get([(s.record, s.phase, s.reason, s.best_epoch) for s in states])
    return [
        member
        for group, recorded in zip(groups, of_groups, strict=True)
        for member in group.members(recorded)
    ]


def _ended(logs: Sequence[Log]) -> bool:
    """Whether all members have ended, or one has failed."""
    reasons = [log.reason for log in logs]
    return all(reasons) or FAILURE in reasons


def _show(bar: Progress, logs: Sequence[Log]) -> None:
    """Show the mean over members, at the epoch of the one that has come farthest."""
    if all(log.train for log in logs):
        held_out = [log.validation[-1] for log in logs if log.validation]
        bar.update(
            max(len(log.train) for log in logs),
            float(np.mean([log.train[-1] for log in logs])),
            float(np.mean(held_out)) if held_out else None,
        )


def _next_steps(n_steps: int, elapsed: float) -> int:
    """Return the steps of the next segment; at most sixteen times as many."""
    factor = SEGMENT_SECONDS / max(elapsed, 1e-6)
    return int(np.clip(n_steps * min(factor, 16.0), 1, NEVER))


def _finished(logs: Sequence[Log], bar: Progress, seconds: float) -> list[History]:
    """Say how training ended.

    Raises:
        TrainingError: where the loss was not finite too often.
    """
    for number, log in enumerate(logs):
        if log.reason == FAILURE:
            whose = f" of member {number}" if len(logs) > 1 else ""
            bar.finish("")
            raise TrainingError(
                f"the loss{whose} was not finite in epoch {len(log.train) + 1}, {MAX_FAILURES} "
                "times with ever smaller steps; lower learning_rate, or look for extreme values "
                "in the data"
            )
    histories = [log.history(seconds) for log in logs]
    bar.finish(_last_line(histories))
    return histories


def _last_line(histories: Sequence[History]) -> str:
    longest = max(histories, key=lambda history: len(history.train_loss))
    line = f"{len(longest.train_loss)} epochs in {longest.seconds:.1f} s ({longest.stop_reason})"
    if not any(history.best_epoch for history in histories):
        return line + "; no epoch ended with a lower loss, and the start is returned"
    held_out = [
        (history.validation_loss[history.best_epoch - 1], history.best_epoch)
        for history in histories
        if history.validation_loss and history.best_epoch
    ]
    if held_out:
        loss, epoch = min(held_out)
        line += f", held-out loss {loss:.4f} nats a row at epoch {epoch}"
        return line + (f", the best of {len(histories)}" if len(histories) > 1 else "")
    if longest.train_loss:
        line += f", training loss {longest.train_loss[-1]:.4f} nats a row"
    return line
