"""How the losses fell in training."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from fluvial.plots._style import BLUE, GREY, VERMILION, axes_or_new


def training_history(history: Any, *, ax: Axes | None = None) -> Axes:
    """Draw the losses of every epoch, and which epoch was kept.

    Args:
        history: a `History` of `fluvial.training`, a fitted estimator that has one, or a list of
            losses, one an epoch.
        ax: the axes to draw on; None makes a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: where there are no losses.

    Examples:
        >>> training_history([3.0, 2.0, 1.5]).get_xlabel()
        'epoch'
    """
    history = getattr(history, "history_", history)
    is_list = isinstance(history, (Sequence, np.ndarray))
    train = np.asarray(history if is_list else history.train_loss, np.float64)
    if not train.size:
        raise ValueError("the history holds no losses: not one epoch had ended")
    axes = axes_or_new(ax)
    epochs = np.arange(1, len(train) + 1)
    axes.plot(epochs, train, color=BLUE, label="training")
    if not is_list:
        held_out = np.asarray(history.validation_loss, np.float64)
        if held_out.size:
            axes.plot(epochs[: len(held_out)], held_out, color=VERMILION, label="held out")
        if history.best_epoch:
            axes.axvline(history.best_epoch, color=GREY, linestyle=":", label="epoch kept")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss (nats a row)")
    axes.legend(frameon=False)
    return axes
