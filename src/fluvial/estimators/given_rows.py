"""The rows that a fitted density was given, read again."""

import numpy as np

from fluvial.estimators.density import FlowDensity
from fluvial.tables import read_table
from fluvial.weights import counted_rows


def given_rows(density: FlowDensity, X, sample_weight) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows (n, D) given to fit, and which of them have a weight, (n,) of bool.

    Args:
        density: what was fitted.
        X: the table given to it.
        sample_weight: the weights given to it, or None. Rows of weight zero may hold anything.
    """
    if sample_weight is None:
        matrix = density.schema_.align(X, owner=type(density).__name__)
        return matrix, np.ones(len(matrix), bool)
    matrix, _ = read_table(X, sample_weight=sample_weight)
    return matrix, counted_rows(sample_weight, len(matrix))
