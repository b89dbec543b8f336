"""`fluvial score`: the score of each row, and whether it is an anomaly."""

from pathlib import Path
from typing import Annotated

import typer

from fluvial.cli import options
from fluvial.cli.destination import check_destination
from fluvial.cli.failures import say
from fluvial.cli.outcome import writing
from fluvial.cli.rows import parse_rows
from fluvial.errors import DataError
from fluvial.files.formats import file_format, input_format


def score(
    model: options.Model,
    table: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="A .csv, .tsv, .csv.gz or .parquet file, a folder of these last, or - for CSV on"
            " standard input, with the same columns.",
        ),
    ],
    output: options.TableOutput = None,
    rows: options.SelectedRows = None,
    skip_invalid: Annotated[
        bool,
        typer.Option(
            "--skip-invalid",
            help="Leave the scores of rows with missing or infinite values empty.",
        ),
    ] = False,
    reasons: Annotated[
        bool,
        typer.Option("--reasons", help="Tell for each anomaly which columns are why, as text."),
    ] = False,
    delimiter: options.DelimiterMark = None,
    decimal: options.DecimalMark = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
    no_cache: options.NoCache = False,
) -> None:
    """Score the rows of a table and flag those that do not belong.

    Writes INPUT's columns unchanged, then log_prob (the log density), score (what the model ranks
    by, higher is more normal), decision (score minus the model's threshold), p_value (how often a
    normal row is at least as strange) and is_anomaly (whether decision is negative). The summary
    goes to stdout with -o, to stderr without.
    """
    selected = parse_rows(rows)
    delimiter, decimal = options.check_marks(delimiter, decimal)
    input_format(table)
    if output is not None:
        file_format(output, role="the output")
        check_destination(output, force=force, inputs=[table, model])
        if table.resolve() in output.resolve().parents:
            raise DataError(f"{output}: lies in the folder that is read; choose another place")

    from fluvial.cli.model_file import open_detector
    from fluvial.cli.scoring import score_table
    from fluvial.compilation_cache import keep_compiled_programs
    from fluvial.files.table_file import open_table

    keep_compiled_programs(off=no_cache)
    detector, fitted = open_detector(model)
    source = open_table(table, delimiter=delimiter, decimal=decimal)
    with writing(output):
        scored = score_table(
            source,
            detector,
            fitted,
            output=output,
            rows=selected,
            skip_invalid=skip_invalid,
            replace=force,
            reasons=reasons,
        )
    moved = scored.recent.drift(detector)
    if moved is not None and moved.warned:
        say(f"fluvial: note: {moved.from_row(selected.start).in_words()}")
    summary = {
        "output": None if output is None else str(output),
        "model": str(model),
        "input": str(table),
        "rows": scored.rows,
        "skipped": scored.skipped,
        "anomalies": scored.anomalies,
        "mean_log_prob": scored.mean_log_prob,
        "threshold": float(detector.offset_),
        "drift": None if moved is None else moved.warned,
        "unknown_columns": scored.unknown_columns,
        "seconds": round(scored.seconds, 3),
    }
    options.print_summary(summary, as_json=as_json, to_stderr=output is None)
