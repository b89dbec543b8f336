"""Gaussian mixtures of many sizes, judged by held-out rows."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from fluvial.densities.classical.fitter import Fitter
from fluvial.densities.classical.merging import Rows
from fluvial.distributions import GaussianMixture
from fluvial.weights import mean, mean_and_deviation

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

TRIAL_STEPS, FINAL_STEPS = 15, 200
"""Steps of EM that tell sizes apart, and those that what was chosen may take to converge."""

Judged = tuple[Rows, Rows]
"""Rows to fit to, and rows that judge."""


@dataclass(frozen=True)
class Size:
    """What a Gaussian mixture is fitted with.

    Attributes:
        components: their number.
        ridge: what is added to the variances, as a share of the median column's.
        kind: "full" or "diag" covariances.
    """

    components: int
    ridge: float
    kind: str

    def cost(self, shape: tuple[int, ...]) -> int:
        """Return about how many multiplications a step of EM takes on rows of a shape (n, D)."""
        n, n_features = shape
        return n * self.components * n_features * (n_features if self.kind == "full" else 1)

    def fitted(self, rows: Rows, variance: float, seed: int) -> Any:
        """Return scikit-learn's mixture after a few steps; `variance` is the median column's."""
        return _fit(
            rows,
            n_components=self.components,
            covariance_type=self.kind,
            reg_covar=self.ridge * variance,
            max_iter=TRIAL_STEPS,
            random_state=seed,
        )


def one_gaussian(rows: Rows, seed: int) -> Any:
    """Return what serves where nothing judges."""
    return ONE_GAUSSIAN.fitted(rows, median_variance(rows), seed)


ONE_GAUSSIAN = Size(1, RIDGES[-1], "full")


def median_variance(rows: Rows) -> float:
    """Return the median of the columns' variances that are not zero; 1 where all are."""
    if rows.is_even:
        variances = rows.x.var(axis=0)
    else:
        variances = mean_and_deviation(rows.x, rows.weights)[1] ** 2
    return float(np.median(variances[variances > 0])) if (variances > 0).any() else 1.0


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
            starts = enumerate(zip(self._folds, self._variances, strict=True), self._seed)
            fits = [size.fitted(rows, variance, seed) for seed, ((rows, _), variance) in starts]
            judged = zip(fits, self._folds, strict=True)
            log_probs = np.concatenate([fit.score_samples(other.x) for fit, (_, other) in judged])
            score = float(mean(log_probs, self.weights))
            self._tried[size] = Candidate(size, tuple(fits), log_probs, score)
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


def continued(fitted: Any, rows: Rows) -> Any:
    """Fit on from where a mixture of scikit-learn is until it converges."""
    again = {
        "max_iter": FINAL_STEPS,
        "weights_init": fitted.weights_ / fitted.weights_.sum(),
        "means_init": fitted.means_,
        "precisions_init": fitted.precisions_,
    }
    return _fit(rows, **fitted.get_params() | again)


@contextmanager
def unconverged() -> Iterator[None]:
    """Let fits end before they converge, without a warning.

    Steps are bounded on purpose, and like rows may make fewer clusters than components. Filters of
    warnings belong to all threads: where fits run in another one, enter this around it as well.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Let the fits within take one thread each, and end before they converge.

    The matrices are small: more threads bring little alone and cost much beside other work.
    """
    with unconverged(), threadpool_limits(1):
        yield


def _fit(rows: Rows, **arguments: Any) -> Any:
    return Fitter(**arguments).fit_weighted(rows.x, None if rows.is_even else rows.weights)


def as_distribution(fits: Sequence[Any], shares: Sequence[float]) -> GaussianMixture:
    """Make one distribution of mixtures of scikit-learn, each with a share."""
    dtype = jnp.result_type(float)
    weights = [share * fit.weights_ for fit, share in zip(fits, shares, strict=True)]
    return GaussianMixture(
        np.concatenate(weights).astype(dtype),
        np.concatenate([fit.means_ for fit in fits]).astype(dtype),
        scale_trils=np.concatenate([_scale_trils(fit) for fit in fits]).astype(dtype),
    )


def _scale_trils(fitted: Any) -> np.ndarray:
    covariances = np.asarray(fitted.covariances_)
    if fitted.covariance_type == "diag":
        return np.stack([np.diag(deviations) for deviations in np.sqrt(covariances)])
    return np.linalg.cholesky(covariances)
