"""`fluvial fit`: learn the distribution of a table."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fluvial.cli import checkpointing, fit_options, options, outcome
from fluvial.cli.destination import check_destination
from fluvial.cli.failures import bad_option, say
from fluvial.cli.outcome import writing
from fluvial.cli.rows import parse_rows
from fluvial.errors import DataError, TrainingInterrupted
from fluvial.files.formats import STANDARD_INPUT, input_format, without_format
from fluvial.files.row_range import RowRange

if TYPE_CHECKING:
    import pyarrow as pa

    from fluvial.densities import Checkpoint
    from fluvial.estimators.loading import Estimator

LABELLED_FLOW = "neural_spline_flow"
"""The flow given classes where none is asked for: one that is quick."""


def fit(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="A .csv, .tsv, .csv.gz or .parquet file of numbers, a folder of these last, or -"
            " for CSV on standard input.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The model file; else INPUT's name with .fluvial.",
        ),
    ] = None,
    columns: options.Columns = None,
    exclude: options.Exclude = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="How much each row counts; 2 is the row twice, 0 leaves it out. No feature.",
        ),
    ] = None,
    condition: fit_options.Condition = None,
    label: fit_options.Label = None,
    window: fit_options.Window = None,
    rows: options.SelectedRows = None,
    delimiter: options.DelimiterMark = None,
    decimal: options.DecimalMark = None,
    seed: options.Seed = 0,
    contamination: fit_options.Contamination = None,
    score: fit_options.Score = None,
    force: options.Force = False,
    checkpoint: fit_options.Checkpoints = None,
    resume: fit_options.Resume = False,
    as_json: options.AsJson = False,
    no_cache: options.NoCache = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    flow: fit_options.Recipe = None,
    n_layers: fit_options.Layers = None,
    hidden_sizes: fit_options.HiddenSizes = None,
    n_bins: fit_options.Bins = None,
    effort: fit_options.Effort = None,
    scaling: fit_options.Scaling = None,
    batch_size: fit_options.BatchSize = None,
    max_epochs: fit_options.MaxEpochs = None,
    max_seconds: fit_options.MaxSeconds = None,
    learning_rate: fit_options.LearningRate = None,
    validation_fraction: fit_options.ValidationFraction = None,
    patience: fit_options.Patience = None,
    weight_decay: fit_options.WeightDecay = None,
    min_delta: fit_options.MinDelta = None,
) -> None:
    """Learn the distribution of a table and write it to a model file.

    The file serves score, sample and info.
    """
    given = fit_options.hyperparameters_given(
        flow=flow,
        n_layers=n_layers,
        hidden_sizes=hidden_sizes,
        n_bins=n_bins,
        effort=effort,
        scaling=scaling,
        batch_size=batch_size,
        max_epochs=max_epochs,
        max_seconds=max_seconds,
        learning_rate=learning_rate,
        validation_fraction=validation_fraction,
        patience=patience,
        weight_decay=weight_decay,
        min_delta=min_delta,
        contamination=contamination,
        score=score,
    )
    if condition:
        fit_options.refuse_with_condition(given)
    if label is not None:
        fit_options.refuse_with_label(given)
        if condition or weights is not None:
            bad_option("--label", "goes neither with --condition nor with --weights")
    if window is not None and (condition or label is not None or weights is not None):
        bad_option("--window", "goes neither with --condition nor --label nor --weights")
    selected = parse_rows(rows)
    delimiter, decimal = options.check_marks(delimiter, decimal)
    input_format(table)
    path = _beside(table) if output is None else output
    check_destination(path, force=force, inputs=[table])
    _refuse_name_of_table(path)
    kept = None
    if checkpointing.check_options(checkpoint, resume=resume, max_seconds=max_seconds):
        kept = checkpointing.open_checkpoint(
            path, table, asked=bool(checkpoint), resume=resume, force=force, quiet=quiet
        )
    summary = _fit_file(
        table,
        path,
        columns=columns,
        exclude=exclude,
        weights=weights,
        condition=condition,
        label=label,
        window=1 if window is None else window,
        rows=selected,
        delimiter=delimiter,
        decimal=decimal,
        arguments=given | {"random_state": seed, "verbose": 0 if quiet else 1},
        force=force,
        no_cache=no_cache,
        checkpoint=kept,
    )
    options.print_summary(summary, as_json=as_json)


def _beside(table: Path) -> Path:
    """The model file that belongs to a table by its name."""
    if table == STANDARD_INPUT:
        bad_option("-o", "a table on standard input has no name for the model: give one")
    whole = without_format(table.resolve() if table.name in ("", "..") else table)
    return whole.with_name(whole.name + ".fluvial")


def _refuse_name_of_table(path: Path) -> None:
    """Refuse what would make a file that is no table look like one, or replace one.

    Raises:
        DataError: where the path has the extension of a table.
    """
    bare = without_format(path)
    if bare != path:
        raise DataError(
            f"{path}: is the name of a table, but fit writes a model; name it {bare.name}.fluvial"
        )


def _fit_file(
    table: Path,
    path: Path,
    *,
    columns: list[str] | None,
    exclude: list[str] | None,
    weights: str | None,
    condition: list[str] | None,
    label: str | None,
    window: int,
    rows: RowRange,
    delimiter: str | None,
    decimal: str | None,
    arguments: dict[str, Any],
    force: bool,
    no_cache: bool,
    checkpoint: Checkpoint | None,
) -> dict[str, Any]:
    """Read, fit and save; give the summary."""
    from fluvial.cli.class_column import class_column
    from fluvial.cli.selection import choose_columns, condition_columns, named_column
    from fluvial.cli.weights import weights_of
    from fluvial.files.numeric import numeric_columns
    from fluvial.files.table_file import open_table

    source = open_table(table, delimiter=delimiter, decimal=decimal)
    beside = [name for name in (weights, label) if name is not None]
    given = condition_columns(condition, source.header, apart=[*(columns or []), *beside])
    if label is not None:
        named_column("--label", label, source.header.names)
    kept, left_out = choose_columns(
        source.name,
        source.header,
        columns=columns,
        exclude=exclude,
        weights=weights,
        condition=given if label is None else [label],
    )
    needed = [*kept, *given]
    selected = source.read(rows=rows, columns=[*needed, *beside])
    if selected.n_rows < 2:
        raise DataError(f"{source.name}: one data row is not enough to fit; give two or more")
    sample_weight = None if weights is None else weights_of(selected, weights)
    numbers = numeric_columns(
        selected,
        needed,
        advice="correct or remove those rows, or leave the column out with --exclude {name}",
        counted=None if sample_weight is None else sample_weight > 0,
    )
    from fluvial.cli.description import describe
    from fluvial.cli.model_file import save_model  # late, since JAX comes with it
    from fluvial.compilation_cache import keep_compiled_programs
    from fluvial.tables import sliding_windows

    if window > 1:
        numbers = sliding_windows(numbers, window)
        if numbers.num_rows < 2:
            raise DataError(
                f"{source.name}: {selected.n_rows} rows make a single window of {window}; give more"
            )
    keep_compiled_programs(off=no_cache)
    start = time.perf_counter()
    settings: dict[str, Any] = {"checkpoint": checkpoint}
    if label is not None:
        numbers = numbers.append_column(label, class_column(selected, label))
        settings["label"] = label
    else:
        settings["sample_weight"] = sample_weight
    if given:
        settings["condition"] = numbers.select(given)
        numbers = numbers.select(kept)
    estimator = _fitted(numbers, arguments, settings)
    seconds = time.perf_counter() - start
    with writing(path):
        written = save_model(estimator, path, left_out=left_out, window=window, force=force)
    if checkpoint is not None:
        checkpoint.remove()
    return {**describe(written, path), "seconds": round(seconds, 3)}


def _fitted(numbers: pa.Table, arguments: dict[str, Any], settings: dict[str, Any]) -> Estimator:
    """Fit a detector, or a synthesizer of labelled rows.

    After Ctrl-C it is what was learned.

    Args:
        numbers: the columns to fit.
        arguments: of the estimator.
        settings: of its `fit`.

    Raises:
        KeyboardInterrupt: where nothing was.
    """
    from fluvial.estimators import FlowAnomalyDetector, FlowSynthesizer

    made, chosen = FlowAnomalyDetector, arguments
    if "condition" in settings:
        chosen = {"score": "density", **arguments}
    if "label" in settings:
        made, chosen = FlowSynthesizer, {"flow": LABELLED_FLOW, **arguments}
    try:
        return made(**chosen).fit(numbers, **settings)
    except KeyboardInterrupt as interrupted:
        if not isinstance(interrupted, TrainingInterrupted) or interrupted.flow is None:
            checkpoint = settings["checkpoint"]
            if checkpoint is not None and checkpoint.path.exists():
                outcome.keeps(checkpoint.path)
            raise
        best = interrupted.flow
    epoch = getattr(best, "density_", best).history_.best_epoch
    say(f"fluvial: interrupted; keeping the best model so far, of epoch {epoch}")
    return best
