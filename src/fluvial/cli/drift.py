"""`fluvial drift`: whether normal rows have moved since a model was calibrated."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from fluvial.cli import options
from fluvial.cli.rows import parse_rows
from fluvial.files.formats import input_format


def drift(
    model: options.Model,
    table: Annotated[Path, typer.Argument(metavar="NEW", help="Later rows, in the order of time.")],
    rows: options.SelectedRows = None,
    delimiter: options.DelimiterMark = None,
    decimal: options.DecimalMark = None,
    as_json: options.AsJson = False,
    no_cache: options.NoCache = False,
) -> None:
    """Tell whether rows that are not flagged have moved, since which row and in which columns.

    Where nothing moves, the probability that it ever warns is at most 1 %. Fitting again is
    suggested, never done.
    """
    selected = parse_rows(rows)
    delimiter, decimal = options.check_marks(delimiter, decimal)
    input_format(table)

    from fluvial.cli.labelled import read_labelled
    from fluvial.cli.model_file import open_detector
    from fluvial.compilation_cache import keep_compiled_programs

    keep_compiled_programs(off=no_cache)
    detector, fitted = open_detector(model)
    read = read_labelled(table, fitted, rows=selected, delimiter=delimiter, decimal=decimal)
    found = detector.drift(read.numbers, condition=read.condition).from_row(read.first_row)
    told: dict[str, Any] = asdict(found)
    told["columns"] = [column._asdict() for column in found.columns]
    if not as_json:
        told.pop("course")
        told["columns"] = [f"{c.name} ({c.shift:+.2g})" for c in found.columns]
    summary = {"model": str(model), "input": str(table), "verdict": found.in_words(), **told}
    options.print_summary(summary, as_json=as_json)
