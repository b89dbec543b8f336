"""How columns are scaled before a flow: by name, exact in the units of the columns."""

import numpy as np
import pytest
from tests.estimators.cases import TINY

from fluvial.estimators import FlowAnomalyDetector, FlowDensity, load
from fluvial.tables.columns import LinearColumns

ALL_TRAIN = {**TINY, "validation_fraction": 0, "max_epochs": 3}


@pytest.fixture(scope="module")
def standard(rows):
    return FlowDensity(**ALL_TRAIN, scaling="standard").fit(rows)


def test_standard_is_the_density_of_standardised_columns(standard, rows):
    mean, deviation = rows.mean(axis=0), rows.std(axis=0, ddof=1)
    plain = FlowDensity(**ALL_TRAIN, scaling=None).fit((rows - mean) / deviation)
    np.testing.assert_array_equal(plain.scaler_.scale, 1)
    expected = plain.score_samples((rows - mean) / deviation) - np.log(deviation).sum()
    np.testing.assert_allclose(standard.score_samples(rows), expected, atol=1e-3)


def test_far_rows_have_finite_scores_that_fall_with_the_distance(standard, rows):
    far = rows[:1] + np.array([[1e5], [1e15], [1e40], [1e307]])
    scores = standard.score_samples(far)
    assert np.isfinite(scores).all()
    assert (np.diff(scores[:3]) < 0).all()


def test_it_is_stored(standard, rows, tmp_path):
    standard.save(tmp_path / "m.fluvial")
    again = load(tmp_path / "m.fluvial")
    assert again.get_params()["scaling"] == "standard"
    np.testing.assert_array_equal(again.score_samples(rows), standard.score_samples(rows))


def test_a_detector_has_it_too(rows, tmp_path):
    small = rows / [1, 1e6, 1e-3]
    model = FlowAnomalyDetector(score="density", flow="classical", scaling=None).fit(small)
    assert isinstance(model.density_.scaler_.columns, LinearColumns)
    model.save(tmp_path / "m.fluvial")
    again = load(tmp_path / "m.fluvial")
    assert again.get_params()["scaling"] is None
    np.testing.assert_array_equal(again.score_samples(small), model.score_samples(small))
