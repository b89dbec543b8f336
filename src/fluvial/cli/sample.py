"""`fluvial sample`: new rows like those a model was fitted to."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from fluvial.cli import options
from fluvial.cli.destination import check_destination
from fluvial.cli.outcome import writing
from fluvial.files.formats import file_format

if TYPE_CHECKING:
    import pyarrow as pa

    from fluvial.cli.model_file import FittedModel


def sample(
    model: options.Model,
    n_samples: Annotated[
        int, typer.Option("--n-samples", "-n", min=1, metavar="N", help="How many rows.")
    ],
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
    Without --seed every call draws other rows and the summary tells the seed that repeats them.
    The summary goes to stdout with -o, to stderr without.
    """
    if output is not None:
        file_format(output, role="the output")
        check_destination(output, force=force, inputs=[model])

    from fluvial.cli.model_file import open_model
    from fluvial.compilation_cache import keep_compiled_programs
    from fluvial.files.table_output import table_writer

    keep_compiled_programs(off=no_cache)
    fitted = open_model(model)
    used_seed = secrets.randbits(32) if seed is None else seed
    seconds = 0.0
    with writing(output), table_writer(output, replace=force) as write:
        start = time.perf_counter()
        for table in _drawn(fitted, n_samples, seed=used_seed, raw=raw):
            seconds += time.perf_counter() - start
            write(table)
            start = time.perf_counter()
    summary = {
        "output": None if output is None else str(output),
        "model": str(model),
        "rows": n_samples,
        "columns": len(fitted.output_names),
        "seed": used_seed,
        "seconds": round(seconds, 3),
    }
    options.print_summary(summary, as_json=as_json, to_stderr=output is None)


def _drawn(fitted: FittedModel, n: int, *, seed: int, raw: bool) -> Iterator[pa.Table]:
    """The rows that the estimator itself would draw, with the types of the fitted columns."""
    import numpy as np
    import pyarrow as pa

    from fluvial.estimators.density import sampling_seed
    from fluvial.files.blocks import rows_a_block
    from fluvial.files.column_types import typed_column

    density = fitted.density.table_density_
    rounded = density.lattice is not None and not raw
    types = density.schema.types if rounded else ["float64"] * density.schema.n_columns
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
