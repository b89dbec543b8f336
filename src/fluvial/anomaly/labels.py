"""Which rows are anomalies, by their labels and by stretches of them in time."""

from typing import Any, NamedTuple

import numpy as np

from fluvial.errors import DataError, RowError, told


class Stretch(NamedTuple):
    """Anomalous rows that follow each other, from `start` to before `stop`."""

    start: int
    stop: int


def anomalous(y: Any, n_rows: int, *, both: bool = True) -> np.ndarray:
    """Return which rows are anomalies.

    Args:
        y: one label a row: 0 or False for normal rows, anything else for anomalies (1, True, the
            number of a kind); or scikit-learn's signs, 1 for normal rows and -1 for anomalies.
        n_rows: how many there must be.
        both: whether there must be rows of either class.

    Returns:
        `(n_rows,)` of truth values.

    Raises:
        DataError: where labels are missing, of another number, no numbers, or of one class alone.

    Examples:
        >>> anomalous([0, 2, 0], 3), anomalous([1, -1, 1], 3)
        (array([False,  True, False]), array([False,  True, False]))
    """
    if y is None:
        raise DataError("labels are needed: y tells which rows are anomalies")
    try:
        labels = np.asarray(y)
    except ValueError as error:  # of rows that differ in length
        raise DataError(f"labels must be one number a row, not {told(y)}") from error
    if labels.shape != (n_rows,):
        raise DataError(f"{n_rows} rows need labels of shape ({n_rows},), not {labels.shape}")
    if labels.dtype.kind not in "biuf":
        raise DataError(f"labels must be numbers or truth values, not {labels.dtype}: {told(y)}")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        row = int(np.flatnonzero(~np.isfinite(labels))[0])
        raise RowError("the label of {row} is missing or not finite; label it or drop it", row)
    found = labels < 0 if (labels < 0).any() else labels != 0
    if (labels < 0).any() and (labels == 0).any():
        row = int(np.flatnonzero(labels == 0)[0])
        raise RowError("{row} has the label 0, which is neither 1 nor -1; leave it out", row)
    if both and (found.all() or not found.any()):
        kind = "anomalies" if found.any() else "normal"
        raise DataError(f"all {n_rows} labelled rows are {kind}; both kinds are needed")
    return found


def stretches(is_anomaly: np.ndarray) -> list[Stretch]:
    """Return the stretches of anomalous rows `(n,)`, in their order.

    Examples:
        >>> stretches(np.array([False, True, True, False, True]))
        [Stretch(start=1, stop=3), Stretch(start=4, stop=5)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_anomaly, [False]]).astype(int)))
    return [Stretch(*pair) for pair in edges.reshape(-1, 2).tolist()]
