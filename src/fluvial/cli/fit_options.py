"""The options of `fit` that set the flow and its training.

Their ranges and defaults are those of the hyperparameters with their names.
"""

from typing import Annotated, Any, NoReturn

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
Condition = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAMES",
        help="Learn the density of the other columns given these; rows are strange given them.",
    ),
]
Label = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Learn to draw rows of each of the classes in this column; the model serves sample.",
    ),
]
Window = Annotated[
    int | None,
    typer.Option(
        metavar="ROWS",
        min=1,
        help="Fit to all windows of so many rows that follow each other, in the order of time;"
        " score, threshold and the others then read windows too.",
    ),
]
Checkpoints = Annotated[
    bool | None,
    typer.Option(
        "--checkpoint/--no-checkpoint",
        help="Keep what is learned in FILE.checkpoint until the model is written; else once a fit"
        " has lasted a minute.",
        show_default=False,
    ),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on from FILE.checkpoint of a fit that was killed.")
]
Score = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="What rows are ranked by: relative (to the columns), density, latent or typicality.",
    ),
]
Recipe = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="classical (no flow), auto (a mixture), or a recipe: bernstein, bnaf,"
        " gaussianization_flow, iaf, made, maf, naf, neural_spline_flow, nice, real_nvp, sos,"
        " umnn.",
        rich_help_panel=_FLOW,
    ),
]
Layers = Annotated[
    int | None,
    typer.Option(metavar="N", help="Layers of the flow.", rich_help_panel=_FLOW),
]
HiddenSizes = Annotated[
    str | None,
    typer.Option(
        metavar="N,N", help="Units of each hidden layer, such as 128,128.", rich_help_panel=_FLOW
    ),
]
Bins = Annotated[
    int | None,
    typer.Option(metavar="N", help="Bins of each spline.", rich_help_panel=_FLOW),
]
Effort = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="fast, balanced or thorough: how much work auto takes; for --flow auto alone.",
        rich_help_panel=_FLOW,
    ),
]
Scaling = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="How columns are scaled before the flow: robust, standard or none.",
        rich_help_panel=_FLOW,
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option(metavar="N", help="Rows a step.", rich_help_panel=_TRAINING),
]
MaxEpochs = Annotated[
    int | None,
    typer.Option(metavar="N", help="Passes over the rows at most.", rich_help_panel=_TRAINING),
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
WeightDecay = Annotated[
    float | None,
    typer.Option(
        metavar="R", help="Weight decay of the networks (AdamW).", rich_help_panel=_TRAINING
    ),
]
MinDelta = Annotated[
    float | None,
    typer.Option(
        metavar="NATS",
        help="How much better a row must score on average to count for --patience.",
        rich_help_panel=_TRAINING,
    ),
]
Patience = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Epochs without progress after which training stops.",
        rich_help_panel=_TRAINING,
    ),
]


def hyperparameters_given(**options: Any) -> dict[str, Any]:
    """Keep the options that were given, as hyperparameters of the estimator.

    Raises:
        typer.BadParameter: where the estimator refuses one.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if "flow" in given:
        given["flow"] = given["flow"].replace("-", "_")
    if given.get("scaling") == "none":
        given["scaling"] = None
    if "hidden_sizes" in given:
        given["hidden_sizes"] = _parse_sizes(given["hidden_sizes"])
    if given:
        _refuse_bad_values(given)
    return given


def refuse_with_condition(given: dict[str, Any]) -> None:
    """Refuse what knows no condition.

    Raises:
        typer.BadParameter: for a score and for a flow.
    """
    if given.get("score") == "relative":
        bad_option("--score", "relative takes no --condition; choose density, latent or typicality")
    _refuse_classical("--condition", given)


def refuse_with_label(given: dict[str, Any]) -> None:
    """Refuse what a synthesizer of labelled rows has no use for.

    Raises:
        typer.BadParameter: for options of the threshold and for a flow that knows no classes.
    """
    for name in ("contamination", "score"):
        if name in given:
            bad_option("--" + name, "with --label there is no threshold; leave one of them out")
    _refuse_classical("--label", given)


def _refuse_classical(option: str, given: dict[str, Any]) -> None:
    if given.get("flow") == "classical":
        bad_option("--flow", f"classical takes no {option}; choose auto or a recipe")


def _refuse_bad_values(given: dict[str, Any]) -> None:
    """Let the estimator judge, before a large table is read."""
    from fluvial.anomaly import check_contamination  # late, since JAX comes with it
    from fluvial.anomaly.rankings import RELATIVE, check_score
    from fluvial.densities import Hyperparameters
    from fluvial.estimators.parameters import detector_flow

    hyperparameters: dict[str, Any] = dict(given)
    score = hyperparameters.pop("score", RELATIVE)
    try:
        check_score(score)
        hyperparameters["flow"] = detector_flow(hyperparameters.get("flow"), score)
        check_contamination(hyperparameters.pop("contamination", None))
        Hyperparameters(**hyperparameters)
    except ValueError as error:
        _blame_option(given, error)


def _blame_option(given: dict[str, Any], error: ValueError) -> NoReturn:
    """Turn the error of a hyperparameter, which it names, into that of an option."""
    problem = str(error)
    named = [name for name in given if name in problem]
    if not named:
        raise error
    first = min(named, key=problem.index)
    bad_option("--" + first.replace("_", "-"), problem)


def _parse_sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(size) for size in text.split(","))
    except ValueError:
        bad_option("--hidden-sizes", f"{text!r} is not a list of sizes such as 128,128")
