"""`fluvial score`: the score of each row, and whether it is an anomaly."""

from pathlib import Path
from typing import Annotated

import typer

from fluvial.cli import options
from fluvial.cli.destination import check_destination
from fluvial.cli.failures import bad_option, say
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
    normal row is at least as strange) and is_anomaly (whether decision is negative). A model with a
    condition reads its columns from INPUT, too. A model that has no threshold adds log_prob alone,
    a DensityRatio log_ratio; one of windows leaves the first rows of INPUT, where no window ends,
    empty. The summary goes to stdout with -o, to stderr without.
    """
    selected = parse_rows(rows)
    delimiter, decimal = options.check_marks(delimiter, decimal)
    input_format(table)
    if output is not None:
        file_format(output, role="the output")
        check_destination(output, force=force, inputs=[table, model])
        if table.resolve() in output.resolve().parents:
            raise DataError(f"{output}: lies in the folder that is read; choose another place")

    from fluvial.cli.model_file import open_scorer
    from fluvial.cli.scorers import DetectorScorer, scorer_of
    from fluvial.cli.scoring import score_table
    from fluvial.compilation_cache import keep_compiled_programs
    from fluvial.estimators import FlowAnomalyDetector
    from fluvial.files.table_file import open_table

    keep_compiled_programs(off=no_cache)
    fitted = open_scorer(model)
    estimator = fitted.estimator
    detector = estimator if isinstance(estimator, FlowAnomalyDetector) else None
    if reasons and detector is None:
        bad_option("--reasons", "the model has no threshold, by which rows would be anomalies")
    scorer = scorer_of(fitted, reasons=reasons)
    source = open_table(table, delimiter=delimiter, decimal=decimal)
    with writing(output):
        scored = score_table(
            source,
            scorer,
            fitted,
            output=output,
            rows=selected,
            skip_invalid=skip_invalid,
            replace=force,
        )
    moved = None
    if isinstance(scorer, DetectorScorer):
        moved = scorer.recent.drift(fitted, scorer.detector)
    if moved is not None and moved.warned:
        say(f"fluvial: note: {moved.from_row(selected.start + fitted.window - 1).in_words()}")
    summary = {
        "output": None if output is None else str(output),
        "model": str(model),
        "input": str(table),
        "rows": scored.rows,
        "skipped": scored.skipped,
        "anomalies": scorer.anomalies,
        f"mean_{scorer.averaged}": scored.mean,
        "threshold": None if detector is None else float(detector.offset_),
        "drift": None if moved is None else moved.warned,
        "unknown_columns": scored.unknown_columns,
        "seconds": round(scored.seconds, 3),
    }
    options.print_summary(summary, as_json=as_json, to_stderr=output is None)
