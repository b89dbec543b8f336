"""`fluvial calibrate`: other rows that p-values and drift compare with."""

from pathlib import Path
from typing import Annotated

import typer

from fluvial.cli import options
from fluvial.cli.destination import check_destination
from fluvial.cli.outcome import writing
from fluvial.cli.rows import parse_rows
from fluvial.files.formats import input_format


def calibrate(
    model: options.Model,
    table: Annotated[
        Path,
        typer.Argument(metavar="NORMAL", help="Normal rows that the model was not fitted to."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="MODEL2",
            help="The calibrated model file; without, it is only told what p-values would reach.",
        ),
    ] = None,
    weighting: Annotated[
        str | None,
        typer.Option(
            "--weighting",
            metavar="NAME",
            help="density_ratio: earlier calibration rows count too, by how likely their scores"
            " are now; else NORMAL alone.",
        ),
    ] = None,
    rows: options.SelectedRows = None,
    delimiter: options.DelimiterMark = None,
    decimal: options.DecimalMark = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
    no_cache: options.NoCache = False,
) -> None:
    """Calibrate p-values anew where normal has moved, without fitting again.

    Tells the effective number of calibration rows and the smallest p-value that there can be. The
    threshold stays.
    """
    selected = parse_rows(rows)
    delimiter, decimal = options.check_marks(delimiter, decimal)
    input_format(table)
    if output is not None:
        check_destination(output, force=force, inputs=[model, table])

    from fluvial.cli.labelled import read_labelled
    from fluvial.cli.model_file import open_detector
    from fluvial.compilation_cache import keep_compiled_programs

    keep_compiled_programs(off=no_cache)
    detector, fitted = open_detector(model)
    read = read_labelled(table, fitted, rows=selected, delimiter=delimiter, decimal=decimal)
    with read.of_file():
        detector.calibrate(read.numbers, condition=read.condition, weighting=weighting)
    if output is not None:
        with writing(output):
            detector.save(output, notes=fitted.notes, replace=force)
    calibration = detector.calibrated()
    summary = {
        "output": None if output is None else str(output),
        "model": str(model),
        "input": str(table),
        "rows": read.numbers.num_rows,
        "source": calibration.source,
        "effective_rows": round(calibration.effective_size, 1),
        "smallest_p": calibration.smallest_p,
    }
    options.print_summary(summary, as_json=as_json)
