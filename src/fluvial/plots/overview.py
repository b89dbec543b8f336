"""One figure that shows what a fitted model does: its scores and its samples."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito's palette: told apart with every common kind of colour blindness, and in grey.
BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#4D4D4D"

_BINS = 40
"""Bins of the histograms of scores."""


def overview_figure(
    scores: Mapping[str, np.ndarray],
    *,
    threshold: float,
    real: np.ndarray,
    sampled: np.ndarray,
    columns: tuple[str, str],
    title: str,
) -> Figure:
    """Draw the log densities of two groups of rows beside real and sampled rows.

    Args:
        scores: the log densities, in nats, of two groups by name, the more normal one first.
        threshold: the log density below which a row is flagged.
        real: `(n, 2)`, rows the model was fitted to, in two of their columns.
        sampled: `(m, 2)`, rows drawn from the model, in the same columns.
        columns: the names of the two.
        title: of the whole figure.

    Returns:
        A figure to be written with `savefig`; no window is opened.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(50, 2))
        >>> groups = {"normal": rows[:, 0], "odd": rows[:, 1] - 9}
        >>> figure = overview_figure(groups, threshold=-3, real=rows, sampled=rows,
        ...                          columns=("a", "b"), title="An example")
        >>> len(figure.axes)
        2
    """
    figure = Figure(figsize=(11, 5), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    _draw_scores(left, scores, threshold)
    _draw_samples(right, real, sampled, columns)
    figure.suptitle(title)
    return figure


def _draw_scores(axes: Axes, scores: Mapping[str, np.ndarray], threshold: float) -> None:
    """Two histograms, as shares of their groups, of how far each row is below the best one.

    The log densities of odd rows have no lower end and spread over orders of magnitude; on a
    logarithmic scale of their distance from the best one both groups are seen.
    """
    best = max(group.max() for group in scores.values())
    distances = {name: np.maximum(best - group, 1) for name, group in scores.items()}
    edges = np.geomspace(1, max(group.max() for group in distances.values()) * 1.01, _BINS + 1)
    styles = ((BLUE, "/////"), (VERMILION, None))
    for (name, group), (colour, hatch) in zip(distances.items(), styles, strict=True):
        axes.hist(
            group,
            bins=list(edges),
            weights=np.full(len(group), 100 / len(group)),
            color=colour,
            alpha=0.6,
            hatch=hatch,
            edgecolor=colour,
            label=f"{name} ({len(group)} rows)",
        )
    axes.axvline(best - threshold, color=GREY, linestyle="--", label="threshold of the model")
    axes.set_xscale("log")
    axes.set_xlabel("log density below that of the most normal row (nats)")
    axes.set_ylabel("share of the group (%)")
    axes.set_title("Scores: rows right of the threshold are flagged")
    _legend_below(axes)


def _draw_samples(
    axes: Axes, real: np.ndarray, sampled: np.ndarray, columns: tuple[str, str]
) -> None:
    axes.scatter(
        *sampled.T,
        s=9,
        color=VERMILION,
        alpha=0.45,
        linewidths=0,
        label=f"sampled ({len(sampled)} rows)",
    )
    axes.scatter(
        *real.T,
        s=16,
        marker="x",
        color=BLUE,
        linewidths=0.9,
        label=f"fitted to ({len(real)} rows)",
    )
    axes.set_xlabel(f"{columns[0]} (the table's units)")
    axes.set_ylabel(f"{columns[1]} (the table's units)")
    axes.set_title("New rows beside those the model has seen")
    _legend_below(axes)


def _legend_below(axes: Axes) -> None:
    """Put the legend where it covers no point."""
    axes.legend(frameon=False, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.15))
