"""Scores over time, what thresholds cost, and whether p-values are what they say."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from fluvial.anomaly.cost_model import CostModel
from fluvial.anomaly.labels import anomalous
from fluvial.errors import DataError, ShapeError
from fluvial.plots._style import BLUE, GREEN, GREY, VERMILION, axes_or_new, linear_to

N_THRESHOLDS = 400
"""Thresholds that are drawn at most."""


def signal(
    index: ArrayLike,
    score: ArrayLike,
    labels: ArrayLike | None = None,
    threshold: float | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw an anomaly score along an index, with what was labelled and the threshold.

    Args:
        index: (n,) times or numbers.
        score: (n,), higher is stranger: `-detector.score_samples(X)`, say.
        labels: (n,) 0 for normal rows, others for anomalies; or 1 and -1. Stretches are shaded.
        threshold: rows above it are alarms, and marked.
        ax: the axes to draw on; None makes a new figure.

    Returns:
        The axes; the scale is logarithmic far up where a few scores are far above all others.

    Raises:
        ShapeError: where index, score and labels differ in length.

    Examples:
        >>> signal(range(4), [0.0, 1.0, 9.0, 1.0], [0, 0, 1, 0], 5.0).get_ylabel()
        'anomaly score (nats)'
    """
    x, y = np.asarray(index), np.asarray(score, np.float64)
    if x.shape != y.shape or y.ndim != 1:
        raise ShapeError(f"index has shape {x.shape}, but score has shape {y.shape}")
    axes = axes_or_new(ax, (10, 3.5))
    finite = y[np.isfinite(y)]
    limit = linear_to(finite) if len(finite) else None
    if limit is not None:
        axes.set_yscale("symlog", linthresh=limit)
    axes.plot(x, y, color=BLUE, linewidth=0.9, label="score")
    if labels is not None:
        odd = anomalous(labels, len(y))
        low, high = 0, 1
        axes.fill_between(
            x, low, high, where=odd, step="mid", transform=axes.get_xaxis_transform(),
            color=VERMILION, alpha=0.25, linewidth=0, label="labelled",
        )  # fmt: skip
    if threshold is not None:
        axes.axhline(threshold, color=GREY, linestyle="--", label="threshold")
        alarms = y > threshold
        axes.scatter(x[alarms], y[alarms], s=10, color=VERMILION, zorder=3, label="alarm")
    axes.set_xlabel("row" if np.issubdtype(x.dtype, np.integer) else "index")
    axes.set_ylabel("anomaly score (nats)")
    _legend_below(axes)
    return axes


def threshold_cost(
    scores: ArrayLike,
    y: ArrayLike,
    *,
    cost_model: CostModel | None = None,
    threshold: float | None = None,
    times: Any = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what every threshold costs on labelled rows: in all, by false alarms and by misses.

    Args:
        scores: (n,), higher is more normal, as `detector.score_samples(X)`.
        y: (n,) labels, 0 for normal rows, others for anomalies; or 1 and -1.
        cost_model: None: each error costs 1, without tolerance.
        threshold: the one that was chosen.
        times: (n,) when each row was; None counts rows.
        ax: the axes to draw on; None makes a new figure.

    Returns:
        The axes.

    Raises:
        DataError: where labels are missing or all of one class, or scores are not finite.

    Examples:
        >>> threshold_cost([0.0, 1.0, -9.0], [0, 0, 1]).get_xlabel()
        'threshold: rows of a lower score are alarms'
    """
    values = np.asarray(scores, np.float64)
    odd = anomalous(y, len(values))
    if not np.isfinite(values).all():
        raise DataError(f"scores are not finite, first in row {np.argmin(np.isfinite(values))}")
    model = CostModel() if cost_model is None else cost_model
    terms = model.terms(values, odd, times)
    different = np.unique(values)
    between = np.concatenate([different, [np.nextafter(different[-1], np.inf)]])
    places = np.linspace(0, len(between) - 1, min(N_THRESHOLDS, len(between))).astype(int)
    tried = between[places]
    axes = axes_or_new(ax)
    span = np.quantile(values, [0.001, 0.999])
    if span[0] < -100 * max(abs(span[1]), 1):
        axes.set_xscale("symlog", linthresh=max(abs(float(span[1])), 1.0))
    curves = (
        ("all errors", terms.costs(tried), GREY, "-"),
        ("false alarms", terms.false_alarms(tried), BLUE, "--"),
        ("misses", terms.missed(tried), VERMILION, ":"),
    )
    for label, costs, colour, style in curves:
        axes.step(tried, costs, where="pre", color=colour, linestyle=style, label=label)
    if threshold is not None:
        axes.axvline(threshold, color=GREEN, label="threshold")
    axes.set_xlabel("threshold: rows of a lower score are alarms")
    axes.set_ylabel("cost")
    axes.legend(frameon=False)
    return axes


def calibration(p_values: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw the share of rows whose p-value is at most each level; on the diagonal it should lie.

    The band holds 95 % of such curves at every level where the p-values are uniform.

    Args:
        p_values: (n,) of normal rows, in [0, 1].
        ax: the axes to draw on; None makes a new figure.

    Returns:
        The axes, with logarithmic scales, since small levels are those that alarms are raised at.

    Raises:
        DataError: where there are none, or some outside [0, 1].

    Examples:
        >>> calibration(np.linspace(0.01, 1, 100)).get_ylabel()
        'share of normal rows at or below it'
    """
    from scipy.stats import binom

    p = np.sort(np.asarray(p_values, np.float64).ravel())
    if not len(p) or not ((p >= 0) & (p <= 1)).all():
        raise DataError("p-values must be in [0, 1], at least one of them")
    n = len(p)
    levels = np.geomspace(min(1 / n, 0.1), 1, 200)
    share = np.searchsorted(p, levels, side="right") / n
    low, high = (binom.ppf(q, n, levels) / n for q in (0.025, 0.975))
    axes = axes_or_new(ax, (5, 5))
    axes.fill_between(levels, low, high, color=GREY, alpha=0.3, linewidth=0, label="95 % of chance")
    axes.plot(levels, levels, color=GREY, linestyle="--", label="as it should be")
    axes.plot(levels, share, color=BLUE, label=f"{n} rows")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.5 / n)
    axes.set_xlabel("level (p-value)")
    axes.set_ylabel("share of normal rows at or below it")
    axes.legend(frameon=False)
    return axes


def _legend_below(axes: Axes) -> None:
    axes.legend(frameon=False, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.18))
