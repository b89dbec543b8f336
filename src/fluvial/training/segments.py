"""The loop around the compiled program: segments, what they record, and how training ends."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fluvial.errors import TrainingError
from fluvial.training.history import History
from fluvial.training.interrupt import Interrupt
from fluvial.training.program import MAX_FAILURES
from fluvial.training.progress import Progress, say
from fluvial.training.state import BY_EPOCHS, BY_FAILURE, BY_PATIENCE, DONE, NEVER, State

SEGMENT_SECONDS = 0.5
FAILURE = "failure"
REASONS = {BY_EPOCHS: "max_epochs", BY_PATIENCE: "patience", BY_FAILURE: FAILURE}


@dataclass(frozen=True)
class Task:
    """What the segments are to do.

    Attributes:
        advance: takes steps; of the number of them, the used share of the time limit, the state.
        told: reads what the last segment recorded of each member.
        n_members: how many there are.
        held_out: whether there are held-out rows.
        began: when training began, on the monotonic clock.
        max_seconds: the time limit, or None.
    """

    advance: Callable[[int, float, Any], Any]
    told: Callable[[Any], list[tuple[Any, ...]]]
    n_members: int
    held_out: bool
    began: float
    max_seconds: float | None


def drive(task: Task, state: Any, bar: Progress) -> tuple[Any, list[History]]:
    """Run segments of about `SEGMENT_SECONDS` until training ends; the first one compiles.

    Returns:
        The last state, and a history for each member.

    Raises:
        TrainingError: where the loss of a member was not finite too often.
    """
    n_steps, n_segments = 1, 0
    logs = [_Log() for _ in range(task.n_members)]
    limit = float("inf") if task.max_seconds is None else task.max_seconds
    reason = ""
    with Interrupt() as interrupt:
        # Only who hears Ctrl-C first says so, not each of several fits.
        is_heard = interrupt.is_outermost
        while not reason and not _ended(logs):
            segment = time.monotonic()
            state = task.advance(n_steps, (segment - task.began) / limit, state)
            for log, told in zip(logs, task.told(state), strict=True):
                log.read(*told, held_out=task.held_out)
            _show(bar, logs)
            n_segments += 1
            if n_segments > 1:
                n_steps = _next_steps(n_steps, time.monotonic() - segment)
            if interrupt.asked:
                reason = "interrupted"
            elif time.monotonic() - task.began > limit:
                reason = "max_seconds"
    for log in logs:
        log.reason = log.reason or reason
    histories = _finished(logs, bar, time.monotonic() - task.began)
    if is_heard and histories[0].stop_reason == "interrupted":
        best = " and ".join(sorted({str(history.best_epoch) for history in histories}))
        say(f"interrupted: returning the best model so far, of epoch {best}")
    return state, histories


@dataclass
class _Log:
    """What the segments recorded of one member."""

    train: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    reason: str = ""
    best_epoch: int = 0

    def read(self, record: Any, phase: Any, reason: Any, best: Any, *, held_out: bool) -> None:
        """Add what the last segment recorded; nothing once the member has ended."""
        if self.reason:
            return
        self.train += record.train_loss[: record.count].tolist()
        self.rate += record.learning_rate[: record.count].tolist()
        if held_out:
            self.validation += record.validation_loss[: record.count].tolist()
        self.best_epoch = int(best)
        if phase == DONE:
            self.reason = REASONS[int(reason)]

    def history(self, seconds: float) -> History:
        """Return it as a history."""
        losses = tuple(self.train), tuple(self.validation)
        return History(*losses, tuple(self.rate), self.reason, self.best_epoch, seconds)


def traced(n_steps: int, time_share: float, state: State) -> tuple[np.ndarray, np.ndarray]:
    """Return what `Task.advance` gets besides the state, as the compiled program takes it."""
    return np.asarray(n_steps, np.int32), np.asarray(time_share, state.rate.dtype)


def recorded(state: State) -> tuple[Any, ...]:
    """Return what a segment has recorded, still on the device."""
    return state.record, state.phase, state.reason, state.best_epoch


def _ended(logs: Sequence[_Log]) -> bool:
    """Whether all members have ended, or one has failed."""
    reasons = [log.reason for log in logs]
    return all(reasons) or FAILURE in reasons


def _show(bar: Progress, logs: Sequence[_Log]) -> None:
    """Show the mean over members, at the epoch of the one that has come farthest."""
    if all(log.train for log in logs):
        held_out = [log.validation[-1] for log in logs if log.validation]
        bar.update(
            max(len(log.train) for log in logs),
            float(np.mean([log.train[-1] for log in logs])),
            float(np.mean(held_out)) if held_out else None,
        )


def _next_steps(n_steps: int, elapsed: float) -> int:
    """Return the steps of the next segment; at most four times as many."""
    factor = SEGMENT_SECONDS / max(elapsed, 1e-6)
    return int(np.clip(n_steps * min(factor, 4.0), 1, NEVER))


def _finished(logs: Sequence[_Log], bar: Progress, seconds: float) -> list[History]:
    """Say how training ended.

    Raises:
        TrainingError: where the loss was not finite too often.
    """
    for number, log in enumerate(logs):
        if log.reason == FAILURE:
            whose = f" of member {number}" if len(logs) > 1 else ""
            message = (
                f"the loss{whose} was not finite in epoch {len(log.train) + 1}, {MAX_FAILURES} "
                "times with ever smaller steps; lower learning_rate, or look for extreme values "
                "in the data"
            )
            bar.finish(message)
            raise TrainingError(message)
    histories = [log.history(seconds) for log in logs]
    bar.finish(_last_line(histories))
    return histories


def _last_line(histories: Sequence[History]) -> str:
    longest = max(histories, key=lambda history: len(history.train_loss))
    line = f"{len(longest.train_loss)} epochs in {longest.seconds:.1f} s ({longest.stop_reason})"
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
