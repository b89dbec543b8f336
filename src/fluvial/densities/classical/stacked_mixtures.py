"""Gaussian mixtures of several sizes, weighted on held-out rows."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fluvial.densities.classical.fitter import (
    ONE_GAUSSIAN,
    as_distribution,
    continued,
    median_variance,
    one_gaussian,
    one_thread,
)
from fluvial.densities.classical.gaussian_mixture import FINAL_COST, MAX_ROWS
from fluvial.densities.classical.merging import Rows
from fluvial.densities.classical.mixture_search import COMPONENTS, Candidate, Search
from fluvial.densities.folds import FoldRows
from fluvial.distributions import GaussianMixture
from fluvial.training import stack

STARTS, STARTS_COST = 5, 4e7
"""Starts from which the size of most weight is fitted to the rows of all folds, and the
multiplications that a step of all of them may take; sizes of less weight have fewer starts."""


class StackedMixtures:
    """Gaussian mixtures of many sizes and ridges, full and diagonal, stacked.

    Which size is best is to a good part the chance of the rows that choose. All sizes that a search
    has tried are weighted instead, on the held-out rows of all folds; those of at least 1 % stay.

    Args:
        folds: scaled rows (n, D) to fit to, and (m, D) that judge; with None in place of these it
            is one Gaussian.
        rows: (N, D) scaled rows of all folds.
        weights: (N,) theirs; None where all are equal.
        rng: draws rows and starts.
        is_late: once this is true, no further size is tried, and fits are left as they are.

    Attributes:
        of_folds: for each fold the mixture that was fitted to its rows.
        of_all: the mixture of all rows. Of several folds it is the mean of theirs and of new fits
            to all rows: the first are safe, the second know more rows. Of a single fold, fits go on
            until they converge, with as many rows as can be afforded.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(200, 2))
        >>> fold = FoldRows(rows[:160], rows[160:])
        >>> mixtures = StackedMixtures([fold], rows, np.random.RandomState(0))
        >>> mixtures.of_all.event_shape
        (2,)

    References:
        Smyth and Wolpert 1998, Stacked density estimation, section 3.
    """

    of_folds: list[GaussianMixture]
    of_all: GaussianMixture

    def __init__(
        self,
        folds: Sequence[FoldRows],
        rows: np.ndarray,
        rng: np.random.RandomState,
        is_late: Callable[[], bool] = lambda: False,
        weights: np.ndarray | None = None,
    ):
        self._is_late = is_late
        with one_thread():
            self.of_folds, self.of_all = self._fitted(folds, rows, rng, weights)

    def _fitted(
        self,
        folds: Sequence[FoldRows],
        rows: np.ndarray,
        rng: np.random.RandomState,
        weights: np.ndarray | None,
    ) -> tuple[list[GaussianMixture], GaussianMixture]:
        seed, *self._seeds = rng.randint(np.iinfo(np.int32).max, size=1 + STARTS).tolist()
        self._rows = _shuffled(rows, weights, rng)
        few = [
            _shuffled(fold.training, fold.weights, rng).take(slice(MAX_ROWS // 2)) for fold in folds
        ]
        judges = [
            _different(fold.held_out, fold.held_out_weights).take(slice(MAX_ROWS))
            for fold in folds
            if fold.held_out is not None
        ]
        if len(judges) == len(folds):
            pairs = list(zip(few, judges, strict=True))
            kept = _weighted(Search(pairs, COMPONENTS[-1], seed, self._is_late))
        else:
            fits = tuple(one_gaussian(each, seed) for each in few)
            kept = [(Candidate(ONE_GAUSSIAN, fits, np.zeros(0), np.nan), 1.0)]
        of_kept = [weight for _, weight in kept]
        of_folds = [
            as_distribution([candidate.fits[number] for candidate, _ in kept], of_kept)
            for number in range(len(folds))
        ]
        fits, shares, most = [], [], max(of_kept)
        for candidate, weight in kept:
            if len(folds) == 1:
                found, of_each = [self._converged(candidate, weight, judges)], [1.0]
            else:
                found, of_each = self._again(candidate, weight / most)
            fits += found
            shares += [weight * share for share in of_each]
        return of_folds, as_distribution(fits, shares)

    def _again(self, candidate: Candidate, effort: float) -> tuple[list[Any], list[float]]:
        """Return fits to the folds and new ones to all rows, with their shares."""
        rows = self._rows.take(slice(MAX_ROWS))
        number = min(STARTS, int(effort * STARTS_COST / candidate.size.cost(rows.x.shape)))
        seeds = (seed for seed in self._seeds[:number] if not self._is_late())
        variance = median_variance(rows)
        new = [continued(candidate.size.fitted(rows, variance, seed), rows) for seed in seeds]
        old = list(candidate.fits)
        half = 0.5 if new else 0.0
        shares = [(1 - half) / len(old)] * len(old) + [half / max(len(new), 1)] * len(new)
        return old + new, shares

    def _converged(self, candidate: Candidate, weight: float, judges: Sequence[Rows]) -> Any:
        """Return the fit to the only fold, or what it becomes with more rows and steps."""
        (fitted,) = candidate.fits
        rows = self._rows.x
        n = int(weight * FINAL_COST / candidate.size.cost((1, rows.shape[1])))
        if not judges or n < min(len(rows), MAX_ROWS // 2) or self._is_late():
            return fitted
        longer = continued(fitted, self._rows.take(slice(n)))
        score = judges[0].mean(longer.score_samples(judges[0].x))
        return longer if score > candidate.score else fitted


def _different(rows: np.ndarray, weights: np.ndarray | None) -> Rows:
    return Rows.merged(np.asarray(rows, np.float64), weights)


def _shuffled(rows: np.ndarray, weights: np.ndarray | None, rng: np.random.RandomState) -> Rows:
    different = _different(rows, weights)
    return different.take(rng.permutation(len(different.x)))


def _weighted(search: Search) -> list[tuple[Candidate, float]]:
    """Return the candidates of a search that get a weight, and their weights."""
    candidates = search.run()
    log_probs = np.stack([each.log_probs for each in candidates], axis=1)
    weights = stack(log_probs, sample_weight=search.weights).tolist()
    return [pair for pair in zip(candidates, weights, strict=True) if pair[1]]
