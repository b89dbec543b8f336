"""Labelled tables: rows and which class they are of."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

MINIBOONE = Path("miniboone") / "MiniBooNE_PID.txt"
"""Where the whole table of UCI is looked for among the tables."""

N_COLUMNS = 50
MISSING = -999.0


class Labelled(NamedTuple):
    """Rows (n, D), float64, and their classes (n,), 0 or 1."""

    rows: np.ndarray
    labels: np.ndarray

    def take(self, places: np.ndarray) -> "Labelled":
        """Return the rows at these places."""
        return Labelled(self.rows[places], self.labels[places])


def read_miniboone(path: Path) -> Labelled:
    """Read UCI's MiniBooNE: signal is class 1, background class 0.

    The first line holds the counts of signal and background, then come their rows in that order,
    50 numbers each. Rows that hold -999, which stands for missing, are left out.

    Raises:
        ValueError: where the counts are no two numbers, or the rows are not as many, or not of 50
            columns.
    """
    with path.open() as lines:
        counts = lines.readline().split()
        try:
            n_signal, n_background = map(int, counts)
        except ValueError:
            raise ValueError(
                f"{path}: the first line must hold two counts, but is {' '.join(counts)!r}"
            ) from None
        rows = np.loadtxt(lines, dtype=np.float64, ndmin=2)
    if rows.shape != (n_signal + n_background, N_COLUMNS):
        raise ValueError(
            f"{path}: {n_signal} and {n_background} rows of {N_COLUMNS} columns are told, "
            f"but the rows have shape {rows.shape}"
        )
    labels = (np.arange(len(rows)) < n_signal).astype(int)
    complete = (rows != MISSING).all(axis=1)
    return Labelled(rows[complete], labels[complete])


def read_labelled(name: str, data: Path) -> Labelled:
    """Read "miniboone", or a table of adbench by its name, whose anomalies are class 1."""
    if name == "miniboone":
        return read_miniboone(data / MINIBOONE)
    with np.load(data / "adbench" / f"{name}.npz") as table:
        return Labelled(table["X"].astype(np.float64), table["y"].astype(int))


def balanced(table: Labelled, rng: np.random.Generator) -> Labelled:
    """Return as many rows of each class, drawn at random."""
    of_classes = [rng.permutation(np.flatnonzero(table.labels == k)) for k in (0, 1)]
    size = min(map(len, of_classes))
    return table.take(rng.permutation(np.concatenate([places[:size] for places in of_classes])))


def split(table: Labelled, share: float, rng: np.random.Generator) -> tuple[Labelled, Labelled]:
    """Return a share of each class for training and the rest for tests, in no order."""
    training, test = [], []
    for k in (0, 1):
        places = rng.permutation(np.flatnonzero(table.labels == k))
        size = round(share * len(places))
        training.append(places[:size])
        test.append(places[size:])
    first, second = (rng.permutation(np.concatenate(places)) for places in (training, test))
    return table.take(first), table.take(second)
