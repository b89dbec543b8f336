"""The figures of a report."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from fluvial import plots
from fluvial.errors import printable
from fluvial.report.drawing import drawn
from fluvial.report.elements import Markup
from fluvial.report.examination import Report

WIDE, THIRD = (10.0, 3.2), (4.4, 3.4)
"""Sizes in inches."""

MOST_DATES = 8
"""Dates beside an axis."""


class Picture(NamedTuple):
    """A figure with what is said of it.

    Attributes:
        name: for links to it.
        title: in a few words.
        caption: how it is read.
        svg: the drawing.
        is_wide: whether it takes the whole width of a page.
    """

    name: str
    title: str
    caption: str
    svg: Markup
    is_wide: bool = False


def pictures(report: Report) -> Iterator[Picture]:
    """Yield the figures of scores that a report has something to show in."""
    yield _signal(report)
    yield _histogram(report)
    if report.is_anomaly is not None:
        yield _cost(report)
    if report.p_values is not None:
        yield _calibration(report)
    if report.drift is not None and report.drift.course:
        yield _wealth(report)
    if report.card.history is not None:
        yield _history(report)


def pictures_of_pairs(report: Report) -> list[Picture]:
    """Return a figure for each pair of columns that are reasons of alarms."""
    return [_pair(report, *pair) for pair in report.pairs]


def _signal(report: Report) -> Picture:
    index = _index(report)

    def draw(axes: Axes) -> None:
        labels = None if report.is_anomaly is None else report.is_anomaly.astype(int)
        plots.signal(index, -report.scores, labels, -report.threshold, ax=axes)
        axes.set_ylabel("anomaly score")
        _name_rows(axes, index, report)

    shaded = " Shaded stretches are labelled as anomalies." if report.is_anomaly is not None else ""
    caption = f"Rows above the dashed line are flagged.{shaded}"
    title = "Scores in the order of the rows"
    return Picture("signal", title, caption, drawn(draw, size=WIDE), is_wide=True)


def _index(report: Report) -> np.ndarray:
    """Return the time of each row, else its place in the table."""
    if report.times is not None:
        return report.times
    return np.arange(len(report.scores)) + report.first_row


def _name_rows(axes: Axes, index: np.ndarray, report: Report) -> None:
    axes.set_xlabel("row" if report.times is None else "time")
    if index.dtype.kind == "M":
        dates = AutoDateLocator(maxticks=MOST_DATES)
        axes.xaxis.set_major_locator(dates)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(dates))


def _histogram(report: Report) -> Picture:
    groups = {"calibration": report.normal} if len(report.normal) else {}
    if report.is_anomaly is None:
        groups["this table"] = report.scores
    else:
        groups["labelled normal"] = report.scores[~report.is_anomaly]
        groups["labelled anomalies"] = report.scores[report.is_anomaly]

    def draw(axes: Axes) -> None:
        plots.score_histogram(groups, report.threshold, ax=axes)

    caption = "Rows right of the dashed line are flagged."
    return Picture("scores", "How the scores are spread", caption, drawn(draw, size=THIRD))


def _cost(report: Report) -> Picture:
    def draw(axes: Axes) -> None:
        plots.threshold_cost(
            report.scores,
            report.is_anomaly,  # pyright: ignore[reportArgumentType]
            cost_model=report.cost_model,
            threshold=report.threshold,
            times=report.times,
            ax=axes,
        )

    caption = (
        "What every threshold costs on these labelled rows; one that is chosen by them looks "
        "better here than on later ones."
    )
    return Picture("cost", "What thresholds cost", caption, drawn(draw, size=THIRD))


def _calibration(report: Report) -> Picture:
    p_values = np.asarray(report.p_values)
    if report.is_anomaly is not None:
        p_values = p_values[~report.is_anomaly]

    def draw(axes: Axes) -> None:
        plots.calibration(p_values, ax=axes)
        if report.is_anomaly is None:
            axes.set_ylabel("share of rows at or below it")

    if report.is_anomaly is None:
        which = (
            "All rows of the table, be they normal or not: anomalies lift the curve on the left."
        )
    else:
        which = "Of the rows labelled as normal."
    caption = f"{which} On or below the diagonal, p-values keep what they promise."
    return Picture("calibration", "Are p-values what they say?", caption, drawn(draw, size=THIRD))


def _wealth(report: Report) -> Picture:
    found, index = report.drift, _index(report)

    def draw(axes: Axes) -> None:
        plots.drift(found, index, ax=axes)  # pyright: ignore[reportArgumentType]
        _name_rows(axes, index, report)

    caption = (
        "A gambler bets against the rows that are not flagged being like the calibration rows. "
        "Where nothing moves, the wealth ever reaches the dashed line, at 100 times the stake, "
        "with a probability of 1 % at most."
    )
    title = "Has normal moved?"
    return Picture("drift", title, caption, drawn(draw, size=WIDE), is_wide=True)


def _history(report: Report) -> Picture:
    def draw(axes: Axes) -> None:
        plots.training_history(report.card.history, ax=axes)

    caption = "Losses of the flow in each epoch; of a mixture's, that of the largest weight."
    return Picture("training", "Training", caption, drawn(draw, size=THIRD))


def _pair(report: Report, first: int, second: int) -> Picture:
    flagged = report.rows[report.flagged]
    normal = report.rows[~report.flagged] if report.training is None else report.training
    kind = "not flagged" if report.training is None else "training"
    names = [printable(report.names[place]) for place in (first, second)]

    def draw(axes: Axes) -> None:
        plots.pair(
            normal if len(normal) else flagged,
            flagged,
            columns=(first, second),
            labels=(kind, "flagged"),
            ax=axes,
        )
        # A dollar would begin a formula.
        axes.set_xlabel(names[0].replace("$", r"\$"))
        axes.set_ylabel(names[1].replace("$", r"\$"))

    title = f"{names[0]} and {names[1]}"
    caption = "Columns that are reasons of the alarms above."
    return Picture(f"pair-{first}-{second}", title, caption, drawn(draw, size=THIRD))
