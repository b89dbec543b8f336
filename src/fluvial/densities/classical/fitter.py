"""scikit-learn's Gaussian mixture with weighted rows, and all components computed at once."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

MOST_VALUES = 1_000_000
"""Numbers (components x rows x columns) that are computed at once."""

FEW_COLUMNS = 8
"""Columns up to which the products of their values are cheap to have for each row."""

SAFE_RIDGE = 1e-9
"""Ridge, as a share of the largest square of a value, from which covariances are mean products."""


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
