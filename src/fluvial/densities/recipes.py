"""The sizes of a recipe's flow for a table, where the user chooses none."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fluvial.densities.hyperparameters import Hyperparameters

MAX_COLUMNS_OF_NARROW = 4
"""Columns up to which some recipes take narrower networks."""


@dataclass(frozen=True)
class Recipe:
    """The sizes that a recipe of `fluvial.flows` takes where the user chooses none.

    Attributes:
        n_layers: layers.
        hidden_sizes: units of each hidden layer.
        n_bins: of the splines, where there are some.
        linear: the map between layers.
        sizes_of_few: those for at most `MAX_COLUMNS_OF_NARROW` columns; None: the same.
    """

    n_layers: int
    hidden_sizes: tuple[int, ...]
    n_bins: int | None = None
    linear: str = "reverse"
    sizes_of_few: tuple[int, ...] | None = None

    def sizes(self, n_features: int) -> tuple[int, ...]:
        """Return the units of each hidden layer for so many columns."""
        few = self.sizes_of_few if n_features <= MAX_COLUMNS_OF_NARROW else None
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


def chosen_arguments(
    hyperparameters: "Hyperparameters",
    name: str,
    n_features: int,
    preferred: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the arguments of the recipe `name`: the user's, the preferred ones, or its own."""
    recipe = RECIPES[name]
    given = hyperparameters
    chosen: dict[str, Any] = {
        "n_features": n_features,
        "n_layers": recipe.n_layers if given.n_layers is None else given.n_layers,
        "hidden_sizes": recipe.sizes(n_features)
        if given.hidden_sizes is None
        else given.hidden_sizes,
        "linear": recipe.linear,
    }
    if recipe.n_bins is not None:
        chosen["n_bins"] = recipe.n_bins
    chosen |= preferred
    if recipe.n_bins is not None and given.n_bins is not None:
        chosen["n_bins"] = given.n_bins
    return chosen
