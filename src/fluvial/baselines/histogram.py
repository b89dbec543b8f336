"""A histogram of each column, as if columns were independent, as an estimator."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.baselines.baseline import DensityBaseline, Rows
from fluvial.densities.classical.mixture_search import COMPONENTS

N_BINS = COMPONENTS
"""Numbers of bins that are tried: 1, 2, 3, 5 ... 233."""


@dataclass(frozen=True)
class Histogram:
    """Bins of equal width with an exponential tail at either end, normalised.

    `p(x) = mass_k / width` in bin k, `p(x) = mass_end exp(-|x - end| / width) / width` beyond an
    end. Each of the K bins and both tails has one row more than was counted in it, so that no
    density is zero: `mass_k = (n_k + 1) / (n + K + 2)`.

    Attributes:
        low: the lower end of the first bin.
        width: of each bin, positive.
        mass: `(K + 2,)` with sum 1: the lower tail, the bins, the upper tail.
    """

    low: float
    width: float
    mass: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, n_bins: int) -> Self:
        """Count values `(n,)`, not all equal, in bins from the lowest to the highest.

        Examples:
            >>> Histogram.of(np.array([0.0, 1.0, 4.0]), 2).mass.round(3)
            array([0.143, 0.429, 0.286, 0.143])
        """
        low = float(values.min())
        width = max(float(values.max() - low) / n_bins, np.finfo(float).tiny)
        place = np.clip((values - low) / width, 0, n_bins - 1).astype(int)
        counts = np.bincount(place + 1, minlength=n_bins + 2)
        return cls(low, width, (counts + 1) / (len(values) + n_bins + 2))

    @property
    def n_bins(self) -> int:
        """The number of bins, without the tails."""
        return len(self.mass) - 2

    def log_prob(self, values: np.ndarray) -> np.ndarray:
        """Return the log density `(n,)` of values `(n,)`."""
        place = (values - self.low) / self.width
        beyond = np.maximum(np.maximum(-place, place - self.n_bins), 0.0)
        # The upper end itself belongs to the last bin.
        inner = np.where(place == self.n_bins, self.n_bins - 1, np.floor(place))
        k = np.clip(inner, -1, self.n_bins).astype(int) + 1
        return np.log(self.mass[k]) - np.log(self.width) - beyond

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw values `(n,)`."""
        k = rng.choice(len(self.mass), n, p=self.mass)
        inside, beyond = rng.random(n), rng.exponential(size=n)
        place = np.where(k == 0, -beyond, k - 1 + inside)
        place = np.where(k == self.n_bins + 1, self.n_bins + beyond, place)
        return self.low + self.width * place


class HistogramDensity(DensityBaseline):
    """A histogram of every column, the columns taken as independent.

    The number of bins of each column is the one that makes held-out rows likeliest; bins are then
    counted over all rows. `score_samples` is the log density in the units of the columns. The
    simplest density there is: what is strange in one column alone it finds, what is strange in the
    relation of columns it cannot.

    Parameters
    ----------
    validation_fraction : float, default=0.1
        Share of the rows that choose, in [0, 1). With none there are as many bins as the third
        root of the number of rows.
    random_state : int, RandomState instance or None, default=None
        Determines which rows choose.

    Attributes
    ----------
    histograms_ : tuple of fluvial.baselines.histogram.Histogram
        Of each standardised column that varies.
    n_bins_ : ndarray of int of shape (n_kept,)
        Their numbers of bins.
    scaler_ : fluvial.tables.TableScaler
        From rows of the table to standardised rows and back.
    n_features_in_ : int
        Columns given to fit.

    References
    ----------
    .. [1] Goldstein and Dengel 2012, Histogram-based outlier score, without its bins of equal
       numbers of rows.

    Examples
    --------
    >>> from fluvial.baselines import HistogramDensity
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> density = HistogramDensity(random_state=0).fit(X)
    >>> density.score_samples(X).shape, density.sample(3).shape
    ((200,), (3, 2))
    """

    def __init__(self, validation_fraction=0.1, random_state=None):
        self.validation_fraction = validation_fraction
        self.random_state = random_state

    def _learn(self, rows: Rows, rng: np.random.RandomState) -> None:
        fitted_to, judges = rows.fitted_to.T, rows.judges.T
        chosen = [_bins(*column) for column in zip(fitted_to, judges, strict=True)]
        self.n_bins_ = np.array(chosen)
        self.histograms_ = tuple(
            Histogram.of(column, n_bins) for column, n_bins in zip(rows.all.T, chosen, strict=True)
        )

    def _score(self, scaled: np.ndarray) -> np.ndarray:
        pairs = zip(self.histograms_, scaled.T, strict=True)
        return np.sum([histogram.log_prob(column) for histogram, column in pairs], axis=0)

    def _draw(self, n: int, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return np.column_stack([histogram.sample(n, rng) for histogram in self.histograms_])


def _bins(values: np.ndarray, judges: np.ndarray) -> int:
    """Return the number of bins of values `(n,)` that makes the judges `(m,)` likeliest."""
    if not len(judges) or np.ptp(values) == 0:
        return max(round(len(values) ** (1 / 3)), 1)
    tried = [n for n in N_BINS if n <= max(len(values), 1)]
    found = [Histogram.of(values, n).log_prob(judges).mean() for n in tried]
    return tried[int(np.argmax(found))]
