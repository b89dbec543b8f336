"""What a training run did."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class History:
    """The record of a training run, an entry an epoch.

    Attributes:
        train_loss: mean loss of the training rows, weighted by row, while the parameters moved; of
            `fit` the negative log-likelihood in nats. Without rows the mean loss of the steps.
        validation_loss: the same of the held-out rows at the end of each epoch; empty without
            held-out rows.
        learning_rate: learning rate at the end of each epoch.
        stop_reason: "max_epochs", "patience", "max_seconds" or "interrupted".
        best_epoch: the epoch (from 1) whose parameters were kept. 0 where the start is returned,
            untrained: no epoch ended in time, and `train_loss` is empty, or none had a lower
            validation loss than the start.
        seconds: wall time, compilation included; None where the model comes from a file, which does
            not tell it, so that the same fit gives the same file. Histories that differ in it
            alone are equal.
    """

    train_loss: tuple[float, ...]
    validation_loss: tuple[float, ...]
    learning_rate: tuple[float, ...]
    stop_reason: str
    best_epoch: int
    seconds: float | None = field(compare=False)
