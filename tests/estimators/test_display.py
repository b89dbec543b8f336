"""What a notebook or a prompt shows of an estimator: short, and without errors."""

import pytest

from fluvial.estimators import FlowAnomalyDetector, FlowDensity

LONGEST_PAGE = 60_000
"""Characters; scikit-learn's styles and scripts are half of them."""


@pytest.mark.parametrize("kind", [FlowDensity, FlowAnomalyDetector])
def test_before_fit_only_what_was_chosen_is_shown(kind):
    estimator = kind(max_epochs=7)
    assert repr(estimator) == f"{kind.__name__}(max_epochs=7)"
    page = estimator._repr_html_()
    assert "Not fitted" in page
    assert len(page) < LONGEST_PAGE


def test_a_fitted_density_is_told_in_a_line(density, rows):
    table_density = density.table_density_
    kind = type(density.distribution_).__name__
    expected = f"<TableDensity: {kind} of {rows.shape[1]} columns, {len(rows):,} rows>"
    assert repr(table_density) == expected
    assert repr(density) == repr(FlowDensity(**density.get_params()))


@pytest.mark.parametrize("name", ["density", "detector"])
def test_a_fitted_estimator_shows_its_attributes_and_no_long_values(name, request):
    estimator = request.getfixturevalue(name)
    page = estimator._repr_html_()
    assert "Fitted attributes" in page
    assert ("held_out_score_" if name == "density" else "offset_") in page
    assert len(page) < LONGEST_PAGE
