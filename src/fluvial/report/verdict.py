"""The findings of a report, in sentences."""

from collections.abc import Iterator, Sequence

from fluvial.anomaly import Drift, Evaluation
from fluvial.errors import listed
from fluvial.report.ranges import ColumnRange

MANY_OUTSIDE = 0.01
"""The share of rows outside a column's range from which it is told of."""


def verdict(
    n: int,
    n_flagged: int,
    *,
    expected_share: float | None,
    drift: Drift | None,
    evaluation: Evaluation | None,
    quiet_cost: float | None,
    ranges: Sequence[ColumnRange],
    window: int = 1,
) -> list[str]:
    """Return what a reader should know first.

    Args:
        n: how many rows there are.
        n_flagged: how many of them are flagged.
        expected_share: of normal rows that is flagged at most; None where unknown.
        drift: of the rows; None where unknown.
        evaluation: by labels; None without.
        quiet_cost: what no alarm at all would cost; None without labels.
        ranges: of the columns.
        window: rows of a window that the model was fitted to.

    Examples:
        >>> print(*verdict(200, 9, expected_share=0.01, drift=None, evaluation=None,
        ...                quiet_cost=None, ranges=[]), sep="\\n")
        9 of 200 rows are flagged (4.5%).
        Were all of them normal, 2 false alarms would be expected at most (1%).
        The model has too few rows to tell whether normal has moved.
    """
    return [
        f"{n_flagged:,} of {n:,} rows are flagged ({_percent(n_flagged / n)}).",
        _expected(n, expected_share),
        _moved(drift),
        *_of_windows(window),
        *([] if evaluation is None else _judged(evaluation, quiet_cost)),
        *_outside(ranges),
    ]


def _expected(n: int, share: float | None) -> str:
    if share is None:
        return "The model has too few calibration rows to tell how many false alarms to expect."
    return (
        f"Were all of them normal, {rough(share * n)} false alarms would be expected at most "
        f"({_percent(share)})."
    )


def _of_windows(window: int) -> list[str]:
    if window == 1:
        return []
    return [
        f"Rows are judged in windows of {window:,}, which overlap: expected false alarms and drift "
        "are a guide alone."
    ]


def rough(number: float) -> str:
    """Return an expected number of rows in words.

    Examples:
        >>> rough(0.0123), rough(1.54), rough(1234.5)
        ('0.012', '1.5', '1,234')
    """
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def _moved(drift: Drift | None) -> str:
    if drift is None:
        return "The model has too few rows to tell whether normal has moved."
    words = drift.in_words()
    return f"{words[0].upper()}{words[1:]}."


def _judged(evaluation: Evaluation, quiet_cost: float | None) -> Iterator[str]:
    figures = " and ".join(
        f"{name} of {getattr(evaluation, key):.3f}{_interval(evaluation, key)}"
        for name, key in (("an AUROC", "auroc"), ("an average precision", "average_precision"))
    )
    yield f"By the labels, scores rank with {figures}."
    found, missed = evaluation.confusion["true_alarms"], evaluation.confusion["missed"]
    detected = sum(each.first_alarm is not None for each in evaluation.detections)
    yield (
        f"At the threshold {found:,} of {found + missed:,} labelled rows are flagged, in "
        f"{detected:,} of {len(evaluation.detections):,} stretches, and "
        f"{evaluation.confusion['false_alarms']:,} normal ones. Errors cost {evaluation.cost:,.6g}"
        + ("." if quiet_cost is None else f"; no alarm at all would cost {quiet_cost:,.6g}.")
    )


def _interval(evaluation: Evaluation, name: str) -> str:
    ends = evaluation.intervals[name]
    return "" if ends is None else f" ({ends[0]:.3f} to {ends[1]:.3f})"


def _outside(ranges: Sequence[ColumnRange]) -> list[str]:
    found = [each for each in ranges if (each.share_outside or 0) >= MANY_OUTSIDE]
    if not found:
        return []
    found.sort(key=lambda each: -(each.share_outside or 0))
    names = listed([each.name for each in found])
    verb = "one column" if len(found) == 1 else f"{len(found)} columns"
    return [f"In {verb} 1 % of the rows or more lie outside the range of training: {names}."]


def _percent(share: float) -> str:
    return f"{100 * share:.2g}%" if share < 0.1 else f"{share:.1%}"
