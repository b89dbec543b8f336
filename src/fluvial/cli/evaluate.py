"""`fluvial evaluate`: what alarms are worth on labelled rows, or densities on any rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fluvial.cli import cost_options, options
from fluvial.cli.cost_options import COSTS, given, known_costs
from fluvial.cli.destination import check_destination
from fluvial.cli.failures import bad_option
from fluvial.cli.outcome import writing
from fluvial.cli.rows import parse_rows
from fluvial.errors import DataError
from fluvial.files.formats import input_format

if TYPE_CHECKING:
    from fluvial.anomaly import Evaluation
    from fluvial.cli.model_file import FittedModel
    from fluvial.estimators import FlowSynthesizer
    from fluvial.evaluation import DensityReport
    from fluvial.files.row_range import RowRange

SHOWN = 5
"""Columns that are told of, those that differ most."""


def evaluate(
    model: options.Model,
    table: Annotated[
        Path,
        typer.Argument(
            metavar="DATA", help="Rows that were not fitted to; labelled ones in the order of time."
        ),
    ],
    label: Annotated[
        str | None,
        typer.Option(
            "--label",
            metavar="COLUMN",
            help="The column of labels: 0 for normal rows. Without it the density is judged.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Also write all that was found, with the verdict, as JSON: a .json file.",
        ),
    ] = None,
    training: Annotated[
        Path | None,
        typer.Option(
            "--training",
            metavar="TRAIN",
            help="The rows that the model was fitted to, to look for copies of them.",
        ),
    ] = None,
    false_alarm: cost_options.FalseAlarm = None,
    miss: cost_options.Miss = None,
    tolerance: cost_options.Tolerance = None,
    time: cost_options.Time = None,
    prevalence: cost_options.Prevalence = None,
    count: cost_options.Count = None,
    rows: options.SelectedRows = None,
    delimiter: options.DelimiterMark = None,
    decimal: options.DecimalMark = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
    no_cache: options.NoCache = False,
) -> None:
    """Judge a model on rows that it was not fitted to.

    With --label its scores and threshold: prints the area under the ROC curve, the average
    precision, the cost, the confusion and the delay of each labelled stretch, with 95 % intervals
    by a bootstrap of blocks in time. Costs that are not given are those that the model's threshold
    was chosen by, else 1, without tolerance.

    Without --label its density and samples, of a conditional one given the columns of its
    condition or the column of classes: prints how likely the rows are, beside samples of the model
    itself, whether they lie where it says, how well trees and distances tell samples from
    them, beside what halves of the rows give, in which columns, whether latents are normal where
    the model is one flow, with --training whether samples are copies, and a verdict.
    """
    selected = parse_rows(rows)
    delimiter, decimal = options.check_marks(delimiter, decimal)
    input_format(table)
    if output is not None:
        _check_output(output, force=force, inputs=[model, table, training or table])
    if training is not None:
        input_format(training)

    from fluvial.anomaly import CostModel
    from fluvial.cli.labelled import read_labelled
    from fluvial.cli.model_file import open_detector
    from fluvial.compilation_cache import keep_compiled_programs

    keep_compiled_programs(off=no_cache)
    costs_given = given(
        false_alarm=false_alarm,
        miss=miss,
        tolerance=tolerance,
        prevalence=prevalence,
        count=count,
    )
    if label is None:
        if costs_given or time is not None:
            raise typer.BadParameter(
                "costs and times need the column of labels", param_hint="--label"
            )
        marks = {"delimiter": delimiter, "decimal": decimal}
        found = _judged(model, table, training, rows=selected, **marks)
        where = {"model": str(model), "input": str(table)}
        _tell(where, found.to_json(), _density(found), output, replace=force, as_json=as_json)
        return
    if training is not None:
        bad_option("--training", "looks for copies among samples, without --label")
    detector, fitted = open_detector(model)
    known = known_costs(detector.threshold_.details, time=time, tolerance=tolerance)
    costs = known | costs_given
    read = read_labelled(
        table,
        fitted,
        label=label,
        time=time,
        rows=selected,
        delimiter=delimiter,
        decimal=decimal,
    )
    result = detector.evaluate(
        read.numbers,
        read.labels,
        condition=read.condition,
        cost_model=CostModel(**costs),
        times=read.times,
    )
    before = {
        "model": str(model),
        "input": str(table),
        "threshold": float(detector.offset_),
    }
    after = {f"cost_{name}": costs.get(name) for name in COSTS}
    whole, shown = (_told(result, read.first_row, whole=whole) | after for whole in (True, False))
    _tell(before, whole, shown, output, replace=force, as_json=as_json)


def _judged(
    model: Path, table: Path, training: Path | None, *, rows: RowRange, **marks: str | None
) -> DensityReport:
    """Judge the density of a model file on the rows of a file."""
    from fluvial.cli.model_file import open_density
    from fluvial.evaluation import evaluate_density

    fitted, synthesizer = open_density(model)
    numbers, condition = _with_condition(table, fitted, synthesizer, rows=rows, **marks)
    seen = of_seen = None
    if training is not None:
        seen, of_seen = _with_condition(training, fitted, synthesizer, **marks)
    return evaluate_density(
        fitted.density,
        numbers,
        condition=condition,
        training=seen,
        training_condition=of_seen,
    )


def _with_condition(
    path: Path, fitted: FittedModel, synthesizer: FlowSynthesizer | None, **settings: Any
) -> tuple[Any, Any]:
    """Return the rows of a file, and what the density is given of them; None where it is nothing.

    Args:
        path: the file.
        fitted: the density.
        synthesizer: knows the classes that are the density's condition, if they are.
        settings: of `read_labelled`.
    """
    from fluvial.cli.labelled import read_labelled

    if synthesizer is None:
        read = read_labelled(path, fitted, **settings)
        return read.numbers, read.condition
    read = read_labelled(path, fitted, classes=synthesizer.class_name, **settings)
    try:
        return read.numbers, synthesizer.condition_of(read.classes)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _check_output(output: Path, *, force: bool, inputs: list[Path]) -> None:
    if output.suffix.lower() != ".json":
        bad_option("--output", f"{output} must end in .json")
    check_destination(output, force=force, inputs=inputs)


def _tell(
    where: dict[str, Any],
    whole: dict[str, Any],
    shown: dict[str, Any],
    output: Path | None,
    *,
    replace: bool,
    as_json: bool,
) -> None:
    """Write what was found, where a file was named, and print it.

    Args:
        where: which model and rows it is of.
        whole: what JSON tells.
        shown: what lines of text tell.
        output: the file, or None.
        replace: whether a file that exists is replaced.
        as_json: whether JSON is printed.
    """
    if output is not None:
        from fluvial.artifacts import atomic_path

        text = json.dumps(where | whole, allow_nan=False, ensure_ascii=True, indent=1)
        with writing(output), atomic_path(output, replace=replace) as path:
            path.write_text(text + "\n", encoding="utf-8")
    where = {"output": None if output is None else str(output)} | where
    options.print_summary(where | (whole if as_json else shown), as_json=as_json)


def _told(result: Evaluation, first_row: int, *, whole: bool) -> dict[str, Any]:
    """What was found, with the rows as the file counts them; whole for JSON, else for people."""
    told = result.to_json()
    for each in told["detections"]:
        for name in ("start", "stop", "first_alarm"):
            each[name] = None if each[name] is None else each[name] + first_row
    if whole:
        return told
    found = told.pop("detections")
    del told["intervals"]
    for name, ends in result.intervals.items():
        shown = "" if ends is None else f" ({ends[0]:.4g} to {ends[1]:.4g})"
        told[name] = f"{told[name]:.4g}{shown}"
    told["stretches"] = [_line(each) for each in found]
    return told


def _line(detection: dict[str, Any]) -> str:
    where = f"{detection['start']}:{detection['stop']}"
    if detection["delay"] is None:
        return f"{where} missed"
    return f"{where} after {detection['delay']:g}"


def _density(found: DensityReport) -> dict[str, Any]:
    """What held-out rows tell of a density, for people."""
    covered = found.coverage
    inside = zip(covered.levels, covered.shares, covered.by_chance, strict=True)
    worst = sorted(found.columns, key=lambda column: column[3])[:SHOWN]
    return {
        "rows": found.rows,
        "log_prob": str(found.log_prob),
        "of samples": str(found.own),
        "coverage": ", ".join(
            f"{share:.1%} of {level:.0%} (+- {chance:.1%})" for level, share, chance in inside
        ),
        **{each.name: str(each).removeprefix(f"{each.name}: ") for each in found.comparisons},
        "columns": [
            f"{name} KS {ks:.3f} (by chance {chance:.3f}, p = {p:.3g})"
            for name, ks, chance, p in worst
        ],
        **({} if found.latents is None else {"latents": str(found.latents)}),
        **({} if found.copies is None else {"copies": str(found.copies)}),
        "verdict": found.verdict,
    }
