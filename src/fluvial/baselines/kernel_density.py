"""A kernel density with a held-out bandwidth, as an estimator."""

import jax.numpy as jnp
import numpy as np

from fluvial import distributions
from fluvial.baselines.baseline import DistributionBaseline, Rows
from fluvial.densities.classical import fit_kernel_density
from fluvial.densities.classical.kernel_density import MAX_ROWS
from fluvial.densities.ranges import real


class KernelDensity(DistributionBaseline):
    """Gaussian kernels around the rows, with one bandwidth for all standardised columns.

    The bandwidth is the one that makes held-out rows likeliest; kernels then stand on all rows, of
    more than 20,000 on a random sample. `score_samples` is the log density in the units of the
    columns. Good with few columns and with rows enough; it knows no relation of columns that is
    narrower than its bandwidth.

    Parameters
    ----------
    validation_fraction : float, default=0.1
        Share of the rows that choose the bandwidth, in [0, 1). With none Silverman's rule does.
    random_state : int, RandomState instance or None, default=None
        Determines which rows choose.
    bandwidth : float or None, default=None
        The standard deviation of the kernels, in standard deviations of the columns, greater than
        0. None: the one that held-out rows choose.

    Attributes
    ----------
    bandwidth_ : float
        The standard deviation of the kernels, in standard deviations of the columns.
    distribution_ : fluvial.distributions.KernelDensity
        Of the standardised rows.
    scaler_ : fluvial.tables.TableScaler
        From rows of the table to standardised rows and back.
    n_features_in_ : int
        Columns given to fit.

    Raises
    ------
    ValueError
        At fit, where the bandwidth is no number above 0.

    See Also
    --------
    fluvial.FlowDensity : The density that this is compared with.

    Examples
    --------
    >>> from fluvial.baselines import KernelDensity
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> density = KernelDensity(random_state=0).fit(X)
    >>> density.score_samples(X).shape, density.sample(3).shape
    ((200,), (3, 2))
    """

    def __init__(self, validation_fraction=0.1, random_state=None, bandwidth=None):
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.bandwidth = bandwidth

    def _learn(self, rows: Rows, rng: np.random.RandomState) -> None:
        if self.bandwidth is None:
            chosen = fit_kernel_density(rows.fitted_to, rows.judges, random_state=rng)
            self.bandwidth_ = float(chosen.bandwidth[0])
        else:
            self.bandwidth_ = real("bandwidth", self.bandwidth, 0, np.inf, "()")
        stored = rows.all
        if len(stored) > MAX_ROWS:
            stored = stored[np.sort(rng.permutation(len(stored))[:MAX_ROWS])]
        dtype = jnp.result_type(float)
        self.distribution_ = distributions.KernelDensity(
            stored.astype(dtype), np.asarray(self.bandwidth_, dtype)
        )
