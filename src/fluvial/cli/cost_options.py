"""The options by which verbs say what errors cost."""

from typing import Annotated, Any

import typer

from fluvial.cli.failures import bad_option

Label = Annotated[
    str | None,
    typer.Option(
        "--label", metavar="COLUMN", help="The column of labels: 0 for normal rows, else anomalies."
    ),
]
FalseAlarm = Annotated[
    float | None, typer.Option("--false-alarm", metavar="COST", help="Cost of a false alarm: 1.")
]
Miss = Annotated[
    float | None, typer.Option("--miss", metavar="COST", help="Cost of a missed anomaly: 1.")
]
Tolerance = Annotated[
    float | None,
    typer.Option(
        "--tolerance",
        metavar="N",
        help="How far an alarm may be from an anomaly, in rows or by --time: 0.",
    ),
]
Time = Annotated[
    str | None,
    typer.Option(
        "--time", metavar="COLUMN", help="The column of times, for --tolerance; dates in seconds."
    ),
]
Prevalence = Annotated[
    float | None,
    typer.Option("--prevalence", metavar="P", help="Share of anomalies where the model is used."),
]
Count = Annotated[
    str | None,
    typer.Option("--count", metavar="UNIT", help="What is counted: rows (default) or stretches."),
]


COSTS = ("false_alarm", "miss", "tolerance", "prevalence", "count")
"""What a cost model is made of."""


def given(**values: Any) -> dict[str, Any]:
    """Return the options that were given."""
    return {name: value for name, value in values.items() if value is not None}


def known_costs(
    details: dict[str, Any], *, time: str | None, tolerance: float | None
) -> dict[str, Any]:
    """Return the costs that a threshold was chosen by; those of single rows are not kept.

    Args:
        details: of the threshold.
        time: the value of `--time`.
        tolerance: the value of `--tolerance`.

    Raises:
        typer.BadParameter: where the tolerance of then counts something else than that of now.
    """
    if tolerance is None and details.get("tolerance"):
        _check_unit(details, time)
    kept = {name: details[name] for name in COSTS if details.get(name) is not None}
    return {k: v for k, v in kept.items() if k == "count" or not isinstance(v, str)}


def _check_unit(details: dict[str, Any], time: str | None) -> None:
    """Refuse a tolerance of rows with times, and one of times without."""
    from fluvial.anomaly.setting import OF_ROWS, OF_TIMES, UNIT

    unit, chosen_by = details.get(UNIT), f"{details['tolerance']:g}"
    if time is None and unit == OF_TIMES:
        bad_option(
            "--tolerance",
            f"the threshold was chosen with {chosen_by} in the unit of a column of times (seconds "
            "for dates): give --time COLUMN, or --tolerance in rows",
        )
    if time is not None and unit != OF_TIMES:
        what = f"{chosen_by} rows" if unit == OF_ROWS else f"{chosen_by}, which may be of rows"
        bad_option(
            "--tolerance",
            f"with --time it must be given: the threshold was chosen with {what}",
        )
