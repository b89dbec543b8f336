import pytest

from fluvial.densities import Hyperparameters


@pytest.mark.parametrize(
    ("flow", "n_features", "sizes"),
    [
        ("real_nvp", 1, (64, 64)),
        ("real_nvp", 4, (64, 64)),
        ("real_nvp", 5, (128, 128)),
        ("maf", 2, (128, 128)),
    ],
)
def test_the_width_goes_by_recipe_and_columns(flow, n_features, sizes):
    chosen = Hyperparameters(flow=flow).flow_arguments(flow, n_features)
    assert (chosen["n_features"], chosen["hidden_sizes"]) == (n_features, sizes)


def test_a_chosen_width_stays():
    chosen = Hyperparameters(hidden_sizes=(7,)).flow_arguments("real_nvp", 2)
    assert chosen["hidden_sizes"] == (7,)
