"""The weights of a mixture of fitted densities, from rows that none of them was fitted to."""

import numpy as np
from numpy.typing import ArrayLike

from fluvial.errors import DataError, ShapeError
from fluvial.weights import checked_weights

SMALLEST_WEIGHT = 0.01
MAX_STEPS = 10_000
TOLERANCE = 1e-8
NEAR_ZERO = 1e-3
"""A step takes no weight below this part of what two plain ones make of it."""


def stack(
    log_probs: ArrayLike,
    *,
    smallest: float = SMALLEST_WEIGHT,
    sample_weight: ArrayLike | None = None,
) -> np.ndarray:
    """Return the weights of the mixture that gives held-out rows the highest likelihood.

    Maximises `sum_i v_i log sum_k w_k p_k(x_i)` by expectation maximisation from equal weights: the
    objective is concave, so the end does not depend on the start, and equal members share their
    weight equally. Members that end below `smallest` are left out, and the rest are weighted again.

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
    """Go on from weights, of any sum, to the best ones.

    References:
        Varadhan and Roland 2008, Scandinavian Journal of Statistics 35(2), section 3, scheme SqS3:
        two steps of expectation maximisation tell how far to go at once.
    """
    relative = np.exp(log_probs - log_probs.max(axis=1, keepdims=True))
    share = np.ones(len(relative)) if sample_weight is None else sample_weight
    share = share / share.sum()

    def gains(weights: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the mean over rows of p_k(x) / p(x), and the mean log density."""
        density = np.maximum(relative @ weights, np.finfo(float).tiny)
        return (share / density) @ relative, share @ np.log(density)

    weights = weights / weights.sum()
    gain, reached = gains(weights)
    for _ in range(MAX_STEPS):
        # A bound of how much the mean log density can still grow.
        if gain.max() - 1 < TOLERANCE:
            break
        once = _normalised(weights * gain)
        twice = _normalised(once * gains(once)[0])
        first, bend = once - weights, twice - 2 * once + weights
        far = np.linalg.norm(first) / max(np.linalg.norm(bend), np.finfo(float).tiny)
        # A weight of zero would stay there.
        ahead = _normalised(
            np.maximum(weights + 2 * far * first + far**2 * bend, twice * NEAR_ZERO)
        )
        gain, found = gains(ahead)
        if found < reached:
            ahead = twice
            gain, found = gains(ahead)
        weights, reached = ahead, found
    return weights


def _normalised(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum()
