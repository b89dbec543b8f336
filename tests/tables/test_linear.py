import numpy as np
import pytest

from fluvial.errors import DataError, ModelFileError
from fluvial.tables import TableScaler
from fluvial.tables.columns import LinearColumns

LARGE = np.finfo(np.float64).max


def rows():
    return np.random.default_rng(0).normal([3.0, -1e6, 1.0], [2.0, 1e3, 1e-9], (50, 3))


@pytest.mark.parametrize("magnitude", [1e-280, 1.0, 1e290])
def test_it_is_the_mean_and_the_deviation_of_the_training_rows(magnitude):
    x, training = rows(), np.arange(30)
    columns = LinearColumns.fit(x * magnitude, training=training)
    encoded, log_det = columns.encode(x * magnitude)
    mean, deviation = x[training].mean(axis=0), x[training].std(axis=0, ddof=1)
    np.testing.assert_allclose(encoded, (x - mean) / deviation, rtol=1e-6, atol=1e-6)
    expected = -(np.log(deviation) + np.log(magnitude)).sum()
    np.testing.assert_allclose(log_det, expected, rtol=1e-8)
    np.testing.assert_allclose(columns.decode(encoded), x * magnitude, rtol=1e-12)


def test_far_values_stay_far_and_finite():
    columns = LinearColumns.fit(rows())
    encoded, _ = columns.encode(np.array([[2003.0, LARGE, -LARGE]]))
    assert encoded[0, 0] > 800
    assert np.isfinite(encoded).all()
    assert np.isfinite(columns.decode(encoded * 1e270)).all()


def test_a_column_that_varies_in_other_rows_alone_has_their_scale():
    x = np.array([[1.0], [1.0], [1.0], [5.0]])
    columns = LinearColumns.fit(x, training=np.arange(3))
    np.testing.assert_allclose(columns.centre, 1.0)
    np.testing.assert_allclose(columns.scale, x.std(ddof=1))


def test_columns_as_they_are_must_not_be_huge():
    x = rows()
    scaled, log_det = TableScaler.fit(x, scaling=None).transform(x, dtype=np.float64)
    np.testing.assert_array_equal(scaled, x)
    np.testing.assert_array_equal(log_det, 0)
    x = np.column_stack([np.ones(50), x, 1e12 * x[:, 0]])
    with pytest.raises(DataError, match=r"column 4 holds values of magnitude .*'standard'"):
        TableScaler.fit(x, scaling=None, warn=False)


def test_arrays_are_checked():
    arrays = TableScaler.fit(rows(), scaling="standard").to_arrays()
    again = TableScaler.from_arrays(arrays)
    assert isinstance(again.columns, LinearColumns)
    with pytest.raises(ModelFileError, match="scales must be positive"):
        TableScaler.from_arrays(arrays | {"linear_scale": -arrays["linear_scale"]})
