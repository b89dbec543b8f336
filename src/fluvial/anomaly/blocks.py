"""The block bootstrap: how far a figure could have come out otherwise on rows like these."""

import math
from collections.abc import Callable

import numpy as np

from fluvial.anomaly.times import checked_times
from fluvial.densities.ranges import real

REPEATS = 500
"""Bootstrap samples."""

MIN_BLOCKS = 2
"""Blocks below which nothing can be said."""


def numbered_blocks(n_rows: int, *, tolerance: float = 0.0, times=None) -> np.ndarray:
    """Number the block of each row: rows that follow each other in time depend on each other.

    A block has about as many rows as there are blocks, and spans twice the tolerance at least, so
    that an alarm and the anomaly that it counts for mostly share one.

    Returns:
        `(n_rows,)`, from 0, not falling.

    Examples:
        >>> numbered_blocks(9)
        array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    """
    when = checked_times(times, n_rows)
    span = float(np.median(np.diff(when))) if n_rows > 1 else 1.0
    of_tolerance = 2 * tolerance / span if span > 0 else 1.0
    size = min(max(math.isqrt(n_rows), math.ceil(of_tolerance), 1), n_rows)
    number = np.arange(n_rows) // size
    # A last block of a few rows joins the one before.
    return np.minimum(number, max(n_rows // size - 1, 0))


def block_counts(n_blocks: int, *, seed: int, repeats: int = REPEATS) -> np.ndarray:
    """Draw how often each block counts in each bootstrap sample, `(repeats, n_blocks)`."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(n_blocks, np.full(n_blocks, 1 / n_blocks), size=repeats)


def interval(
    figure: Callable[[np.ndarray], float], block: np.ndarray, *, level: float = 0.95, seed: int = 0
) -> tuple[float, float] | None:
    """Return a percentile interval of a figure by the block bootstrap.

    Args:
        figure: of the weights `(n,)` of the rows, whole numbers; NaN where it has none.
        block: the number of the block of each row `(n,)`.
        level: the share of the samples that the interval holds, in (0, 1).
        seed: of the samples.

    Returns:
        Its ends; None with a single block, or where most samples have no figure.

    References:
        Kuensch 1989, The jackknife and the bootstrap for general stationary observations.

    Examples:
        >>> x = np.random.default_rng(0).normal(size=400)
        >>> low, high = interval(lambda w: float(np.average(x, weights=w)), numbered_blocks(400))
        >>> bool(low < x.mean() < high)
        True
    """
    real("level", level, 0, 1, "()")
    figures = resampled(figure, block, seed=seed)
    if figures is None:
        return None
    low, high = np.quantile(figures, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def standard_error(
    figure: Callable[[np.ndarray], float], block: np.ndarray, *, seed: int = 0
) -> float | None:
    """Return the standard deviation of a figure over bootstrap samples; arguments as `interval`.

    Returns:
        None with a single block, or where most samples have no figure.

    Examples:
        >>> x = np.random.default_rng(0).normal(size=400)
        >>> mean = lambda weights: float(np.average(x, weights=weights))
        >>> round(standard_error(mean, np.arange(400)), 2)  # near 1 / sqrt(400)
        0.05
    """
    figures = resampled(figure, block, seed=seed)
    return None if figures is None else float(figures.std(ddof=1))


def resampled(
    figure: Callable[[np.ndarray], float], block: np.ndarray, *, seed: int = 0
) -> np.ndarray | None:
    """Return a figure of each bootstrap sample that has one; arguments as `interval`.

    The samples are those of the seed, so that figures of the same rows are paired.

    Returns:
        `(repeats,)` at most; None with a single block, or where most samples have no figure.

    Examples:
        >>> x = np.arange(9.0)
        >>> means = resampled(lambda w: float(np.average(x, weights=w)), numbered_blocks(9))
        >>> twice = resampled(lambda w: float(np.average(2 * x, weights=w)), numbered_blocks(9))
        >>> bool(np.allclose(twice, 2 * means))
        True
    """
    n_blocks = int(block[-1]) + 1
    if n_blocks < MIN_BLOCKS:
        return None
    drawn = block_counts(n_blocks, seed=seed)
    figures = np.array([figure(counts[block]) for counts in drawn])
    figures = figures[np.isfinite(figures)]
    return None if len(figures) < len(drawn) / 2 else figures
