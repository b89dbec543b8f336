"""The distance to the nearest rows, as an estimator."""

import numpy as np
from sklearn import neighbors

from fluvial.baselines.baseline import Baseline, Rows
from fluvial.errors import DataError


class NearestNeighbors(Baseline):
    """Minus the distance to the k-th nearest row given to fit, of standardised columns.

    scikit-learn's tree finds it. `score_samples` has no unit of its own: it ranks, and is no
    density. A row that was given to fit is the nearest to itself.

    Parameters
    ----------
    n_neighbors : int, default=5
        k, at most the number of rows.

    Attributes
    ----------
    neighbors_ : sklearn.neighbors.NearestNeighbors
        The tree.
    scaler_ : fluvial.tables.TableScaler
        From rows of the table to standardised rows and back.
    n_features_in_ : int
        Columns given to fit.

    References
    ----------
    .. [1] Ramaswamy, Rastogi and Shim 2000, Efficient algorithms for mining outliers.

    Examples
    --------
    >>> from fluvial.baselines import NearestNeighbors
    >>> rows = np.arange(10.0)[:, None]
    >>> ranking = NearestNeighbors(n_neighbors=1).fit(rows)
    >>> bool(ranking.score_samples([[4.0]]) > ranking.score_samples([[20.0]]))
    True
    """

    _in_nats = False

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def _learn(self, rows: Rows, rng: np.random.RandomState) -> None:
        if self.n_neighbors > len(rows.all):
            raise DataError(
                f"n_neighbors={self.n_neighbors} is more than the {len(rows.all)} rows given"
            )
        self.neighbors_ = neighbors.NearestNeighbors(n_neighbors=self.n_neighbors).fit(rows.all)

    def _score(self, scaled: np.ndarray) -> np.ndarray:
        distances, _ = self.neighbors_.kneighbors(scaled)
        return -distances[:, -1]
