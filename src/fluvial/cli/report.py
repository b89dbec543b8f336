"""`fluvial report`: what a model says of a table, as one page and as JSON."""

from pathlib import Path
from typing import Annotated, Any

import typer

from fluvial.cli import cost_options, options
from fluvial.cli.cost_options import given, known_costs
from fluvial.cli.destination import check_destination
from fluvial.cli.failures import bad_option
from fluvial.cli.outcome import writing
from fluvial.cli.rows import parse_rows
from fluvial.files.formats import STANDARD_INPUT, input_format, without_format
from fluvial.files.page import json_beside


def report(
    model: options.Model,
    table: Annotated[
        Path, typer.Argument(metavar="DATA", help="The rows, as for score, in the order of time.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The page, which ends in .html; else DATA's name with .html.",
        ),
    ] = None,
    label: cost_options.Label = None,
    time: Annotated[
        str | None,
        typer.Option(
            "--time", metavar="COLUMN", help="The column of times, numbers or dates, of the rows."
        ),
    ] = None,
    false_alarm: cost_options.FalseAlarm = None,
    miss: cost_options.Miss = None,
    tolerance: cost_options.Tolerance = None,
    prevalence: cost_options.Prevalence = None,
    count: cost_options.Count = None,
    rows: options.SelectedRows = None,
    delimiter: options.DelimiterMark = None,
    decimal: options.DecimalMark = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
    no_cache: options.NoCache = False,
) -> None:
    """Write what a model says of a table: a page for people, and beside it JSON for machines.

    The page holds all that it needs, figures included, and loads nothing: a verdict in words, the
    scores and the threshold, the strangest rows with their reasons, drift, the columns, and what
    the model is and promises. With --label also what the alarms are worth. Costs that are not given
    are those that the model's threshold was chosen by, else 1, without tolerance.
    """
    selected = parse_rows(rows)
    delimiter, decimal = options.check_marks(delimiter, decimal)
    input_format(table)
    costs_given = given(
        false_alarm=false_alarm,
        miss=miss,
        tolerance=tolerance,
        prevalence=prevalence,
        count=count,
    )
    if label is None and costs_given:
        bad_option("--label", "costs need the column of labels")
    path = _beside(table) if output is None else output
    beside = json_beside(path)
    for each in (path, beside):
        check_destination(each, force=force, inputs=[table, model])

    from fluvial.anomaly import CostModel
    from fluvial.cli.labelled import read_labelled
    from fluvial.cli.model_file import open_detector
    from fluvial.compilation_cache import keep_compiled_programs
    from fluvial.report import ModelCard, examine, to_json, write_report

    keep_compiled_programs(off=no_cache)
    detector, fitted = open_detector(model)
    read = read_labelled(
        table,
        fitted,
        label=label,
        time=time,
        rows=selected,
        delimiter=delimiter,
        decimal=decimal,
    )
    card = ModelCard.of(
        detector,
        file=model.name,
        sha256=fitted.sha256,
        libraries=fitted.libraries,
        window=fitted.window,
    )
    known = {}
    if label is not None:
        known = known_costs(detector.threshold_.details, time=time, tolerance=tolerance)
    found = examine(
        detector,
        read.numbers,
        read.labels,
        times=read.times,
        cost_model=CostModel(**(known | costs_given)),
        card=card,
        table=table.name,
        first_row=read.first_row,
    )
    with writing(path):
        write_report(found, path, replace=force)
    told = to_json(found)
    summary = {"output": str(path), "json": str(beside), "model": str(model), "input": str(table)}
    options.print_summary(summary | _summary(told), as_json=as_json)


def _summary(told: dict[str, Any]) -> dict[str, Any]:
    """Return of what the JSON holds what a terminal shows."""
    kept = {name: told[name] for name in ("rows", "flagged", "expected_false_alarms")}
    kept["drift"] = None if told["drift"] is None else told["drift"]["warned"]
    if told["evaluation"] is not None:
        kept |= {name: told["evaluation"][name] for name in ("auroc", "average_precision", "cost")}
    return kept | {"verdict": " ".join(told["verdict"])}


def _beside(table: Path) -> Path:
    """The page that belongs to a table by its name."""
    if table == STANDARD_INPUT:
        bad_option("-o", "a table on standard input has no name for the report: give one")
    whole = without_format(table.resolve() if table.name in ("", "..") else table)
    return whole.with_name(whole.name + ".html")
