"""The hyperparameters of an estimator: checked, as a model file holds them, and back."""

import numbers
from dataclasses import asdict, fields
from typing import Any

from sklearn.base import BaseEstimator

from fluvial.anomaly import check_contamination
from fluvial.anomaly.rankings import DENSITY, RELATIVE, check_score
from fluvial.artifacts import Entries
from fluvial.densities import Hyperparameters
from fluvial.densities.hyperparameters import CLASSICAL, DEFAULTS
from fluvial.errors import ModelFileError

LARGEST_SEED = 2**32 - 1
"""The largest number that NumPy takes as a seed."""


class FlowParameters(BaseEstimator):
    """The parameters of an estimator that is a density, or draws from one."""

    def __init__(
        self,
        flow=DEFAULTS.flow,
        n_layers=None,
        hidden_sizes=None,
        n_bins=None,
        batch_size=DEFAULTS.batch_size,
        max_epochs=DEFAULTS.max_epochs,
        max_seconds=None,
        learning_rate=DEFAULTS.learning_rate,
        validation_fraction=DEFAULTS.validation_fraction,
        patience=None,
        verbose=0,
        random_state=None,
        effort=DEFAULTS.effort,
        weight_decay=None,
        min_delta=DEFAULTS.min_delta,
        scaling=DEFAULTS.scaling,
    ):
        self.flow = flow
        self.n_layers = n_layers
        self.hidden_sizes = hidden_sizes
        self.n_bins = n_bins
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.max_seconds = max_seconds
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.verbose = verbose
        self.random_state = random_state
        self.effort = effort
        self.weight_decay = weight_decay
        self.min_delta = min_delta
        self.scaling = scaling


def hyperparameters_of(estimator: Any) -> Hyperparameters:
    """Return the hyperparameters of an estimator, checked.

    Raises:
        ValueError: where one is out of its range.
    """
    names = [field.name for field in fields(Hyperparameters)]
    given = {name: getattr(estimator, name) for name in names if hasattr(estimator, name)}
    if hasattr(estimator, "contamination"):
        given["flow"] = detector_flow(estimator.flow, vars(estimator)["score"])
    return Hyperparameters(**given)


def detector_flow(flow: Any, score: str) -> Any:
    """Return the flow of a detector by its parameters: `flow`, or None, and `score`."""
    if flow is not None:
        return flow
    return CLASSICAL if score == RELATIVE else "neural_spline_flow"


def stored_parameters(estimator: Any) -> dict[str, Any]:
    """Return the parameters of an estimator as JSON holds them.

    A generator as `random_state` becomes None, and so does a limit of infinite seconds, which is
    none.

    Raises:
        ValueError: where one is out of its range: no file is written that could not be read.
    """
    every = asdict(hyperparameters_of(estimator))
    if every["hidden_sizes"] is not None:
        every["hidden_sizes"] = list(every["hidden_sizes"])
    if every["max_seconds"] == float("inf"):
        every["max_seconds"] = None
    every["verbose"] = int(every["verbose"])
    stored = {name: value for name, value in every.items() if hasattr(estimator, name)}
    seed = estimator.random_state
    stored["random_state"] = int(seed) if isinstance(seed, numbers.Integral) else None
    if hasattr(estimator, "contamination"):
        check_contamination(estimator.contamination)
        given = estimator.contamination
        stored["contamination"] = None if given is None else float(given)
        check_score(vars(estimator)["score"])
        stored |= {"flow": estimator.flow, "score": vars(estimator)["score"]}
    return stored


def read_parameters(stored: Any, known: list[str]) -> dict[str, Any]:
    """Return the parameters that `stored_parameters` gave, from the header of a model file.

    Args:
        stored: what stands in the header.
        known: the names of the estimator's parameters; those that the header lacks keep their
            defaults.

    Raises:
        ModelFileError: where one is unknown or out of its range.
    """
    entries = Entries(stored, "'parameters'")
    unknown = sorted(entries.values.keys() - set(known))
    if unknown:
        raise ModelFileError(f"unknown parameters: {unknown[:5]}")
    parameters: dict[str, Any] = dict(entries.values)
    if parameters.get("hidden_sizes") is not None:
        parameters["hidden_sizes"] = tuple(entries.items("hidden_sizes"))
    if parameters.get("random_state") is not None:
        entries.whole("random_state", 0, LARGEST_SEED)
    if "score" in known:
        parameters.setdefault("score", DENSITY)  # files of earlier versions do not tell it
    others = ("random_state", "contamination", "score")
    given = {k: v for k, v in parameters.items() if k not in others}
    try:
        if "score" in known:
            check_score(parameters["score"])
            given["flow"] = detector_flow(parameters.get("flow"), parameters["score"])
        Hyperparameters(**given)
        check_contamination(parameters.get("contamination"))
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ModelFileError(f"a parameter is out of its range: {error}") from None
    return parameters
