import warnings

import numpy as np
import pytest

from fluvial.errors import DataError, DataWarning, ShapeError
from fluvial.tables import TableScaler
from fluvial.tables.columns.robust_scale import robust_centre_and_scale
from fluvial.tables.columns.tails import TAIL_START, scale_rows, unscale_rows

LARGE = np.finfo(np.float64).max


def column(values):
    return np.asarray(values, np.float64)[:, None]


def normal_rows(n=200, d=3, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)) * [1.0, 50.0, 1e-3] + [0, 7, 1]


@pytest.mark.parametrize("magnitude", [1e-300, 1e-5, 1.0, 1e12, 1e300])
def test_centre_and_scale_do_not_depend_on_the_magnitude(magnitude):
    rows = normal_rows()
    centre, scale = robust_centre_and_scale(rows)
    quartiles = np.quantile(rows, [0.25, 0.5, 0.75], axis=0)
    np.testing.assert_allclose(centre, quartiles[1], rtol=1e-12)
    inner = np.sort(rows, axis=0)[[5, 194]]
    core, shoulders = (quartiles[2] - quartiles[0]) / 1.349, (inner[1] - inner[0]) / 3.92
    np.testing.assert_allclose(scale, np.maximum(core, shoulders), rtol=1e-4)
    moved = robust_centre_and_scale(rows * magnitude)
    np.testing.assert_allclose(moved, np.multiply((centre, scale), magnitude), rtol=1e-9)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0] * 80 + [1, 2] * 10, np.std([0] * 80 + [1, 2] * 10)),
        ([0] * 180 + [1] * 18 + [1e300] * 2, np.std([0] * 178 + [1] * 18)),
        ([0] * 500 + [3], np.std([0] * 500 + [3])),
        ([0] * 8 + [1e-300], 1e-300 * np.std([0] * 8 + [1])),
        ([0] * 8 + [1e300], 1e300 * np.std([0] * 8 + [1])),
        ([4.0] * 5, 0.0),
    ],
)
def test_where_the_interquartile_range_is_zero(values, expected):
    scale = robust_centre_and_scale(column(values))[1]
    np.testing.assert_allclose(scale, expected, rtol=0.03)


def test_wide_shoulders_count_and_many_outliers_do_not():
    core = np.linspace(-1, 1, 900)
    shoulders = np.linspace(-50, 50, 100)
    scale = robust_centre_and_scale(column(np.concatenate([core, shoulders])))[1]
    np.testing.assert_allclose(scale, 50 * 1.0 / 3.92, rtol=0.05)
    scale = robust_centre_and_scale(column(np.concatenate([core, shoulders * 1e200])))[1]
    assert scale < 120


def test_outliers_do_not_move_centre_and_scale():
    rows = normal_rows()
    ruined = np.vstack([rows, [[1e300] * 3]])
    for clean, now in zip(
        robust_centre_and_scale(rows), robust_centre_and_scale(ruined), strict=True
    ):
        np.testing.assert_allclose(now, clean, rtol=0.05, atol=0.5)


@pytest.mark.parametrize(
    "fitted",
    [
        [0.0, 1.0, 2.0, 5.0],
        [-1.7e308, 1.7e308, 0.0, 1e308],
        [1e-300, 2e-300, -1e-300],
        [1.7e9, 1.7e9 + 1, 1.7e9 + 5],
        [0.0, 5e-324],
    ],
)
def test_round_trip_at_every_magnitude(fitted):
    centre, scale = robust_centre_and_scale(column(fitted))
    with np.errstate(over="ignore"):
        near = centre + scale * [-300, -2.9, 3.1, 1e6]
    rows = column(np.clip(np.concatenate([fitted, near, [LARGE, -LARGE, 0]]), -LARGE, LARGE))
    scaled, log_det = scale_rows(rows, centre, scale)
    assert np.abs(scaled).max() < 20_000
    assert np.isfinite(log_det).all()
    back = unscale_rows(scaled, centre, scale)
    error = np.abs(back / 2 - rows / 2)
    magnitude = np.maximum(np.abs(rows / 2), np.maximum(scale / 2, np.abs(centre / 2)))
    assert (error <= 1e-12 * magnitude).all()


def test_log_det_is_the_derivative():
    centre, scale = np.array([1.0, -3.0]), np.array([2.0, 0.1])
    rows = np.array([[2.0, -3.05], [40.0, -3.05], [-900.0, 7e5], [21.5, -4.1]])
    log_det = scale_rows(rows, centre, scale)[1]
    step = 1e-6 * np.abs(rows)
    slope = (
        scale_rows(rows + step, centre, scale)[0] - scale_rows(rows - step, centre, scale)[0]
    ) / (2 * step)
    np.testing.assert_allclose(log_det, np.log(slope).sum(axis=1), rtol=1e-6)


def test_the_tail_starts_smoothly_and_keeps_order():
    at = TAIL_START * np.array([0.999999, 1.0, 1.000001, 2.0, 1e20, 1e300])
    scaled, log_det = scale_rows(column(at), np.zeros(1), np.ones(1))
    assert (np.diff(scaled[:, 0]) > 0).all()
    np.testing.assert_allclose(scaled[:3, 0], at[:3], rtol=1e-10)
    np.testing.assert_allclose(log_det[:3], 0, atol=2e-6)
    np.testing.assert_allclose(scaled[3, 0], TAIL_START * (1 + np.log(2)))


def test_the_inverse_of_infinity_is_finite():
    rows = column([np.inf, -np.inf, 1e6])
    assert (np.abs(unscale_rows(rows, np.zeros(1), np.ones(1))) == LARGE).all()


def test_transform_gives_float32_and_a_float64_log_det():
    rows = normal_rows()
    before = rows.copy()
    scaler = TableScaler.fit(rows)
    scaled, log_det = scaler.transform(rows)
    assert (scaled.dtype, log_det.dtype) == (np.float32, np.float64)
    within = (np.abs(scaled) < TAIL_START).all(axis=1)
    assert within.mean() > 0.9
    np.testing.assert_allclose(log_det[within], -np.log(scaler.scale).sum())
    np.testing.assert_allclose(np.median(scaled, axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(scaler.inverse_transform(scaled), rows, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(rows, before)
    assert scaler.transform(rows, dtype=np.float64)[0].dtype == np.float64


def redundant_rows():
    rows = normal_rows()
    constant, zero = np.full(200, 1e9), np.zeros(200)
    return np.column_stack([rows[:, 0], constant, rows[:, 1], rows[:, 0], zero, rows[:, 1]])


def test_constants_and_copies_are_left_out_and_restored():
    rows = redundant_rows()
    with pytest.warns(DataWarning) as caught:
        scaler = TableScaler.fit(rows, label="abcdef".__getitem__)
    messages = " ".join(str(w.message) for w in caught)
    assert "constant and left out of the density: b, e" in messages
    assert "d (equals a), f (equals c)" in messages
    assert (scaler.n_columns, scaler.n_kept) == (6, 2)
    scaled, log_det = scaler.transform(rows)
    back = scaler.inverse_transform(scaled)
    np.testing.assert_allclose(back, rows, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(back[:, [1, 4]], rows[:, [1, 4]])
    np.testing.assert_array_equal(back[:, [0, 2]], back[:, [3, 5]])
    kept_alone = TableScaler.fit(rows[:, [0, 2]]).transform(rows[:, [0, 2]])
    np.testing.assert_array_equal(scaled, kept_alone[0])
    np.testing.assert_array_equal(log_det, kept_alone[1])


def test_a_departing_row_loses_a_million_nats_a_column():
    rows = redundant_rows()
    scaler = TableScaler.fit(rows, warn=False)
    moved = rows[:5].copy()
    moved[1, 1] *= 1 + 5e-7
    moved[2, 1] *= 1 + 5e-6
    moved[3, 3] += 1.0
    moved[4, 1:] = [LARGE, moved[4, 2], -LARGE, 1e-9, 0.0]
    lost = scaler.transform(moved)[1] - scaler.transform(rows[:5])[1]
    np.testing.assert_allclose(lost, [0, 0, -1e6, -1e6, -4e6], atol=1e-6)


def test_scales_come_from_the_training_rows_alone():
    rows = np.column_stack([np.arange(40.0), np.repeat([0.0, 2.0], 20), np.repeat([1.0, 3.0], 20)])
    rows[::2, 1] += 0.25
    scaler = TableScaler.fit(rows, training=np.arange(20))
    assert scaler.n_kept == 3
    np.testing.assert_array_equal(scaler.centre, np.median(rows[:20], axis=0))
    np.testing.assert_array_equal(scaler.scale[:2], robust_centre_and_scale(rows[:20])[1][:2])
    np.testing.assert_array_equal(scaler.scale[2], robust_centre_and_scale(rows)[1][2])


def test_tables_without_a_density_are_refused():
    with pytest.raises(DataError, match="n_samples=1"):
        TableScaler.fit(np.ones((1, 2)))
    with pytest.raises(DataError, match="all columns are constant"):
        TableScaler.fit(np.ones((5, 2)))
    with pytest.warns(DataWarning, match="3 rows are fewer than the 4 columns"):
        TableScaler.fit(np.random.default_rng(0).normal(size=(3, 4)))
    with pytest.raises(ShapeError, match=r"\(n, 3\)"):
        TableScaler.fit(normal_rows()).transform(np.ones((5, 2)))


def test_so_few_rows_that_they_tell_nothing_are_warned_of():
    rows = np.random.default_rng(0).normal(size=(10, 2))
    TableScaler.fit(rows)
    for n in (2, 9):
        with pytest.warns(DataWarning, match=f"^{n} rows tell next to nothing") as caught:
            TableScaler.fit(rows[:n])
        assert len(caught) == 1


def test_arrays_describe_the_scaler_in_full():
    rows = redundant_rows()
    scaler = TableScaler.fit(rows, warn=False)
    again = TableScaler.from_arrays(scaler.to_arrays())
    for one, other in zip(scaler.transform(rows), again.transform(rows), strict=True):
        np.testing.assert_array_equal(one, other)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again.transform(rows)
