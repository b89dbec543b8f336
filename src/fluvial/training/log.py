"""What the segments of training recorded of one member."""

from dataclasses import dataclass, field
from typing import Any

from fluvial.training.history import History
from fluvial.training.state import BY_EPOCHS, BY_FAILURE, BY_PATIENCE, DONE

FAILURE = "failure"
REASONS = {BY_EPOCHS: "max_epochs", BY_PATIENCE: "patience", BY_FAILURE: FAILURE}


@dataclass
class Log:
    """What the segments recorded of one member, an entry an epoch."""

    train: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    reason: str = ""
    best_epoch: int = 0

    def read(self, record: Any, phase: Any, reason: Any, best: Any, *, held_out: bool) -> None:
        """Add what the last segment recorded; nothing once the member has ended."""
        if self.reason:
            return
        self.train += record.train_loss[: record.n_epochs].tolist()
        self.rate += record.learning_rate[: record.n_epochs].tolist()
        if held_out:
            self.validation += record.validation_loss[: record.n_epochs].tolist()
        self.best_epoch = int(best)
        if phase == DONE:
            self.reason = REASONS[int(reason)]

    def history(self, seconds: float) -> History:
        """Return it as a history."""
        losses = tuple(self.train), tuple(self.validation)
        return History(*losses, tuple(self.rate), self.reason, self.best_epoch, seconds)
