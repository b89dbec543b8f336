"""Data against samples, column by column and pair by pair."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from fluvial.errors import ShapeError, listed
from fluvial.plots._style import (
    BLUE,
    HEAT,
    VERMILION,
    axes_or_new,
    checked_rows,
    column_names,
    is_table,
    new_axes,
    range_of,
)

MOST_COLUMNS = 8
"""Columns of a corner plot where none are chosen."""

MOST_POINTS = 2_000
"""Rows drawn in a panel; of more some are left out at random."""


def pair(
    data: Any,
    samples: Any = None,
    *,
    columns: tuple[int, int] = (0, 1),
    labels: tuple[str, str] = ("data", "samples"),
    scores: ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw two columns of data, and of samples over them.

    Args:
        data: (n, D) rows, an array or a table.
        samples: (m, D) rows of the same columns, or None; those of two tables are matched by name.
        columns: the numbers of the two.
        labels: what the legend calls data and samples.
        scores: (n,), a score of each row of data, which its colour tells; the lowest are drawn on
            top. None draws all in one colour.
        ax: the axes to draw on; None makes a new figure.

    Returns:
        The axes.

    Raises:
        ShapeError: where the two differ in columns, have no such columns, or there is not one score
            for each row of data.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(50, 3))
        >>> pair(rows, rows + 1, columns=(0, 2)).get_ylabel()
        'x2'
    """
    names, groups = _groups(data, samples, labels)
    _check_columns(columns, len(names))
    if scores is not None:
        scores = _checked_scores(scores, len(groups[0][1]))
    axes = axes_or_new(ax, (5, 5))
    if scores is not None:
        _scatter_scored(axes, groups.pop(0)[1], columns, scores)
    _scatter(axes, groups, columns)
    axes.set_xlabel(names[columns[0]])
    axes.set_ylabel(names[columns[1]])
    if len(groups) > 1 or (groups and scores is not None):
        axes.legend(frameon=False, markerscale=3)
    return axes


def corner(
    data: Any,
    samples: Any = None,
    *,
    columns: Sequence[int] | None = None,
    ax: Sequence[Axes] | np.ndarray | None = None,
) -> np.ndarray:
    """Draw every pair of columns below the diagonal, and their histograms on it.

    Args:
        data: (n, D) rows, an array or a table.
        samples: (m, D) rows of the same columns, or None; those of two tables are matched by name.
        columns: the numbers of those to draw; None: the first eight.
        ax: k * k axes for k columns; None makes a new figure.

    Returns:
        The axes, (k, k); those above the diagonal are not shown.

    Raises:
        ShapeError: where the two differ in columns, or axes are not k * k.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(50, 3))
        >>> corner(rows, rows + 1).shape
        (3, 3)
    """
    names, groups = _groups(data, samples)
    chosen = list(range(min(len(names), MOST_COLUMNS))) if columns is None else list(columns)
    _check_columns(chosen, len(names))
    k = len(chosen)
    given = new_axes(k * k, (1.9 * k + 1, 1.9 * k + 1), n_columns=k) if ax is None else ax
    axes = np.ravel(np.asarray(given, object))
    if len(axes) != k * k:
        raise ShapeError(f"{k} columns need {k * k} axes, but got {len(axes)}")
    axes = axes.reshape(k, k)
    for row in range(k):
        for column in range(k):
            _panel(axes[row, column], groups, chosen, row, column, names)
    if len(groups) > 1:
        handles, labels = axes[0, 0].get_legend_handles_labels()
        axes[0, 0].figure.legend(handles, labels, frameon=False, loc="upper right")
    return axes


def _panel(
    axes: Axes,
    groups: Sequence[tuple[str, np.ndarray, str]],
    chosen: Sequence[int],
    row: int,
    column: int,
    names: Sequence[str],
) -> None:
    if column > row:
        axes.set_visible(False)
        return
    j, i = chosen[column], chosen[row]
    limits = range_of(*(rows[:, j] for _, rows, _ in groups))
    if row == column:
        edges = list(np.linspace(*limits, 31))
        for label, rows, colour in groups:
            axes.hist(rows[:, j], edges, density=True, histtype="step", color=colour, label=label)
        axes.set_yticks([])
    else:
        _scatter(axes, groups, (j, i))
        axes.set_ylim(*range_of(*(rows[:, i] for _, rows, _ in groups)))
    axes.set_xlim(*limits)
    last = row == len(chosen) - 1
    axes.set_xlabel(names[j] if last else "")
    axes.set_ylabel(names[i] if column == 0 and row > 0 else "")
    axes.tick_params(labelbottom=last, labelleft=column == 0 and row > 0)


def _groups(
    data: Any, samples: Any, labels: tuple[str, str] = ("data", "samples")
) -> tuple[list[str], list[tuple[str, np.ndarray, str]]]:
    rows = checked_rows(data, "data")
    groups = [(labels[0], rows, BLUE)]
    if samples is not None:
        drawn = checked_rows(samples, "samples", columns=rows.shape[1])
        groups.append((labels[1], drawn[:, _places(data, samples, rows.shape[1])], VERMILION))
    return column_names(data, rows.shape[1]), groups


def _places(data: Any, samples: Any, n: int) -> list[int]:
    """Return where the n columns of the data are in the samples: by name where both have names."""
    if not (is_table(data) and is_table(samples)):
        return list(range(n))
    names, others = column_names(data, n), column_names(samples, n)
    if set(names) != set(others):
        raise ShapeError(f"data have the columns {listed(names)}, but samples {listed(others)}")
    return [others.index(name) for name in names]


def _check_columns(columns: Sequence[int], n: int) -> None:
    wrong = [column for column in columns if not 0 <= column < n]
    if wrong or not columns:
        raise ShapeError(f"columns must lie in 0...{n - 1}, but are {list(columns)}")


def _scatter(
    axes: Axes, groups: Sequence[tuple[str, np.ndarray, str]], columns: tuple[int, int]
) -> None:
    rng = np.random.default_rng(0)
    for label, rows, colour in groups:
        shown = rows[np.sort(rng.permutation(len(rows))[:MOST_POINTS])]
        axes.scatter(
            shown[:, columns[0]], shown[:, columns[1]], s=6, color=colour, alpha=0.4,
            linewidths=0, label=label,
        )  # fmt: skip


def _checked_scores(scores: ArrayLike, n: int) -> np.ndarray:
    values = np.asarray(scores, np.float64)
    if values.shape != (n,):
        raise ShapeError(f"{n} rows of data need {n} scores, but these have shape {values.shape}")
    return values


def _scatter_scored(
    axes: Axes, rows: np.ndarray, columns: tuple[int, int], scores: np.ndarray
) -> None:
    shown = np.random.default_rng(0).permutation(len(rows))[:MOST_POINTS]
    shown = shown[np.argsort(-scores[shown], kind="stable")]
    points = axes.scatter(
        rows[shown, columns[0]], rows[shown, columns[1]], s=8, c=scores[shown], cmap=HEAT,
        linewidths=0,
    )  # fmt: skip
    axes.figure.colorbar(points, ax=axes, label="score")
