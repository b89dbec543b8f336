"""From densities to decisions: the threshold below which a row counts as an anomaly."""

from fluvial.anomaly.threshold import (
    check_contamination as check_contamination,
    choose_threshold as choose_threshold,
)
