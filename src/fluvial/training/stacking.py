"""The weights of a mixture of fitted densities, from rows that none of them was fitted to."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import LinAlgError, cholesky, solve_triangular
from scipy.optimize import nnls

from fluvial.errors import DataError, ShapeError
from fluvial.weights import checked_weights

SMALLEST_WEIGHT = 0.01
MAX_STEPS = 1_000
TOLERANCE = 1e-8
FIRST_STEPS = 5
"""Plain steps of expectation maximisation, before quadratic ones."""

RIDGE, SMALLEST_UNIT = 1e-9, 1e-6
"""How much a quadratic step is held back, in parts of each weight's own curvature, and the least
root of that."""

SMALLEST_FACTOR = 1e-6
"""No step takes the density of a row below this part of it, so that none is lost to rounding."""

HALVINGS, ENOUGH = 30, 1e-2
"""How often a step is halved at most, and the part of what its slope promises that it must gain."""


def stack(
    log_probs: ArrayLike,
    *,
    smallest: float = SMALLEST_WEIGHT,
    sample_weight: ArrayLike | None = None,
) -> np.ndarray:
    """Return the weights of the mixture that gives held-out rows the highest likelihood.

    Maximises `sum_i v_i log sum_k w_k p_k(x_i)` by expectation maximisation from equal weights and
    then sequential quadratic programming: the objective is concave, so the end does not depend on
    the start. Equal members share their weight equally. Members that end below `smallest` are left
    out, and the rest are weighted again.

    Args:
        log_probs: (n, K), log density of held-out row i under member k; minus infinity is allowed
            unless a row has it under every member.
        smallest: weights below this become zero, in [0, 1 / K].
        sample_weight: (n,), not negative: how much each row counts, `v_i`; None is equally.

    Returns:
        (K,) float64 weights, not negative, with sum 1.

    Raises:
        ShapeError: where `log_probs` is not (n, K) with n and K at least 1, or there is not one
            sample weight a row.
        DataError: where a log density is NaN or infinite, or no member gives a row any density;
            where a sample weight is no number or negative, or all are zero.

    Examples:
        >>> import numpy as np
        >>> stack(np.log([[0.9, 0.1], [0.8, 0.1], [0.1, 0.9]])).round(2).tolist()
        [0.71, 0.29]

    References:
        Smyth and Wolpert 1998, Stacked density estimation, section 3.
    """
    log_probs, counted = np.asarray(log_probs, np.float64), None
    if sample_weight is not None and log_probs.ndim:
        counted = checked_weights(sample_weight, len(log_probs))
        log_probs = log_probs.copy()
        log_probs[counted == 0] = 0.0  # whatever rows of no weight hold
    log_probs = _checked(log_probs)
    kept = np.arange(log_probs.shape[1])
    weights = np.full(len(kept), 1 / len(kept))
    while True:
        weights = _maximise(log_probs[:, kept], weights, counted)
        small = weights < min(smallest, 1 / len(kept))
        if not small.any():
            break
        # One at a time: where one of several like members goes, its weight falls to the others.
        least = np.argmin(weights)
        kept, weights = np.delete(kept, least), np.delete(weights, least)
    whole = np.zeros(log_probs.shape[1])
    whole[kept] = weights
    return whole


def _checked(values: np.ndarray) -> np.ndarray:
    if values.ndim != 2 or not values.size:
        raise ShapeError(f"log_probs must have shape (n, K), but have shape {values.shape}")
    bad = np.isnan(values) | (values == np.inf)
    if bad.any():
        row, member = np.argwhere(bad)[0]
        raise DataError(f"log_probs hold {values[row, member]} in row {row} of member {member}")
    nowhere = np.flatnonzero(np.isneginf(values).all(axis=1))
    if len(nowhere):
        raise DataError(
            f"no member gives row {nowhere[0]} any density; add a member with full support"
        )
    return values


def _maximise(
    log_probs: np.ndarray, weights: np.ndarray, sample_weight: np.ndarray | None
) -> np.ndarray:
    """Go on from weights, of any sum, to the best ones; members that are equal share theirs."""
    shares = np.ones(len(log_probs)) if sample_weight is None else sample_weight
    distinct, place = np.unique(log_probs, axis=1, return_inverse=True)
    place = place.reshape(-1)
    started = np.bincount(place, weights)
    relative = np.exp(distinct - distinct.max(axis=1, keepdims=True))
    found = _best(relative, started / started.sum(), shares / shares.sum())
    return found[place] / np.bincount(place)[place]


def _best(relative: np.ndarray, weights: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the best weights (K,) of densities (n, K), relative to the largest of each row.

    A few steps of expectation maximisation, then of sequential quadratic programming: minus the
    log likelihood and the sum of the weights is least, over all that are not negative, where they
    sum to one.

    References:
        Kim, Carbonetto, Stephens and Anitescu 2020, Journal of Computational and Graphical
        Statistics 29(2), A fast algorithm for maximum likelihood estimation of mixture proportions
        using sequential quadratic programming, section 3.
    """
    for number in range(MAX_STEPS):
        ratio = relative / np.maximum(relative @ weights, np.finfo(float).tiny)[:, None]
        gain = shares @ ratio
        # A bound of how much the mean log density can still grow.
        if gain.max() - 1 < TOLERANCE:
            break
        better = _newton(ratio, gain, weights, shares) if number >= FIRST_STEPS else None
        weights = weights * gain if better is None else better
        weights = weights / weights.sum()
    return weights


def _newton(
    ratio: np.ndarray, gain: np.ndarray, weights: np.ndarray, shares: np.ndarray
) -> np.ndarray | None:
    """Return the weights of a step to the best ones of a quadratic approximation.

    Args:
        ratio: (n, K), the density of each member over that of the mixture.
        gain: (K,), its mean over rows.
        weights: (K,), of the mixture.
        shares: (n,), of the rows, with sum 1.

    Returns:
        None where rounding leaves no such step, or none that is one up.
    """
    root = np.sqrt(shares)[:, None] * ratio
    # In units in which all weights curve alike: those of rare rows are tiny.
    unit = np.maximum(np.linalg.norm(root, axis=0), SMALLEST_UNIT)
    root = root / unit
    curvature = root.T @ root + RIDGE * np.eye(len(weights))
    try:
        factor = cholesky(curvature, lower=True)
        slope = (2 * gain - 1) / unit + RIDGE * unit * weights
        aim = solve_triangular(factor, slope, lower=True)
        direction = nnls(factor.T, aim)[0] / unit - weights
    except (ArithmeticError, LinAlgError, RuntimeError, ValueError):
        return None
    # How much the mean log density rises, less what the sum of the weights has grown.
    of_direction, grown = ratio @ direction, direction.sum()
    size = 1.0
    for _ in range(HALVINGS):
        if 1 + size * of_direction.min() > SMALLEST_FACTOR:
            risen = shares @ np.log1p(size * of_direction) - size * grown
            if risen > ENOUGH * size * (gain @ direction - grown):
                return np.maximum(weights + size * direction, 0)
        size /= 2
    return None
