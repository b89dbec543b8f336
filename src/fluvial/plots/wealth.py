"""How the evidence grew that normal rows have moved."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from fluvial.anomaly.drift import FALSE_WARNING, Drift
from fluvial.errors import DataError, ShapeError
from fluvial.plots._style import BLUE, GREY, VERMILION, axes_or_new

LINEAR_TO = 10.0
"""Nats beyond which the scale turns logarithmic where there are many more."""


def drift(found: Drift, index: Any = None, *, ax: Axes | None = None) -> Axes:
    """Draw the log wealth of bets against rows that have not moved, and where it warns.

    Args:
        found: of `detector.drift(X)`.
        index: (n,) times or numbers of the rows that were looked at; None counts them.
        ax: the axes to draw on; None makes a new figure.

    Returns:
        The axes: the wealth starts at 1, whose logarithm is 0, and warns at 100. The scale is
        logarithmic far up where it has grown to much more.

    Raises:
        DataError: where all rows were flagged, so that nothing was bet on.
        ShapeError: where there is not one entry of the index for each row.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(200, 2))
        >>> detector = fluvial.FlowAnomalyDetector(random_state=0).fit(rows)
        >>> drift(detector.drift(rows[:50] + 2)).get_ylabel()
        'log wealth (nats)'
    """
    if not found.course:
        raise DataError(
            "there is no course of wealth to draw: no row took part, as all are flagged"
        )
    rows = np.arange(found.n_rows) if index is None else np.asarray(index)
    if rows.shape != (found.n_rows,):
        raise ShapeError(f"index has shape {rows.shape}, but {found.n_rows} rows were looked at")
    axes = axes_or_new(ax, (10, 3.5))
    places, wealth = (np.array(each) for each in zip(*found.course, strict=True))
    surely = -np.log(FALSE_WARNING)
    if wealth.max() > 10 * LINEAR_TO:
        axes.set_yscale("symlog", linthresh=LINEAR_TO)
    axes.plot(rows[places], wealth, color=BLUE, linewidth=1.2, label="log wealth")
    axes.axhline(surely, color=GREY, linestyle="--", label=f"warning ({FALSE_WARNING:.0%})")
    if found.since is not None:
        axes.axvline(rows[found.since], color=VERMILION, linestyle=":", label="moved since")
    if found.row is not None:
        axes.scatter(
            rows[[found.row]], [found.evidence], s=24, color=VERMILION, zorder=3, label="sure"
        )
    axes.set_xlabel("row" if np.issubdtype(rows.dtype, np.integer) else "index")
    axes.set_ylabel("log wealth (nats)")
    axes.legend(frameon=False, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.18))
    return axes
