"""The loop in which every peer's flow is trained: shuffled batches, a clock, the best epoch."""

import time
from typing import Any, Protocol

import numpy as np

LARGE_BATCH, SMALL_BATCH = 256, 64
FEW_ROWS = 5_000
"""With fewer rows batches are small."""

PATIENCE = 30
"""Epochs without a better held-out loss after which training ends."""

FEWEST_STEPS = 500
"""It does not end before, whatever the epochs: small tables have few steps in an epoch."""


class Trainee(Protocol):
    """A flow and its optimizer, in any library."""

    def step(self, batch: np.ndarray, spent: float) -> None:
        """Take one training step; `spent` is the share of the time that has passed."""
        ...

    def validation_loss(self) -> float:
        """Return the mean negative log density of the validation rows."""
        ...

    def keep(self) -> None:
        """Remember the parameters."""
        ...

    def restore(self) -> None:
        """Return to the parameters that were remembered last."""
        ...


def train(trainee: Trainee, rows: np.ndarray, *, seconds: float, seed: int) -> dict[str, Any]:
    """Train until the time is over or the held-out loss falls no more; keep the best epoch.

    The clock is the processor time of the process, which has one thread: a busy or paused machine
    takes nothing from a method. It starts after the first step, which may compile.

    Args:
        trainee: what is trained.
        rows: (n, D) float32 training rows.
        seconds: limit of the time.
        seed: of the order of the rows.

    Returns:
        Why training ended, and its epochs and steps.

    Raises:
        FloatingPointError: where no epoch has a finite loss.
    """
    rng = np.random.default_rng(seed)
    size = min(LARGE_BATCH if len(rows) >= FEW_ROWS else SMALL_BATCH, len(rows))
    trainee.step(rows[:size], 0.0)
    start = time.process_time()
    best, best_epoch, epoch, steps = np.inf, 0, 0, 1
    reason = ""
    while not reason:
        epoch += 1
        order = rng.permutation(len(rows))
        # The last batch is left out where it is smaller: another shape would compile again.
        for batch in order[: len(rows) // size * size].reshape(-1, size):
            spent = (time.process_time() - start) / seconds
            if spent >= 1:
                reason = "time"
                break
            trainee.step(rows[batch], spent)
            steps += 1
        loss = trainee.validation_loss()
        if loss < best:
            best, best_epoch = loss, epoch
            trainee.keep()
        elif not np.isfinite(loss):
            reason = "diverged"
        elif epoch - best_epoch >= PATIENCE and steps >= FEWEST_STEPS:
            reason = "patience"
    if not np.isfinite(best):
        raise FloatingPointError("no epoch has a finite held-out loss")
    trainee.restore()
    return {"stop": reason, "epochs": epoch, "best_epoch": best_epoch, "steps": steps}
