"""`fluvial fit`: learn the distribution of a table."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from fluvial.cli import options
from fluvial.cli.destination import check_destination
from fluvial.cli.failures import bad_option
from fluvial.cli.rows import Rows, parse_rows
from fluvial.cli.table_file import file_format, read_names, read_table
from fluvial.errors import DataError

_TRAINING = "Training"
_FLOW = "Flow"


def fit(
    table: Annotated[
        Path, typer.Argument(metavar="INPUT", help="A .csv or .parquet file of numbers.")
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
    columns: Annotated[
        list[str] | None,
        typer.Option(metavar="NAMES", help="Only these columns; repeatable, or with commas."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="NAMES", help="Not these columns; repeatable, or with commas."),
    ] = None,
    rows: options.RowRange = None,
    seed: options.Seed = 0,
    contamination: Annotated[
        float | None,
        typer.Option(help="Flag this share of the rows given, in (0, 0.5]; else about 1 %."),
    ] = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    flow: Annotated[
        str | None,
        typer.Option(
            help="The recipe: neural_spline_flow, maf, iaf, real_nvp or nice.",
            rich_help_panel=_FLOW,
        ),
    ] = None,
    n_layers: Annotated[int | None, typer.Option(min=1, rich_help_panel=_FLOW)] = None,
    hidden_sizes: Annotated[
        str | None,
        typer.Option(
            metavar="N,N",
            help="Units in each hidden layer, such as 128,128.",
            rich_help_panel=_FLOW,
        ),
    ] = None,
    n_bins: Annotated[
        int | None, typer.Option(min=2, help="Bins of a spline.", rich_help_panel=_FLOW)
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, rich_help_panel=_TRAINING)] = None,
    max_epochs: Annotated[int | None, typer.Option(min=1, rich_help_panel=_TRAINING)] = None,
    max_seconds: Annotated[float | None, typer.Option(rich_help_panel=_TRAINING)] = None,
    learning_rate: Annotated[float | None, typer.Option(rich_help_panel=_TRAINING)] = None,
    validation_fraction: Annotated[
        float | None,
        typer.Option(help="Share of rows held out, in [0, 1).", rich_help_panel=_TRAINING),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            min=1, help="Epochs without progress before stopping.", rich_help_panel=_TRAINING
        ),
    ] = None,
) -> None:
    """Learn the distribution of a table and write it to a model file.

    The file serves score, sample and info.
    """
    settings = {
        "flow": flow if flow is None else flow.replace("-", "_"),
        "n_layers": n_layers,
        "hidden_sizes": options.parse_sizes(hidden_sizes),
        "n_bins": n_bins,
        "batch_size": batch_size,
        "max_epochs": max_epochs,
        "max_seconds": _positive("--max-seconds", max_seconds),
        "learning_rate": _positive("--learning-rate", learning_rate),
        "validation_fraction": _fraction("--validation-fraction", validation_fraction),
        "patience": patience,
        "contamination": _contamination(contamination),
    }
    selected = parse_rows(rows)
    file_format(table, role="a table")
    path = table.with_suffix(".fluvial") if output is None else output
    check_destination(path, force=force, inputs=[table])
    summary = _fit_file(
        table,
        path,
        columns=columns,
        exclude=exclude,
        rows=selected,
        settings={name: value for name, value in settings.items() if value is not None}
        | {"random_state": seed, "verbose": 0 if quiet else 1},
    )
    options.print_summary(summary, as_json=as_json)


def _fit_file(
    table: Path,
    path: Path,
    *,
    columns: list[str] | None,
    exclude: list[str] | None,
    rows: Rows,
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Read, fit and save; give the summary."""
    from fluvial.cli.numeric import numeric_columns
    from fluvial.cli.selection import choose_columns

    kept, left_out = choose_columns(table, read_names(table), columns=columns, exclude=exclude)
    selected = read_table(table, columns=kept).select_rows(rows)
    if selected.n_rows < 2:
        raise DataError(f"{table}: one data row is not enough to fit; give two or more")
    numbers = numeric_columns(
        selected,
        kept,
        advice="correct or remove those rows, or leave the column out with --exclude {name}",
    )
    from fluvial.cli.description import describe
    from fluvial.cli.model_file import save_model  # late, since JAX comes with it
    from fluvial.estimators import FlowAnomalyDetector

    start = time.perf_counter()
    detector = FlowAnomalyDetector(**settings).fit(numbers)
    seconds = time.perf_counter() - start
    save_model(detector, path, left_out=left_out)
    return {**describe(path), "seconds": round(seconds, 3)}


def _positive(option: str, value: float | None) -> float | None:
    if value is not None and not 0 < value < float("inf"):
        bad_option(option, f"{value} is not a positive number")
    return value


def _fraction(option: str, value: float | None) -> float | None:
    if value is not None and not 0 <= value < 1:
        bad_option(option, f"{value} is not in the range 0 <= x < 1")
    return value


def _contamination(value: float | None) -> float | None:
    if value is not None and not 0 < value <= 0.5:
        bad_option("--contamination", f"{value} is not in the range 0 < x <= 0.5")
    return value
