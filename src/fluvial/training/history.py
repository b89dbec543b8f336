"""What a training run did."""

from dataclasses import dataclass


@dataclass(frozen=True)
class History:
    """The record of a training run, an entry an epoch.

    Attributes:
        train_loss: mean negative log-likelihood of the training rows, in nats, weighted by row,
            while the parameters moved.
        validation_loss: the same of the held-out rows at the end of each epoch; empty without
            held-out rows.
        learning_rate: learning rate at the end of each epoch.
        stop_reason: "max_epochs", "patience", "max_seconds" or "interrupted".
        best_epoch: the epoch (from 1) whose parameters were kept; 0 for the start.
        seconds: wall time, compilation included.
    """

    train_loss: tuple[float, ...]
    validation_loss: tuple[float, ...]
    learning_rate: tuple[float, ...]
    stop_reason: str
    best_epoch: int
    seconds: float
