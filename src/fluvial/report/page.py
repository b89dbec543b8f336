"""The page of a report."""

from collections.abc import Iterator
from typing import Any

from fluvial.errors import listed
from fluvial.report.elements import Markup, element, joined, table
from fluvial.report.examination import Report
from fluvial.report.figures import Picture, pictures, pictures_of_pairs
from fluvial.report.ranges import ColumnRange
from fluvial.report.style import STYLE
from fluvial.report.verdict import rough

FIRST_COLUMNS = 15
"""Columns that are shown at once; the others are unfolded."""

MOST_REASONS = 3
"""Columns that are named as reasons of an alarm."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a browser may load: nothing that is not in the page."""


def page(report: Report) -> str:
    """Return a report as HTML that needs nothing beside it.

    Args:
        report: what is told.

    Returns:
        The page: no script, no link, nothing from a network; all text of the table's is escaped.
    """
    title = f"{report.table}: {int(report.flagged.sum()):,} of {len(report.scores):,} rows flagged"
    head = joined(
        [
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=POLICY),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("title", title),
            element("style", Markup(STYLE)),
        ]
    )
    body = joined(
        [
            _head(report),
            *_figures(report),
            *_alarms(report),
            *_drift(report),
            *_columns(report),
            *_card(report),
        ]
    )
    whole = element("html", element("head", head), element("body", body), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n"


def _head(report: Report) -> Markup:
    model = report.card.file or "a detector"
    return element(
        "header",
        element("h1", f"Anomalies in {report.table}"),
        element("p", f"As told by {model}", class_="muted"),
        element("ul", *(element("li", each) for each in report.verdict), class_="verdict"),
        element("div", *_tiles(report), class_="tiles"),
    )


def _tiles(report: Report) -> Iterator[Markup]:
    n_flagged = int(report.flagged.sum())
    yield _tile(f"{len(report.scores):,}", "rows")
    yield _tile(f"{n_flagged:,}", "flagged", is_alarm=n_flagged > 0)
    if report.expected_share is not None:
        expected = rough(report.expected_share * len(report.scores))
        yield _tile(expected, "false alarms expected at most")
    if report.drift is not None:
        moved = report.drift.warned
        yield _tile("moved" if moved else "steady", "normal rows", is_alarm=moved)
    if report.evaluation is not None:
        yield _tile(f"{report.evaluation.auroc:.3f}", "AUROC")
        yield _tile(f"{report.evaluation.average_precision:.3f}", "average precision")
        yield _tile(f"{report.evaluation.cost:,.6g}", "cost of errors")


def _tile(value: str, what: str, *, is_alarm: bool = False) -> Markup:
    return element("div", element("b", value), what, class_="tile alarm" if is_alarm else "tile")


def _figures(report: Report) -> Iterator[Markup]:
    yield element("h2", "Scores")
    yield element("div", *map(_figure, pictures(report)), class_="figures")


def _figure(picture: Picture) -> Markup:
    return element(
        "figure",
        element("h3", picture.title),
        element("div", picture.svg, class_="scroll", role="img", aria_label=picture.title),
        element("figcaption", picture.caption),
        class_="wide" if picture.is_wide else None,
        id=picture.name,
    )


def _alarms(report: Report) -> Iterator[Markup]:
    yield element("h2", "Alarms and their reasons")
    if not report.alarms:
        why = "No row is flagged." if not report.n_alarms else "The model cannot tell reasons."
        yield element("p", why)
        return
    shown = f"Of {report.n_alarms:,} stretches of flagged rows the {len(report.alarms)} strangest, "
    if len(report.alarms) == report.n_alarms:
        shown = "Every stretch of flagged rows, "
    yield element("p", f"{shown}each told by its strangest row.", class_="muted")
    has_times = report.times is not None
    head = ["rows", "strangest", *(["time"] if has_times else []), "score"]
    lines = []
    for alarm in report.alarms:
        row, first = alarm.explanation.row, report.first_row
        stretch = f"{alarm.start + first}–{alarm.stop - 1 + first}"
        if alarm.stop - alarm.start == 1:
            stretch = str(alarm.start + first)
        lines.append(
            [
                stretch,
                row + first,
                *([element("span", report.when(row), class_="time")] if has_times else []),
                f"{alarm.explanation.score:.5g}",
                element("div", alarm.explanation.in_words(MOST_REASONS), class_="reason"),
            ]
        )
    yield table([*head, "reasons"], lines, numbers=(0, 1, 2 + has_times), is_stacked=True)
    drawn = pictures_of_pairs(report)
    if drawn:
        yield element("div", *map(_figure, drawn), class_="figures", style="margin-top: 1.25rem")


def _drift(report: Report) -> Iterator[Markup]:
    if report.drift is None or not report.drift.columns:
        return
    yield element("h2", "Columns that have moved")
    yield element(
        "p",
        "Rows that are not flagged, beside the calibration rows: how sure it is that a column has "
        "moved, and by how many robust standard deviations its median has.",
        class_="muted",
    )
    lines = [[c.name, f"{c.evidence:,.0f}", f"{c.shift:+.2g}"] for c in report.drift.columns]
    head = ["column", "evidence (nats)", "shift"]
    yield from _folded(head, lines, numbers=(1, 2))


def _columns(report: Report) -> Iterator[Markup]:
    yield element("h2", "Columns")
    known = report.training is not None
    if known:
        n = len(report.training)  # pyright: ignore[reportArgumentType]
        note = f"Ranges here and in {n:,} training rows that the model keeps; those first of which "
        yield element("p", f"{note}most rows lie outside.", class_="muted")
    ordered = sorted(report.ranges, key=lambda each: -(each.share_outside or 0))
    head = ["column", "lowest", "highest"]
    if known:
        head += ["lowest in training", "highest in training", "outside"]
    yield from _folded(head, [_range(each) for each in ordered], numbers=range(1, len(head)))


def _range(column: ColumnRange) -> list[str]:
    told = [column.name, f"{column.low:.6g}", f"{column.high:.6g}"]
    if column.share_outside is None:
        return told
    ends = [f"{column.training_low:.6g}", f"{column.training_high:.6g}"]
    return [*told, *ends, f"{column.share_outside:.1%}"]


def _folded(head: list[str], lines: list[list[str]], *, numbers: Any) -> Iterator[Markup]:
    """Yield a table of the first lines, and one of the others that is unfolded."""
    yield table(head, lines[:FIRST_COLUMNS], numbers=numbers)
    rest = lines[FIRST_COLUMNS:]
    if rest:
        more = element("summary", f"{len(rest)} more")
        yield element("details", more, table(head, rest, numbers=numbers))


def _card(report: Report) -> Iterator[Markup]:
    card, threshold = report.card, report.card.threshold
    yield element("h2", "The model")
    details = {k: v for k, v in threshold["details"].items() if v is not None}
    chosen = ", ".join(
        f"{name} {value:.6g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in details.items()
    )
    calibration = "too few rows"
    if card.calibration_rows:
        calibration = f"{card.calibration_rows:,} {card.calibration_source}"
    facts = {
        "file": card.file,
        "SHA-256": card.sha256,
        "fitted to": f"{card.rows:,} rows of {card.columns:,} columns",
        "ranks by": card.score,
        "threshold": f"{threshold['value']:.6g}, by {threshold['method']!r} of "
        f"{threshold['n_rows']:,} {threshold['source']}" + (f" ({chosen})" if chosen else ""),
        "calibrated with": calibration,
        "written with": ", ".join(f"{name} {each}" for name, each in card.libraries.items()),
        "columns": listed(list(report.names)),
    }
    told = [(key, value) for key, value in facts.items() if value is not None]
    yield element("dl", *(each for k, v in told for each in (element("dt", k), element("dd", v))))
    done = element("pre", _lines(card.summary))
    yield element("details", element("summary", "What fit did"), done)
    yield element("h2", "What is assumed")
    yield element("ul", *(element("li", each) for each in report.card.promises))


def _lines(text: str) -> Markup:
    """Return lines, each escaped by itself, so that their ends stay."""
    return Markup("\n".join(element("span", line) for line in text.splitlines()))
