"""`fluvial score`: the log density of each row, and whether it is an anomaly."""

import time
from pathlib import Path
from typing import Annotated

import typer

from fluvial.cli import options
from fluvial.cli.destination import check_destination
from fluvial.cli.rows import parse_rows
from fluvial.files.formats import file_format


def score(
    model: options.Model,
    table: Annotated[
        Path, typer.Argument(metavar="INPUT", help="A .csv or .parquet file with the same columns.")
    ],
    output: options.TableOutput = None,
    rows: options.SelectedRows = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
    no_cache: options.NoCache = False,
) -> None:
    """Score the rows of a table and flag those that do not belong.

    Writes INPUT's columns unchanged, then log_prob (higher is more normal), decision (log_prob
    minus the model's threshold) and is_anomaly (whether decision is negative). The summary goes
    to stdout with -o, to stderr without.
    """
    selected = parse_rows(rows)
    file_format(table, role="a table")
    if output is not None:
        file_format(output, role="the output")
        check_destination(output, force=force, inputs=[table, model])

    from fluvial.cli.compilation_cache import keep_compiled_programs
    from fluvial.cli.model_file import open_detector
    from fluvial.cli.selection import match_columns
    from fluvial.files.numeric import numeric_columns
    from fluvial.files.table_file import read_table_file
    from fluvial.files.table_output import write_table
    from fluvial.files.text_cells import guess_types

    keep_compiled_programs(off=no_cache)
    detector, fitted = open_detector(model)
    source = read_table_file(table)
    features, unknown = match_columns(
        table, source.header, features=fitted.features, left_out=fitted.left_out
    )
    source = source.select_rows(selected)
    numbers = numeric_columns(
        source, features, advice="the model uses this column: correct or remove those rows"
    )
    start = time.perf_counter()
    log_prob = detector.score_samples(numbers)
    seconds = time.perf_counter() - start
    decision = log_prob - detector.offset_
    is_anomaly = decision < 0
    # A CSV file's cells stay the text they are; a Parquet file needs types.
    typed = source.is_text and output is not None and output.suffix.lower() == ".parquet"
    scored = guess_types(source, parsed=numbers) if typed else source.columns
    scored = scored.append_column("log_prob", [log_prob])
    scored = scored.append_column("decision", [decision])
    scored = scored.append_column("is_anomaly", [is_anomaly])
    write_table(scored, output)
    summary = {
        "output": None if output is None else str(output),
        "model": str(model),
        "input": str(table),
        "rows": source.n_rows,
        "anomalies": int(is_anomaly.sum()),
        "mean_log_prob": float(log_prob.mean()),
        "threshold": float(detector.offset_),
        "unknown_columns": unknown,
        "seconds": round(seconds, 3),
    }
    options.print_summary(summary, as_json=as_json, to_stderr=output is None)
