"""How the scores of groups of rows are spread, on both sides of a threshold."""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from fluvial.errors import DataError
from fluvial.plots._style import BLUE, GREEN, GREY, VERMILION, axes_or_new, linear_to

N_BINS = 50
"""Bins of equal width on the scale that is drawn."""


def score_histogram(
    scores: Mapping[str, ArrayLike], threshold: float | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw how strange the rows of some groups are, as shares of each group.

    Args:
        scores: by the name of a group, (n,) scores of its rows; higher is more normal, as
            `detector.score_samples(X)`. They are drawn with the sign changed. At most three groups.
        threshold: rows of a lower score are alarms: they lie right of the line.
        ax: the axes to draw on; None makes a new figure.

    Returns:
        The axes; their scale is logarithmic far from zero where a few scores are far from all else.

    Raises:
        DataError: where a group has no scores, some are not finite, or groups are more than three.

    Examples:
        >>> score_histogram({"all": [-1.0, -2.0, -9.0]}, -8.0).get_ylabel()
        'share of the group (%)'
    """
    groups = {name: -np.asarray(each, np.float64).ravel() for name, each in scores.items()}
    colours = (BLUE, VERMILION, GREEN)
    if not 0 < len(groups) <= len(colours):
        raise DataError(f"there must be one to three groups of scores, not {len(groups)}")
    for name, each in groups.items():
        if not len(each) or not np.isfinite(each).all():
            raise DataError(f"the group {name!r} must have scores, all of them finite")
    axes = axes_or_new(ax)
    together = np.concatenate(list(groups.values()))
    limit = linear_to(together)
    if limit is not None:
        axes.set_xscale("symlog", linthresh=limit)
    edges = _edges(together, limit)
    for (name, each), colour in zip(groups.items(), colours, strict=False):
        shares = np.full(len(each), 100 / len(each))
        axes.hist(
            each, bins=list(edges), weights=shares, color=colour, alpha=0.55,
            label=f"{name} ({len(each):,} rows)",
        )  # fmt: skip
    if threshold is not None:
        axes.axvline(-threshold, color=GREY, linestyle="--", label="threshold")
    axes.set_xlabel("anomaly score")
    axes.set_ylabel("share of the group (%)")
    axes.legend(frameon=False)
    return axes


def _edges(values: np.ndarray, limit: float | None) -> np.ndarray:
    """Return the ends of bins of equal width on a linear scale, or one that is so up to a limit."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    if limit is None:
        return np.linspace(low, high, N_BINS + 1)
    first, last = (math.copysign(_far(abs(x) / limit), x) for x in (low, high))
    places = np.linspace(first, last, N_BINS + 1)
    edges = np.sign(places) * _from_far(np.abs(places)) * limit
    # The ends themselves, lest the last bit of the way back leaves the outermost values out.
    edges[[0, -1]] = low, high
    return edges


def _far(distance: float) -> float:
    return distance if distance <= 1 else 1 + math.log10(distance)


def _from_far(place: np.ndarray) -> np.ndarray:
    return np.where(place <= 1, place, 10.0 ** (place - 1))
