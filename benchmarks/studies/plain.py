"""One flow of a recipe on standardised columns, as an introduction would fit it."""

import math
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from fluvial import flows
from fluvial.densities import evaluation
from fluvial.training import History, fit

HELD_OUT = 0.1
"""Share of the rows that choose the epoch."""


@dataclass(frozen=True)
class Plain:
    """A fitted flow, in the units of the columns.

    Attributes:
        flow: of standardised rows.
        mean: (D,) of the columns.
        deviation: (D,) standard deviations of the columns.
        history: of training.
    """

    flow: Any
    mean: np.ndarray
    deviation: np.ndarray
    history: History

    def log_prob(self, rows: np.ndarray) -> np.ndarray:
        """Return the log density (n,) of rows (n, D)."""
        scaled = ((rows - self.mean) / self.deviation).astype(np.float32)
        return evaluation.log_prob(self.flow, scaled) - np.log(self.deviation).sum()

    def sample(self, n: int, random_state: int = 0) -> np.ndarray:
        """Draw rows (n, D)."""
        drawn = evaluation.sample(self.flow, n, seed=random_state, dtype=np.dtype(np.float32))
        return drawn * self.deviation + self.mean


def fit_plain(
    recipe: str,
    rows: np.ndarray,
    *,
    steps: int | None = None,
    epochs: int | None = None,
    batch_size: int = 256,
    learning_rate: float = 1e-3,
    seed: int = 0,
    **arguments: Any,
) -> Plain:
    """Fit a flow by maximum likelihood for so many steps or epochs; the best epoch counts.

    Args:
        recipe: a function of `fluvial.flows`.
        rows: (n, D).
        steps: of training, rounded up to whole epochs; None where epochs are given.
        epochs: passes over nine tenths of the rows; None where steps are given.
        batch_size: rows a step.
        learning_rate: the highest, which falls to zero as a cosine.
        seed: of the start and the order.
        **arguments: of the recipe.

    Raises:
        ValueError: unless either steps or epochs are given.
    """
    if (steps is None) == (epochs is None):
        raise ValueError("give either steps or epochs")
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    key, start = jax.random.split(jax.random.key(seed))
    flow = getattr(flows, recipe)(start, n_features=rows.shape[1], **arguments)
    if epochs is None:
        epochs = epochs_of(steps or 1, len(rows), batch_size)
    flow, history = fit(
        key,
        flow,
        (rows - mean) / deviation,
        batch_size=batch_size,
        max_epochs=epochs,
        learning_rate=learning_rate,
        validation_fraction=HELD_OUT,
        patience=epochs,
        show_progress=False,
    )
    return Plain(flow, mean, deviation, history)


def epochs_of(steps: int, n_rows: int, batch_size: int) -> int:
    """Return the epochs of at least so many steps, a share of the rows being held out."""
    a_step = math.ceil((1 - HELD_OUT) * n_rows / batch_size)
    return math.ceil(steps / a_step)
