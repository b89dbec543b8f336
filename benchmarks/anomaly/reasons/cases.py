"""Rows with anomalies of known cause, and the score that found them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.mixture import GaussianMixture

KINDS = {1: "one column", 2: "two columns", 3: "broken relation"}
N_EACH = 25
"""Anomalous rows of each kind and table, all of which the score finds."""


@dataclass(frozen=True)
class MixtureScore:
    """The log density of a Gaussian mixture on standardised columns; higher is more normal.

    Attributes:
        mixture: the fitted `GaussianMixture`.
        mean: of the columns `(D,)`.
        width: their standard deviations `(D,)`.
    """

    mixture: Any
    mean: np.ndarray
    width: np.ndarray

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        return self.mixture.score_samples(self.standardised(rows))

    def standardised(self, rows: np.ndarray) -> np.ndarray:
        """Return rows `(n, D)` in standard deviations of the training rows."""
        return (rows - self.mean) / self.width


@dataclass(frozen=True)
class Case:
    """Anomalies of one kind in one table.

    Attributes:
        table: its name.
        kind: a key of `KINDS`.
        score: what found the anomalies.
        train: `(n, D)`, the rows that it was fitted to.
        normal: `(m, D)`, others that it finds normal.
        threshold: below which a row is an alarm.
        rows: `(A, D)`, the anomalies.
        causes: of each row, the columns that were changed.
    """

    table: str
    kind: int
    score: MixtureScore
    train: np.ndarray
    normal: np.ndarray
    threshold: float
    rows: np.ndarray
    causes: list[set[int]]


def cases() -> Iterator[Case]:
    """Yield the cases of all tables."""
    for name, rows in tables():
        shuffled = np.random.default_rng(9).permutation(rows)
        train, normal, new = np.split(shuffled, [len(rows) // 2, 3 * len(rows) // 4])
        mean, width = train.mean(axis=0), train.std(axis=0)
        mixture = GaussianMixture(3, random_state=0, reg_covar=1e-3).fit((train - mean) / width)
        score = MixtureScore(mixture, mean, width)
        scores = score(normal)
        threshold = float(np.quantile(scores, 0.01))
        rng = np.random.default_rng(1)
        for kind in KINDS:
            found = list(_found(score, threshold, new, kind, rng))
            anomalies, causes = np.stack([row for row, _ in found]), [cause for _, cause in found]
            kept = normal[scores >= threshold]
            yield Case(name, kind, score, train, kept, threshold, anomalies, causes)


def tables() -> Iterator[tuple[str, np.ndarray]]:
    """Yield tables of normal rows."""
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(10, 3))
    yield "factors", rng.normal(size=(2000, 3)) @ factors.T + 0.5 * rng.normal(size=(2000, 10))
    rows = rng.gamma(2, size=(2000, 6))
    rows[:, 3] = rows[:, 0] * rows[:, 1] + 0.1 * rng.normal(size=2000)
    rows[:, 5] = np.sin(rows[:, 2]) + 0.1 * rng.normal(size=2000)
    yield "curved", rows
    centres = np.array([[0] * 8, [4, -4] * 4, [-4, 4, 4, -4] * 2])
    yield "clusters", 0.6 * rng.normal(size=(2000, 8)) + centres[rng.integers(0, 3, 2000)]
    data: Any = load_breast_cancer()
    yield "cancer", data.data[data.target == 1]


def _found(
    score: MixtureScore, threshold: float, rows: np.ndarray, kind: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, set[int]]]:
    """Yield rows with an anomaly that the score finds, and the columns that are its cause."""
    n_found = 0
    while n_found < N_EACH:
        row, causes = _injected(rows, kind, rng, score.width)
        if score(row[None])[0] < threshold:
            n_found += 1
            yield row, causes


def _injected(
    rows: np.ndarray, kind: int, rng: np.random.Generator, widths: np.ndarray
) -> tuple[np.ndarray, set[int]]:
    row = rows[rng.integers(len(rows))].copy()
    columns = rng.choice(len(row), 2 if kind == 2 else 1, replace=False)
    for j in columns:
        shift = rng.choice([-1, 1]) * rng.uniform(3, 6) * widths[j]
        row[j] = rows[rng.integers(len(rows)), j] if kind == 3 else row[j] + shift
    return row, set(columns.tolist())
