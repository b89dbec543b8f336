"""One figure that shows what a fitted model does: its scores and its samples."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito's palette: told apart with every common kind of colour blindness, and in grey.
BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#4D4D4D"

_BINS = 40


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
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    _draw_scores(left, scores, threshold)
    _draw_samples(right, real, sampled, columns)
    figure.suptitle(title)
    return figure


def _draw_scores(axes: Axes, scores: Mapping[str, np.ndarray], threshold: float) -> None:
    """Two histograms as shares of their groups; scores far below pile up in the first bin."""
    everything = np.concatenate([np.asarray(group) for group in scores.values()])
    normal = np.asarray(next(iter(scores.values())))
    # Scores of odd rows have no lower end; what matters is to see them left of the threshold.
    width = max(normal.max() - min(normal.min(), threshold), 1e-9)
    low = max(everything.min(), normal.max() - 4 * width)
    edges = np.linspace(low, everything.max(), _BINS + 1)
    styles = ((BLUE, "/////"), (VERMILION, None))
    for (name, group), (colour, hatch) in zip(scores.items(), styles, strict=True):
        weights = np.full(len(group), 100 / len(group))
        axes.hist(
            np.clip(group, low, None),
            bins=list(edges),
            weights=weights,
            color=colour,
            alpha=0.6,
            hatch=hatch,
            edgecolor=colour,
            label=f"{name} ({len(group)} rows)",
        )
    axes.axvline(threshold, color=GREY, linestyle="--", label=f"threshold ({threshold:.1f})")
    beyond = "; the leftmost bar holds all below" if everything.min() < low else ""
    axes.set_xlabel(f"log density of the row (nats){beyond}")
    axes.set_ylabel("share of the group (%)")
    axes.set_title("Scores: left of the threshold is flagged")
    axes.legend(frameon=False)


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
    axes.set_xlabel(columns[0])
    axes.set_ylabel(columns[1])
    axes.set_title("New rows beside those the model has seen")
    axes.legend(frameon=False)
