"""`fluvial demo`: the whole job on a table that ships with scikit-learn."""

from __future__ import annotations

import contextlib
import io
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fluvial.cli import options

if TYPE_CHECKING:
    from fluvial.cli.demo_table import DemoTable

NOTE = "README.txt"
_SIGNED = "Written by `fluvial demo`."
_FILES = {
    "train": "benign-train.csv",
    "rest": "rest.csv",
    "model": "model.fluvial",
    "scored": "scored.csv",
    "sampled": "sampled.csv",
    "figure": "figure.png",
}
_FLOW = ("--flow", "neural_spline_flow", "--score", "density")
_FIT = ("--exclude", "diagnosis", *_FLOW, "--seed", "0")
_SAMPLE = ("-n", "1000", "--seed", "0")


def demo(
    context: typer.Context,
    output_dir: Annotated[
        Path, typer.Option(metavar="DIR", help="Where to write; made where it does not exist.")
    ] = Path("demo-output"),
    force: options.Force = False,
) -> None:
    """Fit, score and sample a flow on real data: tumours, 30 measurements each.

    A flow learns two thirds of the benign tumours of the breast-cancer table that ships with
    scikit-learn, scores the other benign ones and all malignant ones, and draws new rows. An
    earlier demo's files in DIR are replaced.
    """
    files = _prepare(output_dir, force=force)
    start = time.perf_counter()
    from fluvial.cli.demo_table import load_demo_table

    table = load_demo_table()
    table.write(files["train"], files["rest"])
    print(table.describe())
    commands = _commands(files)
    for arguments in commands.values():
        _run(context, arguments)
    _compare(table, files)
    _draw(table, files)
    note = _describe(files, commands)
    (output_dir / NOTE).write_text(f"{_SIGNED}\n\n{note}\n", encoding="utf-8")
    print(f"\n{note}\n\nDone in {time.perf_counter() - start:.0f} s.")


def _prepare(directory: Path, *, force: bool) -> dict[str, Path]:
    """Make the directory; refuse to replace files that no earlier demo wrote."""
    files = {role: directory / name for role, name in _FILES.items()}
    note = directory / NOTE
    ours = note.is_file() and note.read_text("utf-8", "replace").startswith(_SIGNED)
    taken = [path for path in (*files.values(), note) if path.exists()]
    if taken and not ours and not force:
        from fluvial.errors import DataError

        raise DataError(
            f"{taken[0]}: exists already and is not the demo's; use --force to replace it,"
            " or --output-dir DIR for another place"
        )
    directory.mkdir(parents=True, exist_ok=True)
    # Signed at the start, so that the next demo may clear up after one that was interrupted.
    note.write_text(f"{_SIGNED}\n", encoding="utf-8")
    return files


def _commands(files: dict[str, Path]) -> dict[str, list[str]]:
    """The command that makes each file; they are what is run, and what is shown."""
    names = {role: str(path) for role, path in files.items()}
    return {
        "model": ["fit", names["train"], *_FIT, "-o", names["model"], "--force"],
        "scored": ["score", names["model"], names["rest"], "-o", names["scored"], "--force"],
        "sampled": ["sample", names["model"], *_SAMPLE, "-o", names["sampled"], "--force"],
    }


def _shown(arguments: list[str]) -> str:
    return shlex.join(["fluvial", *arguments])


def _run(context: typer.Context, arguments: list[str]) -> None:
    """Run a verb of the application that runs the demo, in this process."""
    application: Any = context.find_root().command  # of a click that typer may carry itself
    print(f"\n$ {_shown(arguments)}", flush=True)
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        code = application.main(arguments, "fluvial", standalone_mode=False)
    if code:
        raise typer.Exit(code)
    print(f"  {time.perf_counter() - start:.1f} s", flush=True)


def _compare(table: DemoTable, files: dict[str, Path]) -> None:
    """Print how well the flow finds the malignant rows, beside two classical densities."""
    from rich.console import Console
    from rich.table import Table

    from fluvial.cli.demo_baselines import gaussian_scores, kernel_density_scores

    scored = table.read_scored(files["scored"])
    methods = {
        "Fluvial's flow": scored.log_prob,
        "kernel density": kernel_density_scores(table.train, table.rest),
        "Gaussian": gaussian_scores(table.train, table.rest),
    }
    shown = Table("density", "AUROC", "average precision", title="Finding the malignant rows")
    for name, log_prob in methods.items():
        auroc, precision = table.quality(log_prob)
        shown.add_row(name, f"{auroc:.3f}", f"{precision:.3f}")
    print()
    Console().print(shown)
    malignant = table.is_malignant
    found, false = (scored.is_anomaly & malignant).sum(), (scored.is_anomaly & ~malignant).sum()
    print(
        f"At its threshold the flow flags {found} of {malignant.sum()} malignant rows and"
        f" {false} of {(~malignant).sum()} benign rows it had not seen."
    )


def _draw(table: DemoTable, files: dict[str, Path]) -> None:
    from fluvial.plots import overview_figure

    scored = table.read_scored(files["scored"])
    columns = ("mean radius", "mean texture")
    figure = overview_figure(
        {
            "benign, unseen": scored.log_prob[~table.is_malignant],
            "malignant": scored.log_prob[table.is_malignant],
        },
        threshold=scored.threshold,
        real=table.columns_of(files["train"], columns),
        sampled=table.columns_of(files["sampled"], columns),
        columns=columns,
        title="Breast-cancer table: a flow fitted to benign tumours only",
    )
    figure.savefig(files["figure"], dpi=150)


def _describe(files: dict[str, Path], commands: dict[str, list[str]]) -> str:
    """Where everything is, and which command made it."""
    ourselves = _shown(["demo", "--output-dir", str(files["train"].parent)])
    made_by = {
        "train": f"{ourselves}  (two thirds of the benign rows)",
        "rest": f"{ourselves}  (the other benign rows and all malignant ones)",
        "figure": f"{ourselves}  (both groups' scores; sampled rows beside real ones)",
    } | {role: _shown(arguments) for role, arguments in commands.items()}
    width = max(len(str(path)) for path in files.values())
    return "\n".join(f"{path!s:<{width}}  {made_by[role]}" for role, path in files.items())
