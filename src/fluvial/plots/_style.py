"""Colours, axes and rows: what all figures share."""

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from fluvial.errors import ShapeError

# Okabe and Ito's palette: told apart with every common kind of colour blindness, in grey, and on
# a light and on a dark page.
BLUE, VERMILION, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#808080"
FAR = 100.0
"""Widths of the bulk of some values beyond which a scale is logarithmic far from zero."""

HEAT = "viridis"
"""The colour map of densities."""


def axes_or_new(ax: Axes | None, figsize: tuple[float, float] = (6, 4.5)) -> Axes:
    """Return the axes, or those of a new figure."""
    if ax is not None:
        return ax
    return new_axes(1, figsize)[0]


def new_axes(n: int, figsize: tuple[float, float], n_columns: int | None = None) -> list[Axes]:
    """Return the axes of a new figure, row by row; those that are too many are not shown."""
    from matplotlib import pyplot

    across = n if n_columns is None else min(n, n_columns)
    down = -(-n // across)
    figure, axes = pyplot.subplots(down, across, figsize=figsize, squeeze=False)
    figure.set_layout_engine("constrained")
    for unused in axes.flat[n:]:
        unused.set_visible(False)
    return list(axes.flat[:n])


def several_axes(axes: Sequence[Axes] | None, n: int, figsize: tuple[float, float]) -> list[Axes]:
    """Return n axes that were given, or those of a new figure.

    Raises:
        ShapeError: where another number was given.
    """
    if axes is None:
        return new_axes(n, figsize)
    given = list(np.ravel(np.asarray(axes, object)))
    if len(given) != n:
        raise ShapeError(f"axes must hold {n} axes, but hold {len(given)}")
    return given


def checked_rows(rows: Any, name: str, *, columns: int | None = None) -> np.ndarray:
    """Return rows (n, D) in float64, without those that hold NaN or infinities.

    Raises:
        ShapeError: where they are not two-dimensional, or not of that many columns.
    """
    values = np.asarray(rows, np.float64)
    if values.ndim != 2 or (columns is not None and values.shape[1] != columns):
        wanted = "(n, D)" if columns is None else f"(n, {columns})"
        raise ShapeError(f"{name} must have shape {wanted}, but has shape {values.shape}")
    return values[np.isfinite(values).all(axis=1)]


def column_names(rows: Any, n: int) -> list[str]:
    """Return the names of a table's columns, else x0, x1 and so on."""
    names = nw.from_native(rows).columns if is_table(rows) else []
    return [str(name) for name in names] if len(names) == n else [f"x{j}" for j in range(n)]


def is_table(rows: Any) -> bool:
    """Return whether rows are a pandas, polars or pyarrow table, whose columns have names."""
    return isinstance(nw.from_native(rows, pass_through=True), nw.DataFrame)


def range_of(*groups: ArrayLike, margin: float = 0.08) -> tuple[float, float]:
    """Return the range of numbers with a margin, a share of its width."""
    low = min(float(np.min(group)) for group in groups)
    high = max(float(np.max(group)) for group in groups)
    more = margin * (high - low) or 1.0
    return low - more, high + more


def linear_to(strangeness: np.ndarray) -> float | None:
    """Return where a scale should turn logarithmic, for a few values far above all others.

    Args:
        strangeness: (n,), finite; most values near each other, others above them.

    Returns:
        A power of ten, for matplotlib's scale "symlog"; None where a linear scale shows all.
    """
    low, middle = np.quantile(strangeness, [0.05, 0.5])
    bulk = max(2 * float(middle - low), float(np.finfo(np.float64).tiny))
    if strangeness.max() - middle <= FAR * bulk:
        return None
    return float(10.0 ** np.ceil(np.log10(max(abs(float(middle)), bulk))))
