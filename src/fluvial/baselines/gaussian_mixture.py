"""A Gaussian mixture with a held-out number of components, as an estimator."""

import numpy as np

from fluvial.baselines.baseline import DistributionBaseline, Rows
from fluvial.densities.classical import fit_gaussian_mixture
from fluvial.densities.classical.mixture_search import COMPONENTS
from fluvial.densities.ranges import whole


class GaussianMixtureDensity(DistributionBaseline):
    """A mixture of Gaussians of standardised columns, whose size held-out rows choose.

    Numbers of components, ridges, and full or diagonal covariances are tried; the likeliest to
    held-out rows is kept. `score_samples` is the log density in the units of the columns.

    Parameters
    ----------
    max_components : int, default=233
        No more than these are tried.
    validation_fraction : float, default=0.1
        Share of the rows that choose, in [0, 1). With none it is one Gaussian.
    random_state : int, RandomState instance or None, default=None
        Determines which rows choose, and the starts.

    Attributes
    ----------
    n_components_ : int
        The number of components chosen.
    distribution_ : fluvial.distributions.GaussianMixture
        Of the standardised rows.
    scaler_ : fluvial.tables.TableScaler
        From rows of the table to standardised rows and back.
    n_features_in_ : int
        Columns given to fit.

    See Also
    --------
    fluvial.FlowDensity : The density that this is compared with.

    Examples
    --------
    >>> from fluvial.baselines import GaussianMixtureDensity
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> density = GaussianMixtureDensity(max_components=3, random_state=0).fit(X)
    >>> density.score_samples(X).shape, density.sample(3).shape
    ((200,), (3, 2))
    """

    def __init__(self, max_components=COMPONENTS[-1], validation_fraction=0.1, random_state=None):
        self.max_components = max_components
        self.validation_fraction = validation_fraction
        self.random_state = random_state

    def _learn(self, rows: Rows, rng: np.random.RandomState) -> None:
        most = whole("max_components", self.max_components)
        self.distribution_ = fit_gaussian_mixture(
            rows.fitted_to, rows.judges, random_state=rng, max_components=most
        )
        self.n_components_ = len(self.distribution_.means)
