"""What is known of the rows given to fit: which of them are anomalies."""

from typing import Any

import numpy as np

from fluvial.errors import DataError

SIGNS = (-1, 0, 1)
"""An anomaly, unknown, normal."""


def known_anomalies(y: Any, sample_weight: Any) -> tuple[np.ndarray | None, Any]:
    """Return which rows are known anomalies, `(n,)` of bool, and the weights without them.

    Args:
        y: `(n,)`, 1 for normal rows, -1 for anomalies, 0 for unknown ones. Labels with other values
            and without anomalies tell nothing.
        sample_weight: `(n,)`, or None.

    Returns:
        None and the weights as they are, where nothing is known.

    Raises:
        DataError: where all rows are anomalies, or there is not one label a row.

    Examples:
        >>> known_anomalies([1, -1, 0], None)
        (array([False,  True, False]), array([1., 0., 1.]))
    """
    if y is None:
        return None, sample_weight
    labels = np.asarray(y)
    if labels.ndim != 1 or labels.dtype.kind not in "iuf" or not np.isin(labels, SIGNS).all():
        return None, sample_weight
    is_known = labels == -1
    if not is_known.any():
        return None, sample_weight
    if is_known.all():
        raise DataError("all rows are labelled as anomalies (-1): there are none to learn from")
    weights = np.ones(len(labels)) if sample_weight is None else np.array(sample_weight, float)
    if weights.shape != labels.shape:
        raise DataError(f"{len(labels)} labels y and {len(weights)} weights are not of equal rows")
    weights[is_known] = 0.0
    return is_known, weights
