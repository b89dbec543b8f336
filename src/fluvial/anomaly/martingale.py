"""Betting against a stream that has not moved: wealth that grows where it has."""

import numpy as np

SHIFTS = (-2.0, -1.0, -0.5, -0.25, 0.25, 0.5, 1.0, 2.0)
"""The shifts that are bet on, in standard deviations of normal scores."""


def log_priors(n: int) -> np.ndarray:
    """Return the log of the prior of a change at each of the first n rows, `(n,)`.

    1 / log(k + e) - 1 / log(k + 1 + e) at row k: it falls little faster than 1 / k, so that late
    changes are found nearly as soon as early ones, and sums to 1 over all of time.
    """
    k = np.arange(n) + np.e
    return np.log(np.log1p(1 / k) / (np.log(k) * np.log(k + 1)))


def log_wealth(p_values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the log wealth of a gambler after each p-value, and when the shift likely began.

    The wealth starts at 1 and is a martingale where p-values are independent and uniform, so that
    it ever reaches c with probability 1 / c at most, however long the stream (Ville's inequality).
    It is the mean over shifts and over the rows at which they may begin of likelihood ratios of the
    normal scores of the p-values.

    Args:
        p_values: `(n,)` in (0, 1].

    Returns:
        The log wealth after each row `(n,)`; and the most likely first row of the shift, by the
        rows up to each, `(n,)`.

    References:
        Vovk, Nouretdinov and Gammerman 2003, Testing exchangeability on-line; Shiryaev 1963.

    Examples:
        >>> steady = log_wealth(np.linspace(0.05, 0.95, 10))[0]
        >>> moved = log_wealth(np.full(10, 0.001))[0]
        >>> bool(steady[-1] < 1 < moved[-1])
        True
    """
    from scipy.special import logsumexp, ndtri

    n = len(p_values)
    z = ndtri(np.clip(p_values, 1e-12, 1 - 1e-12))
    priors = log_priors(n)
    # What has not yet been put on a change stays as it is.
    rest = -np.log(np.log(np.arange(1, n + 1) + np.e))
    wealths, best, begun = [], np.full(n, -np.inf), np.zeros(n, np.int64)
    for shift in SHIFTS:
        steps = shift * z - shift**2 / 2
        sums = np.cumsum(steps)
        # A change at row k gains from the steps from k on.
        since = priors - (sums - steps)
        wealths.append(sums + np.logaddexp.accumulate(since))
        leading = np.maximum.accumulate(since)
        first = np.maximum.accumulate(np.where(since == leading, np.arange(n), 0))
        better = sums + leading > best
        best, begun = np.where(better, sums + leading, best), np.where(better, first, begun)
    shifted = logsumexp(np.stack(wealths), axis=0) - np.log(len(SHIFTS))
    return np.logaddexp(shifted, rest), begun
