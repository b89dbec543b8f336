"""The options of `fit` that set the flow and its training, and what they may be."""

import math
from typing import Annotated, Any

import typer

from fluvial.cli.failures import bad_option

_FLOW, _TRAINING = "Flow", "Training"

Contamination = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Flag this share of the rows given, in (0, 0.5]; else 1 % of held-out rows.",
    ),
]
Recipe = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="auto, or a recipe: neural_spline_flow, maf, iaf, real_nvp or nice.",
        rich_help_panel=_FLOW,
    ),
]
Layers = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Layers of the flow.", rich_help_panel=_FLOW),
]
HiddenSizes = Annotated[
    str | None,
    typer.Option(
        metavar="N,N", help="Units of each hidden layer, such as 128,128.", rich_help_panel=_FLOW
    ),
]
Bins = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Bins of each spline.", rich_help_panel=_FLOW),
]
Effort = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="fast, balanced or thorough: how much work auto takes.",
        rich_help_panel=_FLOW,
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Rows a step.", rich_help_panel=_TRAINING),
]
MaxEpochs = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="Passes over the rows at most.", rich_help_panel=_TRAINING
    ),
]
MaxSeconds = Annotated[
    float | None,
    typer.Option(metavar="S", help="Training time at most.", rich_help_panel=_TRAINING),
]
LearningRate = Annotated[
    float | None,
    typer.Option(metavar="R", help="The highest learning rate.", rich_help_panel=_TRAINING),
]
ValidationFraction = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE", help="Share of the rows held out, in [0, 1).", rich_help_panel=_TRAINING
    ),
]
Patience = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Epochs without progress after which training stops.",
        rich_help_panel=_TRAINING,
    ),
]


def checked_settings(**settings: Any) -> dict[str, Any]:
    """Keep the settings that were given, as arguments of an estimator.

    Raises:
        typer.BadParameter: where one is out of its range.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    if "flow" in given:
        given["flow"] = given["flow"].replace("-", "_")
    if "hidden_sizes" in given:
        given["hidden_sizes"] = _parse_sizes(given["hidden_sizes"])
    _check_range(given, "max_seconds", "a positive number", lambda x: 0 < x < math.inf)
    _check_range(given, "learning_rate", "a positive number", lambda x: 0 < x < math.inf)
    _check_range(given, "validation_fraction", "in the range 0 <= x < 1", lambda x: 0 <= x < 1)
    _check_range(given, "contamination", "in the range 0 < x <= 0.5", lambda x: 0 < x <= 0.5)
    return given


def _check_range(given: dict[str, Any], name: str, described: str, holds: Any) -> None:
    if name in given and not holds(given[name]):
        bad_option("--" + name.replace("_", "-"), f"{given[name]} is not {described}")


def _parse_sizes(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
        bad_option("--hidden-sizes", f"{text!r} is not a list of sizes such as 128,128")
    return tuple(int(part) for part in parts)
