"""The table of recipes: what a flow is called, what makes it, and its arguments for tables.

A recipe's own defaults stand in the signature of its function, and nowhere else. They are those
of its paper or usual in the field. Where the estimators take other ones for tables, the table says
which and why.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fluvial.flows.autoregressive import iaf, made, maf
from fluvial.flows.couplings import nice, real_nvp
from fluvial.flows.flow import Flow
from fluvial.flows.gaussianization import gaussianization_flow
from fluvial.flows.monotone import bernstein, naf, sos, umnn
from fluvial.flows.networks import bnaf
from fluvial.flows.splines import neural_spline_flow

SMALL_NETWORK_COLUMNS = 4
"""Tables of at most 4 columns take the arguments `for_few_columns`."""

SIZES = ("n_layers", "hidden_sizes", "linear", "n_bins")
"""The arguments that `Recipe.table_arguments` settles, where a recipe has them."""


@dataclass(frozen=True)
class Recipe:
    """What makes a flow, and with which arguments.

    Attributes:
        build: the function of `fluvial.flows`, from a key and keyword arguments to a `Flow`.
        for_tables: arguments that the estimators take in place of the function's defaults.
        for_few_columns: likewise, for tables of at most `SMALL_NETWORK_COLUMNS` columns.
        is_affine: whether each layer maps a column by a line, given the others: then a flow of a
            single column is a Gaussian.

    Examples:
        >>> RECIPES["real_nvp"].table_arguments(2)["hidden_sizes"]
        (64, 64)
    """

    build: Callable[..., Flow]
    for_tables: Mapping[str, Any] = field(default_factory=dict)
    for_few_columns: Mapping[str, Any] = field(default_factory=dict)
    is_affine: bool = False

    @property
    def defaults(self) -> dict[str, Any]:
        """The function's own defaults: every optional argument with its value."""
        arguments = inspect.signature(self.build).parameters.values()
        return {a.name: a.default for a in arguments if a.default is not a.empty}

    @property
    def has_bins(self) -> bool:
        """Whether it takes `n_bins`."""
        return "n_bins" in self.defaults

    def table_arguments(self, n_features: int) -> dict[str, Any]:
        """Return the arguments for a table where the user chooses none.

        Args:
            n_features: columns D of the table.

        Returns:
            `n_features`, `n_layers`, `hidden_sizes`, `linear`, and `n_bins` where there are bins.
        """
        few = self.for_few_columns if n_features <= SMALL_NETWORK_COLUMNS else {}
        chosen = {**self.defaults, **self.for_tables, **few}
        return {"n_features": n_features} | {n: chosen[n] for n in SIZES if n in chosen}


RECIPES: dict[str, Recipe] = {
    "bernstein": Recipe(bernstein),
    "bnaf": Recipe(bnaf),
    "gaussianization_flow": Recipe(gaussianization_flow),
    "iaf": Recipe(iaf, is_affine=True),
    "made": Recipe(made, is_affine=True),
    "maf": Recipe(maf, is_affine=True),
    "naf": Recipe(naf),
    "neural_spline_flow": Recipe(
        neural_spline_flow,
        # The paper's LU maps scale small departures up: a drift of correlated columns costs them
        # as much as a true anomaly, and what lies far out in a common direction costs too little.
        # Five layers belong to one flow alone; three cost an estimator three fifths of the time.
        for_tables={"n_layers": 3, "linear": "permutation"},
    ),
    # The paper has four couplings; for tables as many as in Real NVP.
    "nice": Recipe(nice, for_tables={"n_layers": 8}, is_affine=True),
    # With few columns half of the units are as good in two fifths of the time.
    "real_nvp": Recipe(real_nvp, for_few_columns={"hidden_sizes": (64, 64)}, is_affine=True),
    "sos": Recipe(sos),
    "umnn": Recipe(umnn),
}
"""The recipes that suit tables, by the names that estimators, model files and commands know."""


def build(name: str, key: Any, **arguments: Any) -> Flow:
    """Build the flow of a named recipe.

    Args:
        name: a name of `RECIPES`.
        key: a random key.
        arguments: keyword arguments of the recipe.

    Raises:
        ValueError: where there is no recipe of that name, naming those there are.

    Examples:
        >>> build("nice", jax.random.key(0), n_features=2).event_shape
        (2,)
    """
    if name not in RECIPES:
        raise ValueError(f"unknown recipe {name!r}; choose one of {sorted(RECIPES)}")
    return RECIPES[name].build(key, **arguments)
