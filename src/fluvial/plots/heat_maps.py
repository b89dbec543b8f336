"""Densities of two columns as heat maps, and their samples."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from fluvial.errors import ShapeError
from fluvial.evaluation.densities import log_prob_of
from fluvial.plots._style import (
    HEAT,
    VERMILION,
    axes_or_new,
    checked_rows,
    column_names,
    range_of,
    several_axes,
)

Limits = tuple[tuple[float, float], tuple[float, float]]

DYNAMIC_RANGE = 12.0
"""Nats below the highest density down to which a logarithmic heat map tells densities apart."""


def density_2d(
    density: Any = None,
    *,
    samples: ArrayLike | None = None,
    target: Any = None,
    limits: Limits | None = None,
    n: int = 200,
    log: bool = False,
    ax: Axes | Sequence[Axes] | None = None,
) -> Any:
    """Draw a density of two columns as a heat map, samples, or both; beside a target if given.

    Args:
        density: an estimator with `score_samples`, a flow or distribution with `log_prob`, or a
            function from rows (n, 2) to log densities (n,). None draws the samples alone.
        samples: (m, 2) rows that are drawn as points, an array or a table; the columns of a table
            are taken by the names that an estimator knows.
        target: likewise a density; two panels are drawn then, the target on the left.
        limits: the ranges of the two columns; those of the samples where there are some, else
            -4 to 4.
        n: points a side at which the density is evaluated.
        log: whether colours tell the log density, over 12 nats.
        ax: the axes to draw on, two of them with a target; None makes a new figure.

    Returns:
        The axes; two of them with a target.

    Raises:
        ShapeError: where samples have not two columns, or the axes are too few.
        DataError: where samples are a table without the estimator's columns.
        TypeError: where the density is none of the above.
        ValueError: where there is nothing to draw, or n is below 2.

    Examples:
        >>> axes = density_2d(StandardNormal(2), n=20)
        >>> axes.get_xlabel()
        'x0'
    """
    if density is None and samples is None:
        raise ValueError("give a density, samples, or both")
    if n < 2:
        raise ValueError(f"n must be at least 2, but is {n}")
    names, points = _named(density, samples)
    limits = limits or _limits(points)
    if target is None:
        if isinstance(ax, Sequence):
            raise ShapeError("without a target one axes object is drawn on, not several")
        axes = axes_or_new(ax, (5.5, 4.5))
        _panel(axes, density, points, limits, n, log, names)
        return axes
    left, right = several_axes(ax, 2, (10, 4.5))  # pyright: ignore[reportArgumentType]
    highest = _panel(left, target, None, limits, n, log, names)
    left.set_title("target")
    _panel(right, density, points, limits, n, log, names, highest)
    right.set_title("estimate" if density is not None else "samples")
    return [left, right]


def _named(density: Any, samples: Any) -> tuple[Sequence[str], np.ndarray | None]:
    """Return the names of the two columns, and the points in this order."""
    schema = getattr(density, "schema_", None)
    names = column_names(samples, 2)
    if schema is not None and schema.named:
        names = schema.names
        if samples is not None:
            samples = schema.align(samples, owner=type(density).__name__, what="samples")
    return names, None if samples is None else checked_rows(samples, "samples", columns=2)


def _limits(points: np.ndarray | None) -> Limits:
    if points is None or not len(points):
        return (-4.0, 4.0), (-4.0, 4.0)
    return range_of(points[:, 0]), range_of(points[:, 1])


def _panel(
    axes: Axes,
    density: Any,
    points: np.ndarray | None,
    limits: Limits,
    n: int,
    log: bool,
    names: Sequence[str],
    highest: float | None = None,
) -> float | None:
    """Draw one panel; return the end of the scale of colours, which a second one shares."""
    if density is not None:
        highest = _heat_map(axes, density, limits, n, log, highest)
    if points is not None:
        size = float(np.clip(3000 / max(len(points), 1), 1, 12))
        axes.scatter(*points.T, s=size, color=VERMILION, alpha=0.5, linewidths=0)
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    return highest


def _heat_map(
    axes: Axes, density: Any, limits: Limits, n: int, log: bool, highest: float | None
) -> float:
    across, up = (np.linspace(*ends, n) for ends in limits)
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    found = log_prob_of(density, grid).reshape(n, n)
    with np.errstate(over="ignore"):
        values = found if log else np.exp(found)
    if highest is None:
        finite = values[np.isfinite(values)]
        highest = float(finite.max()) if len(finite) else 1.0
    lowest = highest - DYNAMIC_RANGE if log else 0.0
    image = axes.pcolormesh(
        across, up, np.clip(values, lowest, highest), cmap=HEAT, vmin=lowest, vmax=highest,
        shading="nearest", rasterized=True,
    )  # fmt: skip
    label = "log density (nats)" if log else "density"
    axes.figure.colorbar(image, ax=axes, label=label)
    return highest
