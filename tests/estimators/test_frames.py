"""The estimators on pandas, polars and pyarrow tables."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.utils.estimator_checks import (
    check_get_feature_names_out_error,
    check_global_output_transform_pandas,
    check_set_output_transform,
    check_set_output_transform_pandas,
    check_set_output_transform_polars,
    check_transformer_get_feature_names_out,
    check_transformer_get_feature_names_out_pandas,
)
from tests.estimators.cases import TINY, fresh

from fluvial.errors import DataError, DataWarning
from fluvial.estimators import FlowDensity

NAMES = ["temp", "flow rate", "überdruck"]


@pytest.fixture(params=[pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
def frame(request, rows):
    def make(order=NAMES, **more):
        columns = {name: rows[:, NAMES.index(name)] for name in order}
        return request.param({**columns, **more})

    return make


def test_a_frame_is_fitted_and_scored_like_its_values(frame, density, rows):
    fitted = fresh(density).fit(frame())
    assert list(fitted.feature_names_in_) == NAMES
    assert fitted.feature_names_in_.dtype == object
    assert fitted.n_features_in_ == 3
    expected = density.score_samples(rows)
    np.testing.assert_array_equal(fitted.score_samples(frame()), expected)
    np.testing.assert_array_equal(fitted.score_samples(frame(NAMES[::-1])), expected)
    np.testing.assert_array_equal(fitted.transform(frame()), density.transform(rows))
    assert isinstance(fitted.sample(2), np.ndarray)


def test_other_columns_are_refused(frame, detector):
    fitted = fresh(detector).fit(frame())
    assert list(fitted.feature_names_in_) == NAMES
    with pytest.raises(DataError, match="'flow rate'"):
        fitted.predict(frame(["temp", "überdruck"]))
    with pytest.raises(DataError, match=r"not fitted with: 'more'; drop"):
        fitted.predict(frame(more=np.zeros(300)))


def test_names_given_once_only(frame, density, rows):
    with pytest.warns(DataWarning, match="X has feature names, but FlowDensity was fitted without"):
        density.score_samples(frame())
    fitted = fresh(density).fit(frame())
    with pytest.warns(DataWarning, match="X does not have valid feature names, but FlowDensity"):
        fitted.score_samples(rows)
    fitted.fit(rows)
    assert not hasattr(fitted, "feature_names_in_")


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.filterwarnings("ignore:X has feature names")
def test_scikit_learn_checks_on_names_and_output():
    tiny = FlowDensity(**{**TINY, "flow": "nice", "max_epochs": 2})
    for check in (
        check_get_feature_names_out_error,
        check_transformer_get_feature_names_out,
        check_transformer_get_feature_names_out_pandas,
        check_set_output_transform,
        check_set_output_transform_pandas,
        check_set_output_transform_polars,
        check_global_output_transform_pandas,
    ):
        check("FlowDensity", tiny)


def test_set_output_names_the_latents(frame, density):
    fitted = fresh(density).set_output(transform="polars").fit(frame())
    latents = fitted.transform(frame())
    assert latents.columns == ["flowdensity0", "flowdensity1", "flowdensity2"]
    back = fitted.inverse_transform(latents)
    np.testing.assert_allclose(back, np.column_stack([frame()[n] for n in NAMES]), rtol=1e-2)
