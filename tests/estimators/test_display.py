"""What a notebook or a prompt shows of an estimator: short, and without errors."""

import html

import matplotlib as mpl
import pytest
from tests.estimators.cases import TINY, fresh

import fluvial
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


def drawn(model, rows, labels=None):
    """Draw every figure that a model tells of, by the lines as they stand in its summary."""
    told = model.summary()
    mpl.use("Agg")
    from matplotlib import pyplot

    names = {"fluvial": fluvial, "model": model, "X": rows, "y": labels}
    for line in model._figures():
        assert f"\n  {line}\n" in told
        eval(line, names)
        pyplot.close("all")
    return [line.split("(")[0].removeprefix("fluvial.plots.") for line in model._figures()]


def test_the_figures_of_a_density_can_be_drawn_as_told(density, rows):
    assert drawn(density, rows) == ["corner", "latent", "training_history"]
    plane = fresh(density, flow="classical").fit(rows[:, :2])
    assert drawn(plane, rows[:, :2]) == ["corner", "density_2d"]
    line = fresh(density, flow="classical").fit(rows[:, :1])
    assert drawn(line, rows[:, :1]) == ["corner"]
    given = fresh(density, max_epochs=1).fit(rows[:, :2], condition=rows[:, 2:])
    assert drawn(given, rows) == ["training_history"]


def test_the_figures_of_a_detector_can_be_drawn_as_told(detector, rows):
    labels = (rows[:, 0] > 1).astype(int)
    every = ["signal", "score_histogram", "threshold_cost", "calibration", "drift"]
    assert drawn(detector, rows, labels) == [*every, "training_history"]
    with pytest.warns(UserWarning, match="next to nothing"):
        few = FlowAnomalyDetector(**TINY).fit(rows[:9])
    assert drawn(few, rows, labels) == [*every[:3], "training_history"]


@pytest.mark.parametrize("name", ["density", "detector"])
def test_a_notebook_shows_the_lines_once_it_is_fitted(name, request):
    estimator = request.getfixturevalue(name)
    for page in (estimator._repr_html_(), estimator._repr_mimebundle_()["text/html"]):
        assert page.count("<details><summary>Figures of") == 1
        assert html.escape(estimator._figures()[0]) in page
    assert "Figures of" not in fresh(estimator)._repr_html_()
    assert "figures" not in estimator.summary(figures=False)
