"""The demo's data: scikit-learn's breast-cancer table, split for one-class learning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import average_precision_score, roc_auc_score

from fluvial.files.table_output import write_table

_BENIGN = 1  # in load_breast_cancer().target
_SPLIT_SEED = 0


@dataclass(frozen=True)
class Scored:
    """What `fluvial score` wrote: `(n,)` log densities and flags, and the threshold behind them."""

    log_prob: np.ndarray
    is_anomaly: np.ndarray
    threshold: float


@dataclass(frozen=True)
class DemoTable:
    """Tumours of one-class learning: benign ones to fit, the rest to score.

    Args:
        names: of the 30 measurements.
        train: `(n, 30)`, two thirds of the benign rows.
        rest: `(m, 30)`, the other benign rows, then all malignant ones.
        is_malignant: `(m,)`, of the rest.
    """

    names: list[str]
    train: np.ndarray
    rest: np.ndarray
    is_malignant: np.ndarray

    def describe(self) -> str:
        """Tell what is fitted and what is scored."""
        n_malignant = int(self.is_malignant.sum())
        return (
            f"Breast-cancer table, {len(self.names)} measurements of a tumour each: fitting"
            f" {len(self.train)} benign rows, scoring {len(self.rest) - n_malignant} benign and"
            f" {n_malignant} malignant ones."
        )

    def write(self, train: Path, rest: Path) -> None:
        """Write both parts as tables, with a column `diagnosis` that no model may see."""
        write_table(self._labelled(self.train, np.zeros(len(self.train), bool)), train)
        write_table(self._labelled(self.rest, self.is_malignant), rest)

    def quality(self, log_prob: np.ndarray) -> tuple[float, float]:
        """AUROC and average precision of low log densities for malignant rows."""
        auroc = roc_auc_score(self.is_malignant, -log_prob)
        return float(auroc), float(average_precision_score(self.is_malignant, -log_prob))

    def read_scored(self, path: Path) -> Scored:
        """Read what the command line wrote."""
        table = arrow_csv.read_csv(path)
        log_prob, decision, is_anomaly = (
            table.column(name).to_numpy() for name in ("log_prob", "decision", "is_anomaly")
        )
        return Scored(log_prob, is_anomaly, float(np.median(log_prob - decision)))

    def columns_of(self, path: Path, names: Sequence[str]) -> np.ndarray:
        """Read some columns of a CSV file as `(n, len(names))`."""
        table = arrow_csv.read_csv(path)
        return np.stack([table.column(name).to_numpy() for name in names], axis=-1)

    def _labelled(self, rows: np.ndarray, is_malignant: np.ndarray) -> pa.Table:
        diagnosis = np.where(is_malignant, "malignant", "benign")
        return pa.table([*rows.T, diagnosis], names=[*self.names, "diagnosis"])


def load_demo_table() -> DemoTable:
    """Split the table: two thirds of the benign rows, drawn with a fixed seed, are to be fitted."""
    data: Any = load_breast_cancer()
    benign = np.flatnonzero(data.target == _BENIGN)
    malignant = np.flatnonzero(data.target != _BENIGN)
    shuffled = np.random.default_rng(_SPLIT_SEED).permutation(benign)
    n_train = 2 * len(benign) // 3
    unseen = np.sort(shuffled[n_train:])
    rest = np.concatenate([unseen, malignant])
    return DemoTable(
        names=[str(name) for name in data.feature_names],
        train=data.data[np.sort(shuffled[:n_train])],
        rest=data.data[rest],
        is_malignant=np.isin(rest, malignant),
    )
