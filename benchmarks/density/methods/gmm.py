"""scikit-learn's Gaussian mixture: full covariances, held-out size and ridge."""

import time
import warnings

import numpy as np
from benchmarks.density.methods.base import Fit, Job, Standardised
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

COMPONENTS = (1, 2, 3, 5, 8, 13, 21, 34, 55)
RIDGES = (1e-2, 1e-4, 1e-6)
"""Added to the variances of the standardised columns."""

PATIENCE = 2
"""So many sizes without gain end the search."""

SEARCH_SECONDS = 150.0
"""No further mixture is tried after this processor time."""


def fit(job: Job) -> Fit:
    """Choose size and ridge on the validation rows, and score."""
    rows = Standardised(job)
    mixture, facts = _search(rows, job.seed)
    validation, test = (
        mixture.score_samples(x) - rows.log_scale for x in (rows.validation, rows.test)
    )
    return Fit(validation, test, facts)


def _search(rows: Standardised, seed: int) -> tuple[GaussianMixture, dict]:
    until = time.process_time() + SEARCH_SECONDS
    best: tuple[float, GaussianMixture] | None = None
    since = 0
    for size in COMPONENTS:
        gained = False
        for ridge in RIDGES:
            if best is not None and time.process_time() > until:
                return best[1], _facts(best[1], finished=False)
            mixture = _mixture(rows, size, ridge, seed)
            nats = -np.inf if mixture is None else mixture.score(rows.validation)
            if mixture is not None and (best is None or nats > best[0]):
                best, gained = (nats, mixture), True
        since = 0 if gained else since + 1
        if since == PATIENCE:
            break
    if best is None:
        raise ValueError("no mixture could be fitted")
    return best[1], _facts(best[1], finished=True)


def _mixture(rows: Standardised, size: int, ridge: float, seed: int) -> GaussianMixture | None:
    if size > len(rows.train):
        return None
    mixture = GaussianMixture(size, reg_covar=ridge, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            return mixture.fit(rows.train)
        except ValueError:  # A covariance of too few rows has no Cholesky factor.
            return None


def _facts(mixture: GaussianMixture, *, finished: bool) -> dict:
    return {
        "components": mixture.n_components,
        "ridge": mixture.reg_covar,
        "finished": finished,
    }
