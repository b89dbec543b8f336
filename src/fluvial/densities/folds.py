"""Which rows a density is fitted to, and which ones judge it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fluvial.densities.effort import EFFORTS
from fluvial.densities.held_out import fold_numbers, held_out_rows
from fluvial.densities.hyperparameters import AUTO, Hyperparameters
from fluvial.densities.time_budget import flows_within
from fluvial.training.options import HeldOut

MIN_JUDGES = 100
"""Held-out rows below which the members of a mixture are cross-fitted."""

MIN_ROWS_FOR_FOLDS = 12
"""Rows below which nothing is held out from a mixture."""

MIN_ROWS_FOR_HALF = 200
"""Rows from which there are twice as many folds as fits, so that half of the rows judge."""


class Fold(NamedTuple):
    """Places of rows in a table.

    Attributes:
        training: of those to fit to, in order.
        held_out: of those that choose and judge, in order.
    """

    training: np.ndarray
    held_out: np.ndarray


class FoldRows(NamedTuple):
    """The scaled rows of a fold.

    Attributes:
        training: (n, D), to fit to.
        held_out: (m, D), which choose and weight, with the noise of rounded columns as those that
            are trained on; None where there are none.
        plain: the same rows (m, D) without the noise, as they are scored later; None where there is
            no noise.
        weights: of the rows to fit to, (n,); None where all are equal.
        held_out_weights: of the others, (m,), likewise.
        condition: of the rows to fit to, (n, C), standardised; None where there is none.
        held_out_condition: of the others, (m, C), likewise.
    """

    training: np.ndarray
    held_out: np.ndarray | None
    plain: np.ndarray | None = None
    weights: np.ndarray | None = None
    held_out_weights: np.ndarray | None = None
    condition: np.ndarray | None = None
    held_out_condition: np.ndarray | None = None

    @property
    def judges(self) -> HeldOut | None:
        """The held-out rows as training takes them, with their conditions and weights."""
        given, weights = self.held_out_condition, self.held_out_weights
        if self.held_out is None or (given is None and weights is None):
            return self.held_out
        return self.held_out, given, weights

    @property
    def condition_arguments(self) -> dict[str, Any]:
        """What a recipe is told of the condition; nothing where there is none."""
        if self.condition is None:
            return {}
        return {"condition_shape": self.condition.shape[1:]}


def folds_of(
    hyperparameters: Hyperparameters,
    matrix: np.ndarray,
    rng: np.random.RandomState,
    weights: np.ndarray | None = None,
) -> list[Fold]:
    """Return the folds that a density is fitted to: one, or with "auto" and few rows several.

    Cross-fits let every row be fitted to, and yet judge with rows that a fit has not seen. Where
    there is no time for a flow, there is none for them, unless nothing else could judge.

    Args:
        hyperparameters: of the density.
        matrix: (n, D).
        rng: draws the rows.
        weights: of the rows, (n,), of mean one; None where all are equal.
    """
    held_out = held_out_rows(matrix, hyperparameters.validation_fraction, rng, weights)
    training = np.delete(np.arange(len(matrix)), held_out)
    if hyperparameters.flow != AUTO:  # one fit, so that it is quick
        return [Fold(training, held_out)]
    effort = EFFORTS[hyperparameters.effort]
    has_time = flows_within(hyperparameters.max_seconds, len(effort.flows)) > 0
    most = effort.max_rows_for_folds if has_time else 0
    if len(held_out) >= MIN_JUDGES and len(training) > most:
        return [Fold(training, held_out)]
    if len(matrix) < MIN_ROWS_FOR_FOLDS:
        return [Fold(np.arange(len(matrix)), np.empty(0, np.int64))]
    # Smaller folds leave more rows to fit to; where rows are very few, all of them must judge.
    n_folds = effort.n_folds * (2 if len(matrix) >= MIN_ROWS_FOR_HALF else 1)
    number = fold_numbers(matrix, n_folds, rng, weights)
    return [
        Fold(np.flatnonzero(number != fold), np.flatnonzero(number == fold))
        for fold in range(effort.n_folds)
    ]


def held_out_weights(folds: Sequence[FoldRows]) -> np.ndarray | None:
    """Return the weights of the rows that folds hold out, one fold after the other.

    None where all are equal.
    """
    weights = [fold.held_out_weights for fold in folds if fold.held_out_weights is not None]
    return np.concatenate(weights) if weights else None


def training_rows(folds: Sequence[Fold]) -> np.ndarray:
    """Return the places of all rows that some fold is fitted to, in order."""
    return np.unique(np.concatenate([fold.training for fold in folds]))
