"""Gaussian mixtures of one size: scikit-learn's, with weighted rows and all components at once."""

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from fluvial import distributions
from fluvial.densities.classical.merging import Rows
from fluvial.weights import mean_and_deviation

MOST_VALUES = 1_000_000
"""Numbers (components x rows x columns) that are computed at once."""

FEW_COLUMNS = 8
"""Columns up to which the products of their values are cheap to have for each row."""

SAFE_RIDGE = 1e-9
"""Ridge, as a share of the largest square of a value, from which covariances are mean products."""

TRIAL_STEPS, FINAL_STEPS = 15, 200
"""Steps of EM that tell sizes apart, and those that what was chosen may take to converge."""

Judged = tuple[Rows, Rows]
"""Rows to fit to, and rows that judge."""


class Fitter(GaussianMixture):
    """Expectation maximisation of `sum_i v_i log p(x_i)`, started by k-means.

    The responsibilities of a row count as often as the row weighs, which is all that weights
    change. Steps of full covariances take all components at once, where scikit-learn takes one
    after the other; few columns and many components are several times as fast so. Versions of
    scikit-learn differ in the keywords that they hand on.
    """

    _row_weights: np.ndarray | None = None

    def fit_weighted(self, rows: np.ndarray, weights: np.ndarray | None) -> "Fitter":
        """Fit it to rows (n, D) of positive weights (n,), None where all are equal."""
        self._row_weights = None if weights is None else weights / weights.mean()
        return self.fit(rows)

    def _initialize_parameters(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, X, random_state, **keywords: Any
    ) -> None:
        if self.means_init is not None or self._row_weights is None:
            super()._initialize_parameters(X, random_state, **keywords)
            return
        clusters: Any = KMeans(self.n_components, random_state=random_state)
        clusters.set_params(n_init=1)
        label = clusters.fit(X, sample_weight=self._row_weights).labels_
        responsibilities = np.zeros((len(X), self.n_components))
        responsibilities[np.arange(len(X)), label] = self._row_weights
        self._initialize(X, responsibilities, **keywords)

    def _e_step(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, X, **keywords: Any
    ) -> tuple[float, np.ndarray]:
        # The responsibilities, where scikit-learn hands their logarithms on to the next step.
        joint = self._estimate_log_prob(X) + np.log(self.weights_)
        highest = joint.max(axis=1)
        joint -= highest[:, None]
        shares = np.exp(joint, out=joint)
        total = shares.sum(axis=1)
        log_probs = highest + np.log(total)
        if self._row_weights is None:
            shares /= total[:, None]
            return float(log_probs.mean()), shares
        shares *= (self._row_weights / total)[:, None]
        return float(np.average(log_probs, weights=self._row_weights)), shares

    def _m_step(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, X, log_resp, **keywords: Any
    ) -> None:
        if self.covariance_type != "full":
            with np.errstate(divide="ignore"):
                super()._m_step(X, np.log(log_resp), **keywords)
            return
        shares = log_resp.T
        # As scikit-learn: a component without rows divides by a little more than zero.
        counts = shares.sum(axis=1) + 10 * np.finfo(shares.dtype).eps
        self.means_ = shares @ X / counts[:, None]
        self.covariances_ = self._covariances(X, shares, counts)
        self.precisions_cholesky_ = _inverse_factors(self.covariances_)
        self.weights_ = counts / counts.sum()

    def _covariances(self, X, shares: np.ndarray, counts: np.ndarray) -> np.ndarray:
        n, n_features = X.shape
        ridge = self.reg_covar * np.eye(n_features)
        if n_features <= FEW_COLUMNS and self.reg_covar > SAFE_RIDGE * np.max(X**2):
            # The mean square less the square of the mean loses digits that the ridge makes up for.
            squares = (X[:, :, None] * X[:, None]).reshape(n, -1)
            found = (shares @ squares / counts[:, None]).reshape(-1, n_features, n_features)
            return found - self.means_[:, :, None] * self.means_[:, None] + ridge
        found = np.empty((len(shares), *ridge.shape))
        for some in _blocks(len(shares), X.size):
            away = X - self.means_[some, None]
            weighted = shares[some, :, None] * away
            found[some] = weighted.transpose(0, 2, 1) @ away
        return found / counts[:, None, None] + ridge

    def _estimate_log_prob(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, X, **keywords: Any
    ) -> np.ndarray:
        if self.covariance_type != "full":
            return super()._estimate_log_prob(X, **keywords)
        n, n_features = X.shape
        factors = self.precisions_cholesky_
        distances = np.empty((n, len(factors)))
        for some in _blocks(len(factors), X.size):
            # One product for all: the factors' columns beside each other.
            flat = factors[some].transpose(1, 0, 2).reshape(n_features, -1)
            centres = (self.means_[some, None] @ factors[some]).reshape(-1)
            whitened = (X @ flat - centres).reshape(n, -1, n_features)
            distances[:, some] = np.einsum("nkd,nkd->nk", whitened, whitened)
        log_dets = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
        return log_dets - (distances + n_features * math.log(2 * math.pi)) / 2


def _blocks(n_components: int, values_of_each: int) -> Iterator[slice]:
    """Return components that are computed together."""
    size = max(MOST_VALUES // values_of_each, 1)
    for start in range(0, n_components, size):
        yield slice(start, start + size)


def _inverse_factors(covariances: np.ndarray) -> np.ndarray:
    """Return the upper triangular factors U (K, D, D) of the precisions, `U U^T`.

    Raises:
        ValueError: where a covariance is not positive definite.
    """
    try:
        lower = np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError:
        raise ValueError(
            "the covariance of a component is not positive definite; increase reg_covar"
        ) from None
    return np.tril(np.linalg.inv(lower)).transpose(0, 2, 1)


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
        fitter = Fitter(
            self.components,
            covariance_type=self.kind,
            reg_covar=self.ridge * variance,
            max_iter=TRIAL_STEPS,
            random_state=seed,
        )
        return fitter.fit_weighted(rows.x, rows.weights)

    def cross_fitted(
        self, folds: Sequence[Judged], variances: Sequence[float], seed: int
    ) -> tuple[tuple[Any, ...], np.ndarray]:
        """Return the mixture of each fold, and the log density (m,) of the rows that judge."""
        starts = enumerate(zip(folds, variances, strict=True), seed)
        fits = tuple(
            self.fitted(rows, variance, number) for number, ((rows, _), variance) in starts
        )
        judged = zip(fits, folds, strict=True)
        return fits, np.concatenate([fit.score_samples(other.x) for fit, (_, other) in judged])


def one_gaussian(rows: Rows, seed: int) -> Any:
    """Return what serves where nothing judges."""
    return ONE_GAUSSIAN.fitted(rows, median_variance(rows), seed)


ONE_GAUSSIAN = Size(1, 0.1, "full")
"""With the largest ridge of a search."""


def median_variance(rows: Rows) -> float:
    """Return the median of the columns' variances that are not zero; 1 where all are."""
    if rows.weights is None:
        variances = rows.x.var(axis=0)
    else:
        variances = mean_and_deviation(rows.x, rows.weights)[1] ** 2
    return float(np.median(variances[variances > 0])) if (variances > 0).any() else 1.0


def continued(fitted: Any, rows: Rows) -> Any:
    """Fit on from where a mixture of scikit-learn is until it converges."""
    again = {
        "max_iter": FINAL_STEPS,
        "weights_init": fitted.weights_ / fitted.weights_.sum(),
        "means_init": fitted.means_,
        "precisions_init": fitted.precisions_,
    }
    return Fitter(**fitted.get_params() | again).fit_weighted(rows.x, rows.weights)


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


def as_distribution(fits: Sequence[Any], shares: Sequence[float]) -> distributions.GaussianMixture:
    """Make one distribution of mixtures of scikit-learn, each with a share."""
    dtype = jnp.result_type(float)
    weights = [share * fit.weights_ for fit, share in zip(fits, shares, strict=True)]
    return distributions.GaussianMixture(
        np.concatenate(weights).astype(dtype),
        np.concatenate([fit.means_ for fit in fits]).astype(dtype),
        scale_trils=np.concatenate([_scale_trils(fit) for fit in fits]).astype(dtype),
    )


def _scale_trils(fitted: Any) -> np.ndarray:
    covariances = np.asarray(fitted.covariances_)
    if fitted.covariance_type == "diag":
        return np.stack([np.diag(deviations) for deviations in np.sqrt(covariances)])
    return np.linalg.cholesky(covariances)
