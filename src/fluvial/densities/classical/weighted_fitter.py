"""scikit-learn's Gaussian mixture with weighted rows."""

from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture


class WeightedGaussianMixture(GaussianMixture):
    """Expectation maximisation of `sum_i v_i log p(x_i)`, started by weighted k-means.

    The responsibilities of a row count as often as the row weighs, which is all that changes.
    Versions of scikit-learn differ in the keywords that they hand on.
    """

    def fit_weighted(self, rows: np.ndarray, weights: np.ndarray) -> "WeightedGaussianMixture":
        """Fit it to rows (n, D) of weights (n,), positive."""
        self._row_weights = weights / weights.mean()
        return self.fit(rows)

    def _initialize_parameters(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, X, random_state, **keywords: Any
    ) -> None:
        if self.means_init is not None:
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
    ) -> tuple[np.float64, np.ndarray]:
        log_probs, log_responsibilities = self._estimate_log_prob_resp(X, **keywords)
        counted = log_responsibilities + np.log(self._row_weights)[:, None]
        return np.average(log_probs, weights=self._row_weights), counted
