"""What is known of the rows given to fit: which of them are anomalies."""

from typing import Any

import numpy as np

from fluvial.errors import DataError, ShapeError
from fluvial.tables.source import Source

SIGNS = (-1, 0, 1)
"""An anomaly, unknown, normal."""


def known_anomalies(y: Any, sample_weight: Any, X: Any) -> tuple[np.ndarray | None, Any]:
    """Return which rows are known anomalies, `(n,)` of bool, and the weights without them.

    Args:
        y: `(n,)` or `(n, 1)`, 1 for normal rows, -1 for anomalies, 0 or a missing value for unknown
            ones. Labels with other values and without anomalies tell nothing.
        sample_weight: `(n,)`, or None.
        X: the rows.

    Returns:
        None and the weights as they are, where nothing is known.

    Raises:
        DataError: where all rows are anomalies.
        ShapeError: where there is not one label a row.

    Examples:
        >>> known_anomalies([1, -1, 0], None, np.ones((3, 2)))
        (array([False,  True, False]), array([1., 0., 1.]))
    """
    labels = _numbers(y)
    if labels is None or not np.isin(labels, SIGNS).all():
        return None, sample_weight
    is_known = labels == -1
    if not is_known.any():
        return None, sample_weight
    n_rows = Source.of(X).n_rows
    if len(labels) != n_rows:
        raise ShapeError(f"there are {len(labels)} labels y for {n_rows} rows; give one for each")
    if is_known.all():
        raise DataError("all rows are labelled as anomalies (-1): there are none to learn from")
    weights = np.ones(len(labels)) if sample_weight is None else np.array(sample_weight, float)
    if weights.shape == labels.shape:  # else the fit refuses them
        weights[is_known] = 0.0
    return is_known, weights


def _numbers(y: Any) -> np.ndarray | None:
    """Return labels as numbers `(n,)`, missing ones as 0; None where they are others."""
    if y is None:
        return None
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "iufO":
        return None
    if labels.dtype.kind == "O":
        if any(isinstance(label, str) for label in labels):
            return None
        try:
            labels = np.array([0.0 if _is_missing(label) else float(label) for label in labels])
        except (TypeError, ValueError):
            return None
    return np.where(np.isnan(labels), 0, labels)


def _is_missing(label: Any) -> bool:
    # pandas' mark is found by its name: pandas need not be there.
    return label is None or type(label).__name__ == "NAType"
