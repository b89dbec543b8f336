"""Ctrl-C while the density of a table is fitted: what was learned is kept, nothing is not."""

from collections.abc import Iterable

from fluvial.densities.table_density import TableDensity
from fluvial.errors import TrainingInterrupted
from fluvial.training import History
from fluvial.training.interrupt import Interrupt


def stop_if_asked(interrupt: Interrupt) -> None:
    """End a fit in which nothing has been learned yet.

    Raises:
        TrainingInterrupted: where Ctrl-C was pressed; it holds nothing.
    """
    if interrupt.asked:
        raise TrainingInterrupted("interrupted before training had begun; nothing was learned")


def stop_if_untrained(interrupt: Interrupt, histories: Iterable[History | None]) -> None:
    """End a fit whose flows have learned nothing by the time that Ctrl-C has ended training.

    An untrained flow is no model of the table, so it must not pass for one.

    Raises:
        TrainingInterrupted: where Ctrl-C was pressed before a flow had ended an epoch.
    """
    if interrupt.asked and not any(each.train_loss for each in histories if each is not None):
        raise TrainingInterrupted("interrupted before an epoch had ended; nothing was learned")


def interruption(density: TableDensity) -> TrainingInterrupted:
    """Return what ends a fit that was interrupted once something was learned."""
    epoch = density.history.best_epoch
    return TrainingInterrupted(
        f"training was interrupted; `flow` of this exception is fitted, to epoch {epoch}",
        density,
        density.history,
    )
