"""Odd days of New York's taxis, as windows of a day: `python -m benchmarks.anomaly.taxi`.

The half-hourly counts of nyc_taxi.csv in windows of 48. For detectors fitted to all windows and to
those before the first labelled stretch: how many false alarms it takes until all five stretches are
among the alarms. Alarms that are no more than a day apart are one.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import pyarrow.csv

from fluvial import FlowAnomalyDetector
from fluvial.tables import sliding_windows

WINDOW = 48
STRETCHES = np.array(
    [
        ["2014-10-30T15:30", "2014-11-03T22:30"],
        ["2014-11-25T12:00", "2014-11-29T19:00"],
        ["2014-12-23T11:30", "2014-12-27T18:30"],
        ["2014-12-29T21:30", "2015-01-03T04:30"],
        ["2015-01-24T20:30", "2015-01-29T03:30"],
    ],
    dtype="datetime64[m]",
)


def false_alarms(scores: np.ndarray, ends: np.ndarray, n_found: int) -> list[str]:
    """Return when each false alarm begins, at the threshold that finds some stretches.

    Args:
        scores: `(n,)`, of windows.
        ends: `(n,)`, the times of their last rows.
        n_found: stretches that must be among the alarms.
    """
    inside = [(first <= ends) & (ends <= last) for first, last in STRETCHES]
    threshold = np.sort([scores[stretch].min() for stretch in inside])[n_found - 1]
    places = np.flatnonzero((scores <= threshold) & ~np.any(inside, axis=0))
    begins = np.diff(places, prepend=-2 * WINDOW) > WINDOW
    return [str(ends[place]) for place in places[begins]]


def main() -> None:
    """Print the false alarms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of nyc_taxi.csv")
    arguments = parser.parse_args()
    table = pyarrow.csv.read_csv(arguments.data / "nyc_taxi.csv")
    ends = table["timestamp"].to_numpy().astype("datetime64[m]")[WINDOW - 1 :]
    windows = sliding_windows(table.select(["value"]), WINDOW)
    n_before = int(np.searchsorted(ends, STRETCHES[0, 0]))
    for name, rows in (("all windows", windows), ("those before", windows.slice(0, n_before))):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            detector = FlowAnomalyDetector(random_state=0).fit(rows)
        scores = {
            "score": detector.score_samples(windows),
            "log density": detector.density_.score_samples(windows),
        }
        for kind, values in scores.items():
            for n_found in (5, 4):
                alarms = false_alarms(values, ends, n_found)
                told = ", ".join(alarms) or "none"
                print(f"fitted to {name}, {kind}: {n_found} of 5 at {len(alarms)} ({told})")


if __name__ == "__main__":
    main()
