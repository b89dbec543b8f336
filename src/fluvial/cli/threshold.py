"""`fluvial threshold`: another threshold for a model, without fitting it again."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from fluvial.cli import cost_options, options
from fluvial.cli.cost_options import given
from fluvial.cli.destination import check_destination
from fluvial.cli.failures import bad_option
from fluvial.cli.outcome import writing
from fluvial.cli.rows import parse_rows
from fluvial.errors import told
from fluvial.files.formats import input_format

VALUE = "value"
"""The method that looks at no rows."""


def threshold(
    model: options.Model,
    table: Annotated[
        Path | None,
        typer.Argument(
            metavar="[LABELLED]",
            help="Rows that the model was not fitted to; without, those that the fit left out.",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            "--method",
            metavar="NAME",
            help="cost, quantile, false_positive_rate, contamination, tail, max or value.",
        ),
    ] = "cost",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="MODEL2",
            help="The model file with the new threshold; without, it is only told.",
        ),
    ] = None,
    label: cost_options.Label = None,
    false_alarm: cost_options.FalseAlarm = None,
    miss: cost_options.Miss = None,
    tolerance: cost_options.Tolerance = None,
    time: cost_options.Time = None,
    prevalence: cost_options.Prevalence = None,
    count: cost_options.Count = None,
    prefer: Annotated[
        str | None,
        typer.Option(
            "--prefer",
            metavar="NAME",
            help="gap: of thresholds of nearly the lowest cost that in the widest gap of the"
            " scores (default); cost: the lowest cost.",
        ),
    ] = None,
    quantile: Annotated[
        float | None, typer.Option("--quantile", metavar="Q", help="For quantile: 0.01.")
    ] = None,
    false_positive_rate: Annotated[
        float | None,
        typer.Option(
            "--false-positive-rate",
            metavar="RATE",
            help="For false_positive_rate (0.01) and tail (0.001).",
        ),
    ] = None,
    contamination: Annotated[
        float | None,
        typer.Option("--contamination", metavar="C", help="For contamination: 0.1."),
    ] = None,
    value: Annotated[
        float | None, typer.Option("--value", metavar="SCORE", help="For value: the threshold.")
    ] = None,
    rows: options.SelectedRows = None,
    delimiter: options.DelimiterMark = None,
    decimal: options.DecimalMark = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
    no_cache: options.NoCache = False,
) -> None:
    """Choose another threshold for a model without fitting it again.

    Rows that score strictly below the threshold raise an alarm. With cost, LABELLED has a column of
    labels and the threshold is chosen by what errors cost there; other methods take rows without
    labels, or leave the anomalies out.
    """
    selected = parse_rows(rows)
    delimiter, decimal = options.check_marks(delimiter, decimal)
    if table is None and (label is not None or time is not None or rows is not None):
        bad_option("LABELLED", "--label, --time and --rows need a table")
    if table is not None:
        input_format(table)
    if output is not None:
        inputs = [model] if table is None else [model, table]
        check_destination(output, force=force, inputs=inputs)
    chosen = given(
        false_alarm=false_alarm,
        miss=miss,
        tolerance=tolerance,
        prevalence=prevalence,
        count=count,
        prefer=prefer,
        quantile=quantile,
        false_positive_rate=false_positive_rate,
        contamination=contamination,
        value=value,
    )

    from fluvial.cli.labelled import read_labelled
    from fluvial.cli.model_file import open_detector
    from fluvial.compilation_cache import keep_compiled_programs

    keep_compiled_programs(off=no_cache)
    detector, fitted = open_detector(model)
    _check_method(method, [*chosen, *given(times=time)], table=table, label=label)
    before = float(detector.offset_)
    numbers = condition = labels = read = None
    if table is not None and method != VALUE:
        read = read_labelled(
            table,
            fitted,
            label=label,
            time=time,
            both=method == "cost",
            rows=selected,
            delimiter=delimiter,
            decimal=decimal,
        )
        numbers, condition, labels = read.numbers, read.condition, read.labels
        chosen |= given(times=read.times)
    with nullcontext() if read is None else read.of_file():
        detector.set_threshold(method, numbers, labels, condition=condition, **chosen)
    if output is not None:
        with writing(output):
            detector.save(output, notes=fitted.notes, replace=force)
    record = detector.threshold_
    summary = {
        "output": None if output is None else str(output),
        "model": str(model),
        "input": None if read is None else str(table),
        "threshold": record.value,
        "threshold_before": before,
        "method": record.method,
        "source": record.source,
        "rows": record.n_rows,
        **record.details,
    }
    options.print_summary(summary, as_json=as_json)


def _check_method(method: str, chosen: list[str], *, table: Path | None, label: str | None) -> None:
    """Refuse a method that there is not, options that it does not take, and rows likewise.

    Args:
        method: the value of `--method`.
        chosen: the options that were given, by their names in Python.
        table: the rows.
        label: the value of `--label`.

    Raises:
        typer.BadParameter: naming the option and what the method takes.
    """
    from fluvial.anomaly.setting import METHODS, options_of

    methods = ["cost", *(name for name in METHODS if name != "cost"), VALUE]
    if method not in methods:
        bad_option(
            "--method", f"the method must be one of {', '.join(methods)}, not {told(method)}"
        )
    known = options_of(method)
    unknown = [name for name in chosen if name not in known]
    if unknown:
        takes = ", ".join(map(_option, known)) or "no options"
        bad_option(_option(unknown[0]), f"the method {method} takes {takes}, but not this")
    if method == VALUE and VALUE not in chosen:
        bad_option("--value", "the method value needs it")
    if method == "cost" and table is None:
        bad_option("LABELLED", "the method cost needs labelled rows, with --label COLUMN")
    if method == "cost" and label is None:
        bad_option("--label", "the method cost needs the column of labels of LABELLED")


def _option(name: str) -> str:
    """Return the option by which a keyword argument of Python is given."""
    return "--time" if name == "times" else "--" + name.replace("_", "-")
