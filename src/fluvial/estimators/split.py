"""Which rows a density is fitted to, and which ones judge it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fluvial.estimators import settings
from fluvial.estimators.clock import flows_within
from fluvial.estimators.held_out import fold_numbers, held_out_rows

ENOUGH_HELD_OUT = 100
"""With fewer held-out rows the members of a mixture are cross-fitted."""

FEWEST_FOR_FOLDS = 12

ENOUGH_FOR_HALF = 200
"""With so many rows there are twice as many folds as fits, and half of the rows weight."""


class Fold(NamedTuple):
    """Places of rows in a table.

    Attributes:
        training: of those to fit to, in order.
        held_out: of those that choose and judge, in order.
    """

    training: np.ndarray
    held_out: np.ndarray


def split(model: Any, matrix: np.ndarray, rng: np.random.RandomState) -> list[Fold]:
    """Return the folds that an estimator fits: one, or with "auto" and few rows several.

    Cross-fits let every row be fitted to, and yet judge with rows that a fit has not seen. Where
    there is no time for a flow, there is none for them, unless nothing else could judge.

    Args:
        model: a `FlowDensity`, for its hyper-parameters.
        matrix: (n, D).
        rng: draws the rows.
    """
    held_out = held_out_rows(matrix, model.validation_fraction, rng)
    training = np.delete(np.arange(len(matrix)), held_out)
    if model.flow != settings.AUTO:
        return [Fold(training, held_out)]
    effort = settings.EFFORTS[model.effort]
    most = effort.fold_up_to if flows_within(model.max_seconds, len(effort.flows)) else 0
    if len(held_out) >= ENOUGH_HELD_OUT and len(training) > most:
        return [Fold(training, held_out)]
    if len(matrix) < FEWEST_FOR_FOLDS:
        return [Fold(np.arange(len(matrix)), np.empty(0, np.int64))]
    # Smaller folds leave more rows to fit to; where rows are very few, all must weight.
    n_folds = effort.n_folds * (2 if len(matrix) >= ENOUGH_FOR_HALF else 1)
    number = fold_numbers(matrix, n_folds, rng)
    return [
        Fold(np.flatnonzero(number != fold), np.flatnonzero(number == fold))
        for fold in range(effort.n_folds)
    ]


def training_rows(folds: Sequence[Fold]) -> np.ndarray:
    """Return the places of all rows that some fold is fitted to, in order."""
    return np.unique(np.concatenate([fold.training for fold in folds]))
