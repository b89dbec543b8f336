"""Times: their forms, their order, and seconds from the first of them."""

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest

from fluvial.anomaly.times import checked_times, times_of
from fluvial.errors import DataError

FIVE_MINUTES = np.array(["2020-01-01T00:00", "2020-01-01T00:05"], "datetime64[m]")
ZONED = pd.DatetimeIndex(FIVE_MINUTES.astype("datetime64[ns]")).tz_localize("Europe/Berlin")
EAST = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    "times",
    [
        FIVE_MINUTES,
        FIVE_MINUTES.astype("datetime64[ns]"),
        pd.Series(FIVE_MINUTES.astype("datetime64[us]")),
        ZONED,
        pd.Series(ZONED),
        list(ZONED),
        [datetime(2020, 1, 1, 0, 0), datetime(2020, 1, 1, 0, 5)],
        [datetime(2020, 1, 1, 0, 0, tzinfo=UTC), datetime(2020, 1, 1, 1, 5, tzinfo=EAST)],
        [np.datetime64("2020-01-01T00:00"), np.datetime64("2020-01-01T00:05:00")],
        [timedelta(0), timedelta(minutes=5)],
        pd.to_timedelta([0, 300], unit="s"),
        [pd.Timedelta(0), pd.Timedelta(minutes=5)],
        np.array([0, 5], "timedelta64[m]"),
        [10, 310],
        np.array([10.0, 310.0], np.float32),
    ],
    ids=str,
)
def test_every_form_counts_in_seconds(times):
    assert np.diff(checked_times(times, 2)).tolist() == [300.0]


def test_days_and_months_are_dates_too():
    assert np.diff(checked_times([date(2020, 1, 1), date(2020, 1, 2)], 2)) == 86400
    assert np.diff(checked_times(np.array(["2020-01", "2020-02"], "M8[M]"), 2)) == 31 * 86400
    far = np.array(["0001-01-01", "9999-01-01"], "datetime64[D]")
    assert np.diff(checked_times(far, 2)) == np.diff(far).astype(int) * 86400


def test_zones_become_universal_time():
    expected = FIVE_MINUTES - np.timedelta64(1, "h")
    for times in (ZONED, pd.Series(ZONED), list(ZONED)):
        np.testing.assert_array_equal(times_of(times), expected)


def test_distances_of_dates_and_whole_numbers_are_exact():
    steps = np.arange(200)
    dates = np.datetime64("2026-01-01T00:00:00.000000001") + steps * np.timedelta64(100, "ms")
    np.testing.assert_array_equal(checked_times(dates, 200), steps * 100 / 1000)
    nanoseconds = dates.astype(np.int64)  # which float64 does not hold
    np.testing.assert_array_equal(checked_times(nanoseconds, 200), steps * 1e8)
    ends = np.array([np.iinfo(np.int64).min, np.iinfo(np.int64).max])
    assert checked_times(ends, 2).tolist() == [0.0, 2.0**64]


def test_no_times_are_no_trouble():
    for times in (None, [], np.array([], "datetime64[s]"), np.array([], int)):
        assert checked_times(times, 0).tolist() == []


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([0.0, 2.0, 1.0], "time goes back at row 2"),
        (np.array([5, 7, 6], np.uint8), "time goes back at row 2"),
        ([0.0, np.nan, 1.0], "time of row 1 is missing"),
        ([0.0, 1.0], r"3 rows need as many times, not \(2,\)"),
        (np.array(["2020-01-01", "NaT", "2020-01-02"], "datetime64[D]"), "time of row 1"),
        ([datetime(2020, 1, 1), None, datetime(2020, 1, 1)], "time of row 1"),
        ([pd.Timestamp("2020-01-01", tz="UTC"), pd.NaT, pd.NaT], "time of row 1"),
        ([timedelta(0), timedelta(1), timedelta(0)], "time goes back at row 2"),
        ([timedelta(0), None, timedelta(0)], "time of row 1"),
        (["a", "b", "c"], "numbers or dates"),
        ([True, False, True], "numbers or dates"),
        ([datetime(2020, 1, 1), timedelta(0), 3], "numbers or dates"),
        ([datetime(2020, 1, 1), datetime(2020, 1, 2, tzinfo=UTC), None], "some times have a zone"),
    ],
)
def test_times_that_are_no_order_are_refused(times, message):
    with pytest.raises(DataError, match=message):
        checked_times(times, 3)
