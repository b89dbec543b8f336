"""A Gaussian mixture with a held-out number of components."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from fluvial.densities.classical.fitter import (
    as_distribution,
    continued,
    one_gaussian,
    one_thread,
)
from fluvial.densities.classical.merging import Rows
from fluvial.densities.classical.mixture_search import COMPONENTS, Search
from fluvial.distributions import GaussianMixture

MAX_ROWS = 20_000
"""Rows that the last fit takes in any case; the search takes half of them."""

FINAL_COST = 3e8
"""Multiplications of a step of EM up to which the last fit takes more than `MAX_ROWS` rows."""


def fit_gaussian_mixture(
    X_train: np.ndarray,
    X_held_out: np.ndarray | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    held_out_weight: ArrayLike | None = None,
    random_state: int | np.random.RandomState | None = None,
    max_components: int = COMPONENTS[-1],
    max_rows: int | None = None,
) -> GaussianMixture:
    """Fit a Gaussian mixture whose size is chosen by the likelihood of held-out rows.

    1, 2, 3, 5 ... 233 components (Fibonacci) are tried, until three in turn bring nothing, with a
    ridge of at most 1e-4 of the median column's variance; then ridges from 1e-6 to 1e-1 at the
    best size, and, where another one is better, larger sizes with it. Full covariances and diagonal
    ones are searched in this way. With many columns the search ends at the size where a step of
    expectation maximisation takes 1e9 multiplications. Equal rows count as one of their weight.

    Args:
        X_train: (n, D) scaled rows, n at least 2.
        X_held_out: (m, D) rows that choose. None: one component with the largest ridge.
        sample_weight: (n,) weights of the rows, not negative: 2 is the row twice, 0 leaves it out.
        held_out_weight: (m,) those of the held-out rows.
        random_state: seeds the draw and the starts.
        max_components: no more than these are tried.
        max_rows: no more than these, drawn at random, serve the last fit, and half of them the
            search. None: 20,000, and more in the last fit where a step takes at most 3e8
            multiplications.

    Returns:
        The mixture, in the default float type, with nothing trainable.

    Raises:
        ShapeError: where there is not one weight a row.
        DataError: where a weight is no number or negative, or all are zero.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(400, 2))
        >>> fit_gaussian_mixture(rows[:300], rows[300:], random_state=0).event_shape
        (2,)
    """
    rng = check_random_state(random_state)
    rows = Rows.checked(X_train, sample_weight, np.float64)
    rows = rows.take(rng.permutation(len(rows.x)))
    seed = int(rng.randint(np.iinfo(np.int32).max))
    most = MAX_ROWS if max_rows is None else max_rows
    if X_held_out is None or not len(X_held_out):
        with one_thread():
            return as_distribution([one_gaussian(rows.take(slice(most)), seed)], [1.0])
    held_out = Rows.checked(X_held_out, held_out_weight, np.float64).take(slice(most))
    few = rows.take(slice(max(most // 2, 2)))
    with one_thread():
        best = Search([(few, held_out)], max_components, seed).run()[0]
        if max_rows is None:
            most = max(most, int(FINAL_COST / best.size.cost((1, rows.x.shape[1]))))
        fitted = best.fits[0]
        converged = continued(fitted, rows.take(slice(most)))
    if held_out.mean(converged.score_samples(held_out.x)) > best.score:
        fitted = converged
    return as_distribution([fitted], [1.0])
