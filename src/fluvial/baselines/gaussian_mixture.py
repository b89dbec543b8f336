"""Gaussian mixtures with a held-out number of components."""

import warnings
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Fitter
from sklearn.utils import check_random_state
from threadpoolctl import threadpool_limits

from fluvial.distributions import GaussianMixture

COMPONENTS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144)
RIDGES = (1e-6, 1e-4, 1e-2, 1e-1)
"""Candidates for what is added to the variances, as a share of the median column's."""

USUAL_RIDGE = 1e-4
PATIENCE = 2

NEARBY_UP_TO = 21
"""Around a best size of at most so many, the sizes between the candidates are tried, too."""

MAX_ROWS = 20_000
MAX_COST = 1e9
"""No larger size is tried once a step of EM takes more multiplications than this."""

FINAL_COST = 3e8
"""The last fit takes more than `MAX_ROWS` rows as long as a step of EM takes no more than this."""

STARTS, STARTS_COST = 5, 5e7
"""A chosen size is fitted from so many starts, fewer where their steps take more together."""

TRIAL_STEPS, FINAL_STEPS = 15, 200
"""Few steps tell sizes apart; the chosen one goes on to convergence."""


def fit_gaussian_mixture(
    X_train: np.ndarray,
    X_held_out: np.ndarray | None = None,
    *,
    random_state: int | np.random.RandomState | None = None,
    max_components: int = COMPONENTS[-1],
    max_rows: int | None = None,
) -> GaussianMixture:
    """Fit a Gaussian mixture whose size is chosen by the likelihood of held-out rows.

    1, 2, 3, 5 ... 144 components (Fibonacci) are tried, until two in turn bring nothing, with a
    ridge of at most 1e-4 of the median column's variance; then ridges from 1e-6 to 1e-1 at the
    best size, and, where another one is better, larger sizes with it. Full covariances and diagonal
    ones are searched in this way. With many columns the search ends at the size where a step of
    expectation maximisation takes 1e9 multiplications.

    Args:
        X_train: (n, D) scaled rows, n at least 2.
        X_held_out: (m, D) rows that choose. None: one component with the largest ridge.
        random_state: seeds the draw and the starts.
        max_components: no more than these are tried.
        max_rows: no more than these, drawn at random, serve the last fit, and half of them the
            search. None: 20,000, and more in the last fit where a step takes at most 3e8
            multiplications.

    Returns:
        The mixture, in the default float type, with nothing trainable.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(400, 2))
        >>> fit_gaussian_mixture(rows[:300], rows[300:], random_state=0).event_shape
        (2,)
    """
    settings = {"max_components": max_components, "max_rows": max_rows}
    return choose_gaussian_mixture(X_train, X_held_out, random_state=random_state, **settings)[0]


@dataclass(frozen=True)
class Choice:
    """A size of a Gaussian mixture that held-out rows have chosen.

    Attributes:
        size: number of components.
        ridge: what is added to the variances, as a share of the median column's.
        kind: "full" or "diag" covariances.
        seed: of the start.
    """

    size: int
    ridge: float
    kind: str
    seed: int

    def fit(self, X: np.ndarray) -> GaussianMixture:
        """Fit a mixture of this size to rows (n, D)."""
        rows = np.asarray(X, np.float64)
        fitted = _fit(rows, self.size, self.ridge, self.kind, self.seed)
        return _as_distribution(_continued(fitted, rows))

    def others(self, X: np.ndarray) -> list[GaussianMixture]:
        """Fit more mixtures of this size to rows (n, D), from other starts, if it is cheap.

        Starts find different clusters: their mean is closer to the truth than one of them.
        """
        n, n_features = np.shape(X)
        step = n * self.size * _cost(n_features, self.kind)
        number = min(STARTS, max(int(STARTS_COST / step), 1)) if self.size > 1 else 1
        seeds = np.random.RandomState(self.seed).randint(np.iinfo(np.int32).max, size=number - 1)
        return [replace(self, seed=int(seed)).fit(X) for seed in seeds]


def choose_gaussian_mixture(
    X_train: np.ndarray,
    X_held_out: np.ndarray | None = None,
    *,
    random_state: int | np.random.RandomState | None = None,
    max_components: int = COMPONENTS[-1],
    max_rows: int | None = None,
) -> tuple[GaussianMixture, Choice]:
    """Fit as `fit_gaussian_mixture` does, and tell the size that was chosen."""
    rng = check_random_state(random_state)
    rows = np.asarray(X_train, np.float64)
    rows = rows[rng.permutation(len(rows))]
    seed = int(rng.randint(np.iinfo(np.int32).max))
    most = MAX_ROWS if max_rows is None else max_rows
    if X_held_out is None or not len(X_held_out):
        choice = Choice(1, RIDGES[-1], "full", seed)
        return choice.fit(rows[:most]), choice
    held_out = np.asarray(X_held_out, np.float64)[:most]
    few = rows[: max(most // 2, 2)]
    best = _choose(few, held_out, max_components, seed)
    choice = Choice(best.n_components, best.ridge, best.covariance_type, seed)
    if max_rows is None:
        most = max(most, int(FINAL_COST / (choice.size * _cost(rows.shape[1], choice.kind))))
    converged = _continued(best, rows[:most])
    if converged.score(held_out) > best.score(held_out):
        best = converged
    return _as_distribution(best), choice


def _cost(n_features: int, kind: str) -> int:
    """Return about how many multiplications a step of EM takes, a row and component."""
    return n_features * (n_features if kind == "full" else 1)


def _choose(rows: np.ndarray, held_out: np.ndarray, max_components: int, seed: int) -> Any:
    search = _Search(rows, held_out, max_components, seed)
    kinds = ("full", "diag") if rows.shape[1] > 1 else ("full",)
    return max((search.of_kind(kind) for kind in kinds), key=search.score)


class _Search:
    """Mixtures of the same rows, with their held-out scores."""

    def __init__(self, rows: np.ndarray, held_out: np.ndarray, max_components: int, seed: int):
        self._rows, self._held_out, self._seed = rows, held_out, seed
        self._largest = min(max_components, len(rows) // 2)
        self._scores: dict[int, float] = {}
        self._fits: dict[tuple[int, float, str], Any] = {}

    def of_kind(self, kind: str) -> Any:
        """Return the best of one kind: a ridge for one component, sizes, the ridge and sizes again.

        One wide component hardly feels a ridge that blurs many narrow ones, and many components of
        few rows may need a larger one.
        """
        single = max((self.fitted(1, ridge, kind) for ridge in RIDGES), key=self.score)
        best = self.larger(single, min(single.ridge, USUAL_RIDGE))
        again = max((self.like(best, ridge) for ridge in RIDGES), key=self.score)
        if again.ridge != best.ridge:
            best = self.larger(again, again.ridge)
        return max((single, self.nearby(best)), key=self.score)

    def fitted(self, size: int, ridge: float, kind: str) -> Any:
        """Fit a mixture, once."""
        key = size, ridge, kind
        if key not in self._fits:
            self._fits[key] = _fit(self._rows, size, ridge, kind, self._seed)
        return self._fits[key]

    def like(self, mixture: Any, ridge: float) -> Any:
        """Fit a mixture of the same size and kind with a ridge."""
        return self.fitted(mixture.n_components, ridge, mixture.covariance_type)

    def score(self, mixture: Any) -> float:
        """Return the mean log density of the held-out rows."""
        if id(mixture) not in self._scores:
            self._scores[id(mixture)] = mixture.score(self._held_out)
        return self._scores[id(mixture)]

    def larger(self, first: Any, ridge: float) -> Any:
        """Return the best of a mixture and larger ones, until two in turn bring nothing."""
        best, without_gain = self.like(first, ridge), 0
        kind = first.covariance_type
        for size in COMPONENTS:
            if size <= first.n_components:
                continue
            if size > self._limit(kind) or without_gain == PATIENCE:
                break
            mixture = self.fitted(size, ridge, kind)
            without_gain += 1
            if self.score(mixture) > self.score(best):
                best, without_gain = mixture, 0
        return best

    def _limit(self, kind: str) -> int:
        """Return the largest size that may be tried."""
        n, n_features = self._rows.shape
        return min(self._largest, int(MAX_COST / (n * _cost(n_features, kind))))

    def nearby(self, best: Any) -> Any:
        """Return the best of a mixture and those of sizes between it and the sizes tried so far."""
        if not 1 < best.n_components <= NEARBY_UP_TO:
            return best
        place = COMPONENTS.index(best.n_components)
        low, high = COMPONENTS[place - 1], COMPONENTS[place + 1]
        high = min(high, self._limit(best.covariance_type) + 1)
        while True:
            size = best.n_components
            sizes = {(low + size) // 2, (size + high + 1) // 2} - {low, size, high}
            if not sizes:
                return best
            found = max(
                (self.fitted(each, best.ridge, best.covariance_type) for each in sorted(sizes)),
                key=self.score,
            )
            if self.score(found) <= self.score(best):
                low, high = (low + size) // 2, (size + high + 1) // 2
            else:
                low, high = (low, size) if found.n_components < size else (size, high)
                best = found


class _Fitter(Fitter):
    """scikit-learn's mixture, which knows the ridge relative to the rows that it was given."""

    ridge = RIDGES[0]


def _fit(rows: np.ndarray, size: int, ridge: float, kind: str, seed: int) -> _Fitter:
    variances = rows.var(axis=0)
    typical = float(np.median(variances[variances > 0])) if (variances > 0).any() else 1.0
    fitter = _Fitter(
        size,
        covariance_type=kind,
        reg_covar=ridge * typical,
        max_iter=TRIAL_STEPS,
        random_state=seed,
    )
    fitter.ridge = ridge
    return _fitted(fitter, rows)


def _continued(best: Any, rows: np.ndarray) -> Any:
    """Fit on from where the search ended, with more rows."""
    again: Any = clone(best)
    fitter = again.set_params(
        max_iter=FINAL_STEPS,
        weights_init=best.weights_ / best.weights_.sum(),
        means_init=best.means_,
        precisions_init=best.precisions_,
    )
    return _fitted(fitter, rows)


def _fitted(fitter, rows: np.ndarray):
    # The matrices are small: more threads bring little alone and cost much beside other work.
    with warnings.catch_warnings(), threadpool_limits(1):
        # Steps are bounded on purpose, and like rows may make fewer clusters than components.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return fitter.fit(rows)


def _as_distribution(fitted: Any) -> GaussianMixture:
    covariances = np.asarray(fitted.covariances_)
    if fitted.covariance_type == "diag":
        covariances = np.stack([np.diag(variances) for variances in covariances])
    dtype = jnp.result_type(float)
    return GaussianMixture(
        fitted.weights_.astype(dtype),
        fitted.means_.astype(dtype),
        scale_trils=np.linalg.cholesky(covariances).astype(dtype),
    )
