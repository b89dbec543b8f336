"""`fluvial sample`: new rows like those a model was fitted to."""

import secrets
import time
from typing import Annotated

import typer

from fluvial.cli import options
from fluvial.cli.destination import check_destination
from fluvial.files.formats import file_format


def sample(
    model: options.Model,
    n_samples: Annotated[
        int, typer.Option("--n-samples", "-n", min=1, metavar="N", help="How many rows.")
    ],
    output: options.TableOutput = None,
    seed: options.Seed = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
    no_cache: options.NoCache = False,
) -> None:
    """Draw new rows from a model.

    Without --seed every call draws other rows and the summary tells the seed that repeats them.
    The summary goes to stdout with -o, to stderr without.
    """
    if output is not None:
        file_format(output, role="the output")
        check_destination(output, force=force, inputs=[model])

    import pyarrow as pa

    from fluvial.cli.compilation_cache import keep_compiled_programs
    from fluvial.cli.model_file import open_model
    from fluvial.files.table_output import write_table

    keep_compiled_programs(off=no_cache)
    fitted = open_model(model)
    used_seed = secrets.randbits(32) if seed is None else seed
    start = time.perf_counter()
    drawn = fitted.density.sample(n_samples, random_state=used_seed)
    seconds = time.perf_counter() - start
    table = pa.table([pa.array(column) for column in drawn.T], names=fitted.output_names)
    write_table(table, output)
    summary = {
        "output": None if output is None else str(output),
        "model": str(model),
        "rows": n_samples,
        "columns": table.num_columns,
        "seed": used_seed,
        "seconds": round(seconds, 3),
    }
    options.print_summary(summary, as_json=as_json, to_stderr=output is None)
