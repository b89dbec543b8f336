"""How well strangeness ranks anomalies before normal rows."""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score


class Measures(NamedTuple):
    """Area under the ROC curve, average precision, and F1 where as many rows are flagged as are
    anomalies."""

    auroc: float
    average_precision: float
    f1: float


def measured(strangeness: np.ndarray, is_anomaly: np.ndarray) -> Measures:
    """Return the measures; what is not finite counts as the strangest of all."""
    largest = np.finfo(np.float64).max
    scores = np.nan_to_num(strangeness, nan=largest, posinf=largest, neginf=-largest)
    number = int(is_anomaly.sum())
    flagged = np.argsort(-scores, kind="stable")[:number]
    # As many are flagged as are anomalies, so that precision, recall and F1 are one number.
    return Measures(
        float(roc_auc_score(is_anomaly, scores)),
        float(average_precision_score(is_anomaly, scores)),
        float(is_anomaly[flagged].mean()),
    )
