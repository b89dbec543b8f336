"""Gaussian mixtures of many sizes, judged by held-out rows."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from fluvial.densities.classical.fitter import Judged, Size, median_variance
from fluvial.densities.classical.merging import Rows
from fluvial.weights import mean

COMPONENTS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233)
"""Candidates for the number of components."""

RIDGES = (1e-6, 1e-4, 1e-2, 1e-1)
"""Candidates for what is added to the variances, as a share of the median column's."""

FINE_RIDGES = (1e-8, 1e-10, 1e-12)
"""Further ones, tried in turn while the finest so far is the best: one column may hold groups a
millionth as wide as itself."""

LEAST_GAIN = 0.01
"""Nats a row that a finer ridge must gain: less is the chance of single rows."""

USUAL_RIDGE = 1e-4
"""The ridge with which sizes are compared first, unless a smaller one is better."""

PATIENCE = 3
"""Larger sizes in a row without a gain after which the search ends."""

MAX_REFINED = 21
"""Components up to which the sizes between the candidates are tried around the best one."""

MAX_COST = 1e9
"""Multiplications of a step of EM beyond which no larger size is tried."""


@dataclass(frozen=True)
class Candidate:
    """A size with its mixtures of all folds.

    Attributes:
        size: what they were fitted with.
        fits: scikit-learn's mixture of each fold.
        log_probs: log density (m,) of the folds' held-out rows, one fold after the other.
        score: the mean of these log densities.
    """

    size: Size
    fits: tuple[Any, ...]
    log_probs: np.ndarray
    score: float


class _LateError(Exception):
    """Ends a search."""


class Search:
    """A search for the best size, one for all folds.

    Args:
        folds: rows to fit to, and rows that judge.
        max_components: no more than these are tried.
        seed: of the starts.
        is_late: once this is true, nothing more is tried.

    Attributes:
        weights: of the judging rows, one fold after the other, (m,); None where all are equal.
    """

    def __init__(
        self,
        folds: Sequence[Judged],
        max_components: int,
        seed: int,
        is_late: Callable[[], bool] = lambda: False,
    ):
        self._folds, self._seed, self._is_late = folds, seed, is_late
        self._fewest = min((rows.x for rows, _ in folds), key=len)
        self._variances = [median_variance(rows) for rows, _ in folds]
        self.weights = _weights_of_all([judges for _, judges in folds])
        self._largest = min(max_components, len(self._fewest) // 2)
        self._tried: dict[Size, Candidate] = {}

    def run(self) -> list[Candidate]:
        """Return all candidates that were tried, the best one first.

        Of each kind a ridge for one component is sought, then the size, then the ridge and the size
        again: one wide component hardly feels a ridge that blurs many narrow ones, and many
        components of few rows may need a larger one.
        """
        with suppress(_LateError):
            for kind in ("full", "diag") if self._fewest.shape[1] > 1 else ("full",):
                first = self._best_ridge(1, kind)
                best = self._larger(1, min(first.size.ridge, USUAL_RIDGE), kind)
                again = self._best_ridge(best.size.components, kind)
                if again.size.ridge != best.size.ridge:
                    best = self._larger(again.size.components, again.size.ridge, kind)
                self._nearby(best)
        return sorted(self._tried.values(), key=lambda candidate: -candidate.score)

    def _candidate(self, components: int, ridge: float, kind: str) -> Candidate:
        """Fit a mixture to each fold, once.

        Raises:
            _LateError: where it is too late to try another one.
        """
        size = Size(components, ridge, kind)
        if size not in self._tried:
            if self._tried and self._is_late():
                raise _LateError
            fits, log_probs = size.cross_fitted(self._folds, self._variances, self._seed)
            score = float(mean(log_probs, self.weights))
            self._tried[size] = Candidate(size, fits, log_probs, score)
        return self._tried[size]

    def _best_ridge(self, components: int, kind: str) -> Candidate:
        tried = [self._candidate(components, ridge, kind) for ridge in RIDGES]
        best = max(tried, key=lambda candidate: candidate.score)
        for ridge in FINE_RIDGES if best is tried[0] and components > 1 else ():
            finer = self._candidate(components, ridge, kind)
            if finer.score <= best.score + LEAST_GAIN:
                break
            best = finer
        return best

    def _larger(self, components: int, ridge: float, kind: str) -> Candidate:
        """Return the best of a size and larger ones, until three in turn bring nothing."""
        best, without_gain = self._candidate(components, ridge, kind), 0
        for larger in COMPONENTS:
            if larger <= components:
                continue
            if larger > self._limit(kind) or without_gain == PATIENCE:
                break
            candidate = self._candidate(larger, ridge, kind)
            without_gain += 1
            if candidate.score > best.score:
                best, without_gain = candidate, 0
        return best

    def _limit(self, kind: str) -> int:
        """Return the largest size that may be tried."""
        return min(self._largest, int(MAX_COST / Size(1, 0.0, kind).cost(self._fewest.shape)))

    def _nearby(self, best: Candidate) -> None:
        """Try sizes between the best and those beside it, ever closer to the best."""
        ridge, kind = best.size.ridge, best.size.kind
        if not 1 < best.size.components <= MAX_REFINED:
            return
        place = COMPONENTS.index(best.size.components)
        low, high = COMPONENTS[place - 1], COMPONENTS[place + 1]
        high = min(high, self._limit(kind) + 1)
        while True:
            size = best.size.components
            sizes = {(low + size) // 2, (size + high + 1) // 2} - {low, size, high}
            if not sizes:
                return
            tried = [self._candidate(each, ridge, kind) for each in sorted(sizes)]
            found = max(tried, key=lambda candidate: candidate.score)
            if found.score <= best.score:
                low, high = (low + size) // 2, (size + high + 1) // 2
            else:
                low, high = (low, size) if found.size.components < size else (size, high)
                best = found


def _weights_of_all(judges: Sequence[Rows]) -> np.ndarray | None:
    """Return the weights of the judging rows of all folds; None where all are equal."""
    if all(rows.weights is None for rows in judges):
        return None
    ones = [np.ones(len(rows.x)) if rows.weights is None else rows.weights for rows in judges]
    return np.concatenate(ones)
