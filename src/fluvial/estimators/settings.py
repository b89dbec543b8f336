"""The hyper-parameters of the estimators: their defaults, their ranges, the recipe they choose."""

import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

AUTO = "auto"
FLOW = AUTO
EFFORT = "balanced"
BATCH_SIZE = 256
DETECTOR_FLOW = "neural_spline_flow"
MAX_EPOCHS = 200
LEARNING_RATE = 1e-3
VALIDATION_FRACTION = 0.1

FEW_COLUMNS = 4
"""Up to so many, some recipes take smaller networks."""


@dataclass(frozen=True)
class Recipe:
    """The sizes that a recipe of `fluvial.flows` takes where the user chooses none.

    Attributes:
        n_layers: layers.
        hidden_sizes: units of each hidden layer.
        n_bins: of the splines, where there are some.
        linear: the map between layers.
        sizes_of_few: those for at most `FEW_COLUMNS` columns; None: the same.
    """

    n_layers: int
    hidden_sizes: tuple[int, ...]
    n_bins: int | None = None
    linear: str = "reverse"
    sizes_of_few: tuple[int, ...] | None = None

    def sizes(self, n_features: int) -> tuple[int, ...]:
        """Return the units of each hidden layer for so many columns."""
        few = self.sizes_of_few if n_features <= FEW_COLUMNS else None
        return self.hidden_sizes if few is None else few


RECIPES = {
    "iaf": Recipe(5, (128, 128)),
    "maf": Recipe(5, (128, 128)),
    # Without linear maps, which scale small departures up: a drift of correlated columns costs them
    # as much as a true anomaly, and what lies far out in a common direction costs too little.
    "neural_spline_flow": Recipe(3, (128, 128), 8, "permutation"),
    "nice": Recipe(8, (128, 128)),
    # With few columns half of the units are as good in two fifths of the time.
    "real_nvp": Recipe(8, (128, 128), sizes_of_few=(64, 64)),
}


@dataclass(frozen=True)
class FlowSettings:
    """A flow of the mixture: its recipe, arguments in place of the recipe's, its weight decay."""

    recipe: str
    arguments: dict[str, Any]
    weight_decay: float


LU_SPLINES = {"linear": "lu", "residual": True, "n_bins": 16}
SPLINES = LU_SPLINES | {"linear": "permutation"}
AFFINE = {"residual": True, "linear": "lu"}


@dataclass(frozen=True)
class Effort:
    """How much work `flow="auto"` takes.

    Attributes:
        n_steps: training steps of each flow, at most; over all folds, where there are some.
        fewest_steps: but so many a fold.
        n_folds: how often members are cross-fitted, each time without another fold.
        fold_up_to: with so many rows or fewer they are.
        flows: the flows; where time is limited, the first of them.
    """

    n_steps: int
    fewest_steps: int
    n_folds: int
    fold_up_to: int
    flows: tuple[FlowSettings, ...]


# No decay and no linear map is best on all tables, and held-out rows tell which. LU maps serve
# correlated columns, permutations those with steps and point masses. Decays share a program.
STIFF_LU = FlowSettings("neural_spline_flow", LU_SPLINES, 1.0)
SUPPLE_LU = FlowSettings("neural_spline_flow", LU_SPLINES, 0.1)
STIFF = FlowSettings("neural_spline_flow", SPLINES, 1.0)
SUPPLE = FlowSettings("neural_spline_flow", SPLINES, 0.1)
PLAIN = FlowSettings("maf", AFFINE, 0.1)
DIFFERENT = (SUPPLE_LU, STIFF, SUPPLE, PLAIN)

EFFORTS = {
    "fast": Effort(1_000, 1_000, 3, 1_000, (STIFF_LU, SUPPLE_LU)),
    "balanced": Effort(4_000, 2_000, 5, 5_000, DIFFERENT),
    "thorough": Effort(20_000, 5_000, 5, 20_000, (*DIFFERENT, STIFF_LU)),
}


def check_settings(model: Any) -> None:
    """Refuse hyper-parameters out of their ranges.

    Args:
        model: a `FlowDensity`, or anything with its hyper-parameters as attributes.

    Raises:
        ValueError: naming the hyper-parameter, its range and what it is.
    """
    if model.flow != AUTO and model.flow not in RECIPES:
        raise ValueError(f"flow must be one of {sorted([AUTO, *RECIPES])}, but is {model.flow!r}")
    if model.effort not in EFFORTS:
        raise ValueError(f"effort must be one of {list(EFFORTS)}, but is {model.effort!r}")
    for name in ("n_layers", "n_bins", "patience"):
        _check_whole(name, getattr(model, name), optional=True)
    for name in ("batch_size", "max_epochs"):
        _check_whole(name, getattr(model, name))
    for size in _sizes(model.hidden_sizes):
        _check_whole("every entry of hidden_sizes", size)
    has_bins = model.flow == AUTO or RECIPES[model.flow].n_bins is not None
    if model.n_bins is not None and not has_bins:
        raise ValueError(f"flow={model.flow!r} has no bins; leave n_bins=None")
    _check_real("learning_rate", model.learning_rate, 0, float("inf"), ends="()")
    _check_real("validation_fraction", model.validation_fraction, 0, 1, ends="[)")
    if model.max_seconds is not None:
        _check_real("max_seconds", model.max_seconds, 0, float("inf"), ends="(]")
    if not isinstance(model.verbose, numbers.Integral | bool) or model.verbose < 0:
        raise ValueError(f"verbose must be 0 or a positive number, but is {model.verbose!r}")


def check_contamination(value: Any) -> None:
    """Refuse a contamination that is neither None nor in (0, 0.5].

    Raises:
        ValueError: saying what it is.
    """
    if value is not None:
        _check_real("contamination", value, 0, 0.5, ends="(]")


def chosen_arguments(
    model: Any,
    name: str,
    n_features: int,
    preferred: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the arguments of the recipe `name`: chosen in `model`, preferred, or its own."""
    recipe = RECIPES[name]
    given = model.hidden_sizes
    sizes = recipe.sizes(n_features) if given is None else _sizes(given)
    chosen: dict[str, Any] = {
        "n_features": n_features,
        "n_layers": int(recipe.n_layers if model.n_layers is None else model.n_layers),
        "hidden_sizes": tuple(int(size) for size in sizes),
        "linear": recipe.linear,
    }
    if recipe.n_bins is not None:
        chosen["n_bins"] = recipe.n_bins
    chosen |= preferred
    if recipe.n_bins is not None and model.n_bins is not None:
        chosen["n_bins"] = int(model.n_bins)
    return chosen


def _sizes(value: Any) -> tuple:
    if value is None:
        return ()
    try:
        sizes = tuple(value)
    except TypeError:
        sizes = ()
    if not sizes or isinstance(value, str):
        raise ValueError(
            f"hidden_sizes must be one or more sizes, such as (128, 128), but is {value!r}"
        )
    return sizes


def _check_whole(name: str, value: Any, *, optional: bool = False) -> None:
    if value is None and optional:
        return
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
        also = " or None" if optional else ""
        raise ValueError(f"{name} must be a whole number of at least 1{also}, but is {value!r}")


def _is_real(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _check_real(name: str, value: Any, low: float, high: float, *, ends: str) -> None:
    number = float(value) if _is_real(value) else float("nan")
    above = number >= low if ends[0] == "[" else number > low
    below = number <= high if ends[1] == "]" else number < high
    if not (above and below):
        interval = f"{ends[0]}{low}, {high}{ends[1]}"
        raise ValueError(f"{name} must lie in {interval}, but is {value!r}")
