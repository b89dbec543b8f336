"""Real tables: their continuous columns, de-rounded, split 80/10/10."""

from pathlib import Path

import numpy as np
from benchmarks.density.sets.base import DataSet, Rows

FEWEST_VALUES = 50
"""A column with fewer different values is not continuous."""

TOO_ALIKE = 0.98
"""A column correlated more than this with an earlier one is left out."""

LEAST_STEP = 1e-3
"""Least width of the noise on repeated values, in standard deviations: of a column with point
masses and otherwise real numbers, the smallest gap may be that of the numbers' own precision."""

MOST_TRAINING_ROWS = 20_000

UCI = (
    "airfoil",
    "bike",
    "concrete",
    "elevators",
    "kin40k",
    "parkinsons",
    "protein",
    "pumadyn32nm",
    "skillcraft",
    "wine",
)
"""The others keep fewer than two columns."""

ADBENCH = (
    "Ionosphere",
    "Pima",
    "WDBC",
    "Wilt",
    "annthyroid",
    "cardio",
    "glass",
    "mammography",
    "musk",
    "pendigits",
    "satellite",
    "shuttle",
    "vowels",
    "yeast",
)
"""Their normal rows. The others keep fewer than two columns or 200 rows; thyroid is annthyroid."""


def from_table(path: Path) -> Rows:
    """Read a table of the members "X" and perhaps "y", whose rows other than 0 are left out."""
    with np.load(path) as table:
        matrix = table["X"].astype(np.float64)
        if "y" in table:
            matrix = matrix[table["y"] == 0]
    rng = np.random.default_rng(0)
    matrix = deround(matrix[:, continuous_columns(matrix)], rng)
    matrix = matrix[rng.permutation(len(matrix))]
    tenth = len(matrix) // 10
    test, validation, train = np.split(matrix, [tenth, 2 * tenth])
    return Rows(train[:MOST_TRAINING_ROWS], validation, test)


def continuous_columns(matrix: np.ndarray) -> list[int]:
    """Return the columns with at least 50 different values that are no near copies of others."""
    many = [j for j, column in enumerate(matrix.T) if len(np.unique(column)) >= FEWEST_VALUES]
    correlation = np.abs(np.atleast_2d(np.corrcoef(matrix[:, many].T)))
    kept: list[int] = []
    for j in range(len(many)):
        if not any(correlation[j, k] > TOO_ALIKE for k in kept):
            kept.append(j)
    return [many[j] for j in kept]


def deround(matrix: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add uniform noise, as wide as its smallest gap, to each column whose values repeat."""
    out = matrix.copy()
    for j, column in enumerate(matrix.T):
        values = np.unique(column)
        if len(values) < len(column):
            step = max(np.diff(values).min(), LEAST_STEP * column.std())
            out[:, j] += step * rng.uniform(-0.5, 0.5, len(column))
    return out


def miniboone(folder: Path) -> Rows:
    """Read the three parts of MiniBooNE as they are."""
    parts = (np.load(folder / f"{name}.npy") for name in ("train_subset", "val", "test"))
    return Rows(*(part.astype(np.float64) for part in parts))


def _table(folder: str, name: str) -> DataSet:
    path = f"{folder}/{name}.npz"
    return DataSet(name.lower(), "real", lambda data: from_table(data / path), path)


REAL = (
    *(_table("uci", name) for name in UCI),
    DataSet("miniboone", "real", lambda data: miniboone(data / "miniboone"), "miniboone"),
    *(_table("adbench", name) for name in ADBENCH),
)
