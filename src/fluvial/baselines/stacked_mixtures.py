"""Gaussian mixtures of several sizes, weighted on held-out rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fluvial.baselines.gaussian_mixture import FINAL_COST, MAX_ROWS
from fluvial.baselines.mixture_search import (
    COMPONENTS,
    ONE_GAUSSIAN,
    Candidate,
    Search,
    as_distribution,
    continued,
)
from fluvial.distributions import GaussianMixture
from fluvial.training import stack

STARTS, STARTS_COST = 5, 2e7
"""A size is fitted to the rows of all folds from so many starts, if their steps take no more."""


class StackedMixtures:
    """Gaussian mixtures of many sizes and ridges, full and diagonal, stacked.

    Which size is best, is to a good part the chance of the rows that choose. All sizes that a
    search has tried are weighted instead, on the held-out rows of all folds; those of at least 1 %
    stay.

    Args:
        folds: scaled rows (n, D) to fit to, and (m, D) that judge; with None in place of these it
            is one Gaussian.
        rng: draws rows and starts.

    References:
        Smyth and Wolpert 1998, Stacked density estimation, section 3.
    """

    def __init__(
        self, folds: Sequence[tuple[np.ndarray, np.ndarray | None]], rng: np.random.RandomState
    ):
        seed = int(rng.randint(np.iinfo(np.int32).max))
        self._seeds = rng.randint(np.iinfo(np.int32).max, size=STARTS).tolist()
        shuffled = [np.asarray(rows, np.float64)[rng.permutation(len(rows))] for rows, _ in folds]
        few = [rows[: MAX_ROWS // 2] for rows in shuffled]
        self._rows = shuffled[0]
        self._n_folds = len(folds)
        judges = [np.asarray(rows[:MAX_ROWS], np.float64) for _, rows in folds if rows is not None]
        if len(judges) < len(folds):
            fits = tuple(ONE_GAUSSIAN.fitted(rows, seed) for rows in few)
            self._kept = [(Candidate(ONE_GAUSSIAN, fits, np.zeros(0)), 1.0)]
            return
        candidates = Search(list(zip(few, judges, strict=True)), COMPONENTS[-1], seed).run()
        weights = stack(np.stack([each.log_probs for each in candidates], axis=1))
        self._kept = [pair for pair in zip(candidates, weights.tolist(), strict=True) if pair[1]]
        self._judge = judges[0]

    def of_fold(self, number: int) -> GaussianMixture:
        """Return the mixture that was fitted to the rows of one fold."""
        fits = [candidate.fits[number] for candidate, _ in self._kept]
        return as_distribution(fits, [weight for _, weight in self._kept])

    def of_all(self, rows: np.ndarray) -> GaussianMixture:
        """Return the mixture of all folds, given their rows (n, D).

        It is the mean of those of the folds and of new fits to all rows: the first are safe, the
        second know more rows. Of a single fold, fits go on until they converge, with as many rows
        as can be afforded.
        """
        rows = np.asarray(rows, np.float64)
        fits, shares = [], []
        for candidate, weight in self._kept:
            if self._n_folds == 1:
                found, of_each = [self._converged(candidate, weight)], [1.0]
            else:
                found, of_each = self._again(candidate, rows)
            fits += found
            shares += [weight * share for share in of_each]
        return as_distribution(fits, shares)

    def _again(self, candidate: Candidate, rows: np.ndarray) -> tuple[list[Any], list[float]]:
        """Return fits to the folds and new ones to all rows, with their shares."""
        number = min(STARTS, int(STARTS_COST / candidate.size.cost(rows.shape)))
        new = [continued(candidate.size.fitted(rows, seed), rows) for seed in self._seeds[:number]]
        old = list(candidate.fits)
        half = 0.5 if new else 0.0
        shares = [(1 - half) / len(old)] * len(old) + [half / max(len(new), 1)] * len(new)
        return old + new, shares

    def _converged(self, candidate: Candidate, weight: float) -> Any:
        (fitted,) = candidate.fits
        each = candidate.size.cost((1, self._rows.shape[1]))
        n = int(weight * FINAL_COST / each)
        if not len(candidate.log_probs) or n < min(len(self._rows), MAX_ROWS // 2):
            return fitted
        longer = continued(fitted, self._rows[:n])
        return longer if longer.score(self._judge) > candidate.score else fitted
