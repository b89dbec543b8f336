"""The density of a sample against that of a reference."""

import os
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from fluvial.anomaly.over_density import LEAST_SAMPLE, find_bumps
from fluvial.artifacts import ModelFile
from fluvial.densities.hyperparameters import CLASSICAL
from fluvial.estimators.density import FlowDensity
from fluvial.estimators.parameters import stored_parameters
from fluvial.estimators.writing import SaveMixin, write_estimator
from fluvial.tables.source import Source

BUMPS = "bumps."
"""What the names of a model file's arrays start with that hold the bumps."""


class DensityRatio(SaveMixin, BaseEstimator):
    """Log density of a sample against a reference sample: where there is more than there should be.

    The density of the reference is fitted first. The sample's is that density and Gaussian bumps
    on it, as many as rows that were held out ask for, so that a narrow bump of few rows on a smooth
    background is found where two densities of their own would blur it.

    Parameters
    ----------
    flow : str, default="classical"
        The reference's density; see `FlowDensity`.
    random_state : int, RandomState instance or None, default=None
        Determines what is held out and drawn; the same number gives bit-equal results on the same
        machine.

    Attributes
    ----------
    reference_ : FlowDensity
        The density of the reference.
    bumps_ : fluvial.anomaly.over_density.Bumps
        The bumps, in the units of `reference_.scaler_`; their `weights` are shares of the sample.

    See Also
    --------
    fluvial.load : Reads what `save` wrote.
    FlowAnomalyDetector : Flags rows that do not belong.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> reference, sample = rng.normal(size=(2, 2000, 2))
    >>> sample[:100] = 1 + 0.05 * rng.normal(size=(100, 2))
    >>> ratio = DensityRatio(random_state=0).fit(sample, reference)
    >>> bool(ratio.score_samples([[1.0, 1.0]])[0] > 2)
    True
    """

    def __init__(self, flow=CLASSICAL, random_state=None):
        self.flow = flow
        self.random_state = random_state

    def fit(self, X, reference):
        """Learn the density of a reference, and where a sample differs from it.

        Parameters
        ----------
        X : array or pandas, polars or pyarrow table of shape (n_samples, n_features)
            The sample: finite numbers.
        reference : array or table of shape (n_reference, n_features)
            Rows with the same columns, of the background alone.

        Returns
        -------
        self : DensityRatio
            The fitted estimator.

        Raises
        ------
        DataError, ShapeError
            As `FlowDensity.fit`, for fewer than three rows, and where the columns of the two
            differ.
        """
        Source.of(X).check_rows(LEAST_SAMPLE)
        rng = check_random_state(self.random_state)
        seed = int(rng.randint(np.iinfo(np.int32).max))
        density = FlowDensity(flow=self.flow, random_state=seed).fit(reference)
        own = type(self).__name__
        rows = density.schema_.align(X, owner=own)
        scaled, log_density = _scaled(density, rows)
        behind, _ = _scaled(density, density.schema_.align(reference, owner=own))
        self.bumps_ = find_bumps(scaled, log_density, behind, rng)
        self.reference_ = density
        return self

    def score_samples(self, X):
        """Return the log of the sample's density over the reference's.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers; columns of a table are found by name.

        Returns
        -------
        log_ratio : ndarray of shape (n_samples,)
            In nats: above 0 where the sample is denser. It has no unit of the columns.
        """
        check_is_fitted(self)
        rows = self.reference_.schema_.align(X, owner=type(self).__name__)
        return self.bumps_.log_ratio(*_scaled(self.reference_, rows))

    def _write(self, path: str | os.PathLike, **options: Any) -> ModelFile:
        return write_estimator(
            self,
            self.reference_.table_density_,
            path,
            more_arrays={f"{BUMPS}{n}": array for n, array in self.bumps_.to_arrays().items()},
            reference=stored_parameters(self.reference_),
            **options,
        )


def _scaled(density: FlowDensity, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return scaled rows (n, D) and their log density (n,) in these units."""
    scaled, log_det = density.scaler_.transform(rows, dtype=np.float64)
    return scaled, density.table_density_.log_prob(rows) - log_det
