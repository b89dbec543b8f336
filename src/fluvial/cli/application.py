"""The application: its verbs.

Nothing heavy is imported here or at the top of a verb's file, so that `fluvial --help` answers
at once; a verb imports what it needs when it runs.
"""

from typing import Annotated

import typer

from fluvial.cli.calibrate import calibrate
from fluvial.cli.compare import compare
from fluvial.cli.demo import demo
from fluvial.cli.drift import drift
from fluvial.cli.evaluate import evaluate
from fluvial.cli.explain import explain
from fluvial.cli.failures import OneLineErrors
from fluvial.cli.fit import fit
from fluvial.cli.info import info
from fluvial.cli.report import report
from fluvial.cli.sample import sample
from fluvial.cli.score import score
from fluvial.cli.threshold import threshold

app = typer.Typer(
    name="fluvial",
    cls=OneLineErrors,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
VERBS = (
    *(fit, score, threshold, evaluate, explain, drift, calibrate, report, compare),
    *(sample, info, demo),
)
for verb in VERBS:
    app.command()(verb)


def _print_version(asked: bool) -> None:
    if asked:
        from fluvial import __version__

        typer.echo(f"fluvial {__version__}")
        raise typer.Exit()


@app.callback()
def fluvial(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Learn the distribution of a table of numbers: score rows, flag odd ones, sample new ones."""
