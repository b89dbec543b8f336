"""The tables: training rows that are normal, and labelled rows to rank."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

MOST_ROWS = 10_000
"""Rows of a table of adbench at most, drawn at random."""

GROUPS = ("oddbench", "adbench")


class Table(NamedTuple):
    """A table of a group: normal rows to fit to, rows to rank, and which of these are anomalies."""

    group: str
    name: str
    train: np.ndarray
    test: np.ndarray
    is_anomaly: np.ndarray


def tables(data: Path, groups: tuple[str, ...] = GROUPS) -> Iterator[Table]:
    """Yield the tables of some groups."""
    for group in groups:
        for path in sorted((data / group).glob("*.npz")):
            with np.load(path) as file:
                arrays = {name: file[name] for name in file.files}
            yield read(group, path.stem, arrays)


def read(group: str, name: str, arrays: dict[str, np.ndarray]) -> Table:
    """Return a table: of oddbench as its authors split it, of adbench by a fixed seed.

    Half of the normal rows of adbench train; the others and all anomalies are ranked.
    """
    if "X_train" in arrays:
        parts = [arrays["X_train"], arrays["X_test"]]
        is_anomaly = arrays["y_test"] == 1
        return Table(group, name, *(part.astype(np.float64) for part in parts), is_anomaly)
    rows, labels = arrays["X"].astype(np.float64), arrays["y"] == 1
    rng = np.random.default_rng(0)
    some = rng.permutation(len(rows))[:MOST_ROWS]
    rows, labels = rows[some], labels[some]
    normal = rng.permutation(np.flatnonzero(~labels))
    half = len(normal) // 2
    ranked = np.concatenate([normal[half:], np.flatnonzero(labels)])
    return Table(group, name, rows[normal[:half]], rows[ranked], labels[ranked])
