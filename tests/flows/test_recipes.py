"""The table of recipes agrees with the functions that it names."""

import inspect

import jax
import numpy as np
import pytest

from fluvial import flows
from fluvial.flows.recipes import RECIPES, SMALL_NETWORK_COLUMNS, build
from fluvial.testing import randomise

NOT_FOR_TABLES = {
    "bits_per_dimension",  # a measure
    "circular_spline_flow",  # angles
    "ffjord",  # slow
    "flow_matching_loss",  # an objective
    "glow",  # images
    "planar_flow",  # weak, and without a condition
    "radial_flow",
    "residual_flow",  # up to 64 columns
    "sylvester_flow",
}

names = pytest.mark.parametrize("name", RECIPES)


def test_every_public_recipe_has_its_place():
    public = {n for n, value in vars(flows).items() if inspect.isfunction(value) and n[0] != "_"}
    assert public - NOT_FOR_TABLES == set(RECIPES)
    assert list(RECIPES) == sorted(RECIPES)


@names
def test_a_recipe_is_the_public_function_of_its_name(name):
    recipe = RECIPES[name]
    assert recipe.build is getattr(flows, name)
    assert {"n_layers", "hidden_sizes", "linear"} <= set(recipe.defaults)
    assert "n_features" not in recipe.defaults


@names
@pytest.mark.parametrize("special", ["for_tables", "for_few_columns"])
def test_what_tables_take_differs_and_is_an_argument(name, special):
    recipe = RECIPES[name]
    for argument, value in getattr(recipe, special).items():
        assert argument in recipe.defaults
        assert value != recipe.defaults[argument], f"{argument} need not stand in the table"


@names
@pytest.mark.parametrize("n_features", [1, SMALL_NETWORK_COLUMNS, SMALL_NETWORK_COLUMNS + 1])
def test_a_recipe_builds_from_its_arguments_for_tables(name, n_features):
    arguments = RECIPES[name].table_arguments(n_features)
    assert ("n_bins" in arguments) == RECIPES[name].has_bins
    flow = build(name, jax.random.key(0), **arguments)
    assert flow.event_shape == (n_features,)


def test_the_arguments_for_tables_are_those_that_the_evidence_is_for():
    wide = {name: RECIPES[name].table_arguments(9) for name in RECIPES}
    common = {"n_features": 9, "hidden_sizes": (128, 128), "linear": "reverse"}
    assert wide == {
        "bernstein": common | {"n_layers": 3},
        "bnaf": common | {"n_layers": 2, "hidden_sizes": (8, 8)},
        "gaussianization_flow": common | {"n_layers": 6, "hidden_sizes": (64,), "linear": None},
        "iaf": common | {"n_layers": 5},
        "made": common | {"n_layers": 1},
        "maf": common | {"n_layers": 5},
        "naf": common | {"n_layers": 3},
        "neural_spline_flow": common | {"n_layers": 3, "linear": "permutation", "n_bins": 8},
        "nice": common | {"n_layers": 8},
        "real_nvp": common | {"n_layers": 8},
        "sos": common | {"n_layers": 3},
        "umnn": common | {"n_layers": 3},
    }
    few = {name for name in RECIPES if RECIPES[name].table_arguments(4)["hidden_sizes"] == (64, 64)}
    assert few == {"real_nvp"}


@names
def test_affine_flows_of_one_column_are_gaussians_and_no_others(x64, name):
    key = jax.random.key(0)
    flow = build(name, key, n_features=1, n_layers=2, hidden_sizes=(4,))
    log_prob = randomise(flow, key, 0.3).log_prob(np.linspace(-2, 2, 21)[:, None])
    # The log density of a Gaussian is a parabola.
    assert RECIPES[name].is_affine == (np.abs(np.diff(log_prob, 3)).max() < 1e-9)


def test_an_unknown_recipe_is_named_with_those_there_are():
    with pytest.raises(ValueError, match=r"'mof'; choose one of \['bernstein', 'bnaf'"):
        build("mof", jax.random.key(0), n_features=2)
