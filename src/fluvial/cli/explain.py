"""`fluvial explain`: why rows are flagged."""

from pathlib import Path
from typing import Annotated

import typer

from fluvial.cli import options
from fluvial.cli.rows import parse_rows
from fluvial.files.formats import input_format

MOST_COLUMNS = 3
"""Columns that the text names for each row."""


def explain(
    model: options.Model,
    table: Annotated[Path, typer.Argument(metavar="ROWS", help="The rows, as for score.")],
    method: Annotated[
        str,
        typer.Option("--method", metavar="NAME", help="leave_out (default), surprise or path."),
    ] = "leave_out",
    rows: options.SelectedRows = None,
    delimiter: options.DelimiterMark = None,
    decimal: options.DecimalMark = None,
    as_json: options.AsJson = False,
    no_cache: options.NoCache = False,
) -> None:
    """Tell for each flagged row which columns are why, and what would be normal there.

    With --json, all columns with their parts, their normal values and the scores that the row would
    have with them.
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
    found = detector.explain(read.numbers, condition=read.condition, method=method)
    summary = {
        "model": str(model),
        "input": str(table),
        "rows": read.numbers.num_rows,
        "anomalies": len(found),
        "threshold": float(detector.offset_),
        "method": method,
    }
    if as_json:
        told = [each.to_json() | {"row": each.row + read.first_row} for each in found]
        options.print_summary(summary | {"explanations": told}, as_json=True)
        return
    lines = {
        f"row {each.row + read.first_row}": f"score {each.score:.6g}: {each.in_words(MOST_COLUMNS)}"
        for each in found
    }
    options.print_summary(summary | lines, as_json=False)
