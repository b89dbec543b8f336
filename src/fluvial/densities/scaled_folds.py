"""The rows of folds as densities are fitted to them: scaled, with noise, weights and conditions."""

from collections.abc import Sequence

import numpy as np

from fluvial.densities.folds import Fold, FoldRows, training_rows
from fluvial.tables import TableScaler
from fluvial.tables.dequantization import dequantised


def scaled_folds(
    folds: Sequence[Fold],
    matrix: np.ndarray,
    rows: np.ndarray,
    scaler: TableScaler,
    steps: np.ndarray,
    rng: np.random.RandomState,
) -> list[FoldRows]:
    """Return the scaled rows of each fold.

    Args:
        folds: places in the table.
        matrix: the table (n, D).
        rows: the scaled rows (m, D') of all places that some fold is fitted to, with their noise.
        scaler: from rows to scaled rows.
        steps: width (D,) of the noise of each column.
        rng: draws the noise of the held-out rows.
    """
    places = training_rows(folds)
    scaled = []
    for fold in folds:
        of_fold = rows
        if len(fold.training) < len(places):
            of_fold = rows[np.searchsorted(places, fold.training)]
        if not len(fold.held_out):
            scaled.append(FoldRows(of_fold, None))
            continue
        plain, _ = scaler.transform(matrix[fold.held_out], dtype=rows.dtype)
        if not steps.any():
            scaled.append(FoldRows(of_fold, plain))
            continue
        noisy = dequantised(matrix[fold.held_out], steps, rng)
        held_out, _ = scaler.transform(noisy, dtype=rows.dtype)
        scaled.append(FoldRows(of_fold, held_out, plain))
    return scaled


def with_weights(
    rows: Sequence[FoldRows], folds: Sequence[Fold], weights: np.ndarray | None
) -> list[FoldRows]:
    """Return the rows of each fold with their weights, given those (n,) of all rows."""
    if weights is None:
        return list(rows)
    return [
        of_fold._replace(
            weights=weights[fold.training],
            held_out_weights=None if of_fold.held_out is None else weights[fold.held_out],
        )
        for of_fold, fold in zip(rows, folds, strict=True)
    ]


def with_conditions(
    rows: Sequence[FoldRows], folds: Sequence[Fold], condition: np.ndarray
) -> list[FoldRows]:
    """Return the rows of each fold with their conditions, given those (n, C) of all rows."""
    return [
        of_fold._replace(
            condition=condition[fold.training],
            held_out_condition=None if of_fold.held_out is None else condition[fold.held_out],
        )
        for of_fold, fold in zip(rows, folds, strict=True)
    ]
