"""Recipes whose layers are of their own kind are fitted, saved and loaded by name."""

import numpy as np
import pytest

import fluvial
from fluvial.flows.recipes import RECIPES

NEW_IN_KIND = ["bnaf", "gaussianization_flow", "umnn"]
"""Of the recipes that other tests do not fit; the rest have layers like these or theirs."""


@pytest.mark.parametrize("name", NEW_IN_KIND)
def test_a_recipe_serves_the_estimator_by_name(name, tmp_path):
    assert name in RECIPES
    rows = np.random.default_rng(0).normal(size=(120, 2)) * [3.0, 0.1] + 5
    density = fluvial.FlowDensity(
        flow=name, n_layers=1, hidden_sizes=(4,), max_epochs=1, random_state=0
    )
    scores = density.fit(rows).score_samples(rows)
    assert np.all(np.isfinite(scores))
    assert density.sample(3)[0].shape == (2,)
    density.save(tmp_path / "model.fluvial")
    loaded = fluvial.load(tmp_path / "model.fluvial")
    np.testing.assert_array_equal(loaded.score_samples(rows), scores)
