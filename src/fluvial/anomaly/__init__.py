"""From scores to decisions: thresholds and their cost, p-values, drift and reasons."""

from fluvial.anomaly.calibration import Calibration as Calibration, flag as flag
from fluvial.anomaly.choosing import choose_by_cost as choose_by_cost
from fluvial.anomaly.cost_model import CostModel as CostModel
from fluvial.anomaly.drift import Drift as Drift, find_drift as find_drift
from fluvial.anomaly.evaluation import Evaluation as Evaluation, evaluate as evaluate
from fluvial.anomaly.reasons import Explainer as Explainer, Explanation as Explanation
from fluvial.anomaly.setting import Threshold as Threshold
from fluvial.anomaly.tail import tail_threshold as tail_threshold
from fluvial.anomaly.threshold import (
    check_contamination as check_contamination,
    choose_threshold as choose_threshold,
)
