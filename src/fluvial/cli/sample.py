"""`fluvial sample`: new rows like those a model was fitted to."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluvial.cli import options
from fluvial.cli.destination import check_destination
from fluvial.cli.failures import bad_option
from fluvial.cli.outcome import writing
from fluvial.errors import listed
from fluvial.files.formats import file_format, input_format

if TYPE_CHECKING:
    import pyarrow as pa

    from fluvial.cli.model_file import FittedModel
    from fluvial.estimators import FlowSynthesizer

MISSING = "how many rows to draw is missing"


def sample(
    model: options.Model,
    n_samples: Annotated[
        int | None,
        typer.Option(
            "--n-samples", "-n", min=1, metavar="N", help="How many rows; given rows, for each."
        ),
    ] = None,
    condition: Annotated[
        Path | None,
        typer.Option(
            metavar="TABLE",
            help="For a model with a condition: rows that hold it; one is drawn for each.",
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS", help="For a model with labels: the class that all rows are of."
        ),
    ] = None,
    output: options.TableOutput = None,
    seed: options.Seed = None,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="The density's own rows: integers and truth values unrounded."),
    ] = False,
    force: options.Force = False,
    as_json: options.AsJson = False,
    no_cache: options.NoCache = False,
) -> None:
    """Draw new rows from a model.

    Columns that held integers or truth values hold such again, within the bounds that they had.
    A model that was fitted with --condition needs the table of conditions to draw rows for, and
    writes these beside what it draws. A model with labels draws rows of all classes, or of --label.
    Without --seed every call draws other rows and the summary tells the seed that repeats them. The
    summary goes to stdout with -o, to stderr without.
    """
    if condition is not None:
        input_format(condition)
    if output is not None:
        file_format(output, role="the output")
        inputs = [model] if condition is None else [model, condition]
        check_destination(output, force=force, inputs=inputs)

    from fluvial.cli.model_file import FittedModel, open_estimator, refuse_ratio
    from fluvial.compilation_cache import keep_compiled_programs
    from fluvial.files.table_output import table_writer

    keep_compiled_programs(off=no_cache)
    found = open_estimator(model)
    used_seed = secrets.randbits(32) if seed is None else seed
    if isinstance(found, FittedModel):
        refuse_ratio(found, model)
        if label is not None:
            bad_option("--label", "the model was fitted without labels")
        tables = _tables(found, n_samples, condition, seed=used_seed, raw=raw)
    else:
        _refuse(condition=condition is not None, raw=raw)
        tables = _synthetic(found, n_samples, label, seed=used_seed)
    seconds, n_rows, n_columns = 0.0, 0, 0
    with writing(output), table_writer(output, replace=force) as write:
        start = time.perf_counter()
        for table in tables:
            seconds += time.perf_counter() - start
            write(table)
            n_rows, n_columns = n_rows + table.num_rows, table.num_columns
            start = time.perf_counter()
    summary = {
        "output": None if output is None else str(output),
        "model": str(model),
        "rows": n_rows,
        "columns": n_columns,
        "seed": used_seed,
        "seconds": round(seconds, 3),
    }
    options.print_summary(summary, as_json=as_json, to_stderr=output is None)


def _synthetic(
    synthesizer: FlowSynthesizer, n_samples: int | None, label: str | None, *, seed: int
) -> Iterator[pa.Table]:
    """Draw the rows of a synthesizer, of the class that reads like the label.

    Raises:
        typer.BadParameter: where the number of rows is missing, or there is no such class.
    """
    if n_samples is None:
        bad_option("-n", MISSING)
    if label is None:
        return synthesizer.sample_tables(n_samples, seed)
    classes = {str(value): value for value in synthesizer.classes_ or ()}
    if label not in classes:
        known = f"the classes are {listed(list(classes))}" if classes else "it has no labels"
        bad_option("--label", f"the model knows no class {label!r}; {known}")
    return synthesizer.sample_tables(n_samples, seed, label=classes[label])


def _refuse(**useless: bool) -> None:
    """Refuse options that a synthesizer has no use for."""
    for name, is_given in useless.items():
        if is_given:
            bad_option(f"--{name}", "is not for a model that a FlowSynthesizer saved")


def _tables(
    fitted: FittedModel, n_samples: int | None, condition: Path | None, *, seed: int, raw: bool
) -> Iterator[pa.Table]:
    """Check how many rows are asked for, or given what, and draw them some at a time.

    Raises:
        typer.BadParameter: where what the model needs is missing, or what it has no use for given.
    """
    if not fitted.condition:
        if condition is not None:
            bad_option("--condition", "the model was fitted without one; give -n N alone")
        if n_samples is None:
            bad_option("-n", MISSING)
        return _drawn(fitted, n_samples, seed=seed, raw=raw)
    if condition is None:
        bad_option(
            "--condition",
            f"the model draws rows given {listed(fitted.condition)}: name a table that holds these",
        )
    from fluvial.cli.conditional_samples import drawn_given
    from fluvial.files.table_file import open_table

    return drawn_given(fitted, open_table(condition), n_samples or 1, seed=seed, raw=raw)


def _drawn(fitted: FittedModel, n: int, *, seed: int, raw: bool) -> Iterator[pa.Table]:
    """The rows that the estimator itself would draw, with the types of the fitted columns."""
    import numpy as np
    import pyarrow as pa

    from fluvial.estimators.density import sampling_seed
    from fluvial.files.blocks import rows_a_block
    from fluvial.files.column_types import typed_column

    density = fitted.density.table_density_
    types = fitted.output_types(raw=raw)
    enough = rows_a_block(len(types))
    blocks, n_waiting = [], 0
    for block in density.samples(n, seed=sampling_seed(seed), raw=raw):
        blocks.append(block)
        n_waiting += len(block)
        n -= len(block)
        if n_waiting >= enough or not n:
            columns = np.concatenate(blocks).T
            arrays = [typed_column(c, kind) for c, kind in zip(columns, types, strict=True)]
            yield pa.table(arrays, names=fitted.output_names)
            blocks, n_waiting = [], 0
