"""Options that several verbs share, and the summary that each prints."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from fluvial.cli import outcome
from fluvial.cli.failures import bad_option
from fluvial.cli.streams import nobody_reads_stdout
from fluvial.errors import printable

TableOutput = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="A .csv, .tsv, .csv.gz or .parquet file; otherwise CSV on stdout.",
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(metavar="NAMES", help="Only these columns; repeatable, or with commas."),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(metavar="NAMES", help="Not these columns; repeatable, or with commas."),
]
DelimiterMark = Annotated[
    str | None,
    typer.Option(
        "--delimiter",
        metavar="CHAR",
        help="What separates the cells of INPUT, such as ';' or tab; else found by looking.",
    ),
]
DecimalMark = Annotated[
    str | None,
    typer.Option(
        "--decimal", metavar="CHAR", help="INPUT's decimal mark, . or ,; else found by looking."
    ),
]
SelectedRows = Annotated[
    str | None,
    typer.Option(
        "--rows",
        metavar="START:STOP",
        help="Only these data rows: from START, counted from 0, to before STOP.",
    ),
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, max=2**32 - 1, help="The seed of all randomness.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace an output file that exists.")]
NoCache = Annotated[
    bool,
    typer.Option("--no-cache", help="Keep no compiled programs in the user's cache folder."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as one line of JSON.")]
_MARKS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "space": " ", "pipe": "|"}
Model = Annotated[Path, typer.Argument(metavar="MODEL", help="A model file written by fit.")]


def check_marks(delimiter: str | None, decimal: str | None) -> tuple[str | None, str | None]:
    """Read the values of `--delimiter` and `--decimal`.

    Raises:
        typer.BadParameter: where they are no such marks.
    """
    if decimal not in (None, ".", ","):
        bad_option("--decimal", f"{decimal!r} is neither . nor ,")
    if delimiter is None:
        return None, decimal
    mark = _MARKS.get(delimiter.lower(), delimiter)
    if len(mark) != 1 or not mark.isascii() or mark.isalnum() or mark in '"\r\n+-.\0':
        bad_option("--delimiter", f"{delimiter!r} is not one character such as , ; | or tab")
    return mark, decimal


def print_summary(summary: dict[str, Any], *, as_json: bool, to_stderr: bool = False) -> None:
    """Print what a verb did, as lines of text or as one line of JSON with the same keys.

    Args:
        summary: JSON values by key.
        as_json: whether for machines.
        to_stderr: where stdout carries a table already.

    Raises:
        OSError: where stdout takes no more. One that was closed at the start is nobody's, and does
            not matter where the result is in a file.
    """
    if nobody_reads_stdout() and outcome.so_far() and not to_stderr:
        return
    stream = sys.stderr if to_stderr else sys.stdout
    if as_json:
        print(json.dumps(summary, allow_nan=False), file=stream)
        return
    width = max(map(len, summary))
    for key, value in summary.items():
        print(f"{key:<{width}}  {printable(_as_text(value))}", file=stream)


def _as_text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(str(item) or repr("") for item in value) if value else "-"
    return str(value)
